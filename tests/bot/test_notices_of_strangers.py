"""Whose first words the admins hear of, and how many at most."""

import asyncio

from ports.people import Role
from tests.build.conversation import a_conversation
from tests.build.people import a_person
from tests.build.stores import MemoryFacts
from tests.build.telegram import GROUP, SAM, TOM, VERA


class SlowFacts(MemoryFacts):
    """A database: each answer takes a moment, in which others are served."""

    async def put_if_absent(self, name: str, value: str) -> bool:
        await asyncio.sleep(0)
        return await super().put_if_absent(name, value)


async def test_members_of_a_group_that_is_not_ours_are_nobodys_news() -> None:
    async with a_conversation(a_person(VERA, role=Role.ADMIN), admin_chat=None) as at:
        await at.say(TOM, "/price btc", chat=GROUP)
        assert at.desk.stores.outbox.pushes == []

        await at.say(TOM, "/price btc")
        assert len(at.desk.stores.outbox.pushes) == 1


async def test_strangers_who_come_together_do_not_break_the_budget() -> None:
    async with a_conversation() as at:
        at.desk.services.people.facts = SlowFacts()
        for number in range(30):
            await at.telegram.post("/users", name=f"Stranger{number}", id=5000 + number)
            await at.telegram.say(5000 + number, "hello")
        updates = await at.telegram.updates()

        await asyncio.gather(
            *(at.dispatcher.feed_update(at.telegram.bot, update, is_late=False) for update in updates)
        )

        assert len(at.desk.stores.outbox.pushes) == 20


async def test_a_stranger_who_goes_on_writing_uses_up_nothing() -> None:
    async with a_conversation() as at:
        for _ in range(30):
            await at.say(SAM, "hello?")
        await at.telegram.post("/users", name="Next", id=5000)
        await at.telegram.say(5000, "hello")
        await at.listen()

        assert ["Sam" in one["text"] for one in await at.heard(GROUP)] == [True, False]
