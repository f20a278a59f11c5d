"""The claim code works once, whoever comes at the same moment."""

import asyncio

from ports.people import Facts, Person, Role
from services.people import People
from tests.build.clock import HandClock
from tests.build.stores import MemoryFacts, MemoryPeople


class SlowFacts(MemoryFacts):
    """A database: each answer takes a moment, in which others are served."""

    async def get(self, name: str) -> str | None:
        found = await super().get(name)
        await asyncio.sleep(0)
        return found

    async def delete(self, name: str) -> None:
        await asyncio.sleep(0)
        await super().delete(name)


async def test_two_who_send_the_code_at_once_do_not_both_become_admin() -> None:
    facts: Facts = SlowFacts()
    people = People(MemoryPeople(), facts, HandClock(), lambda: "ABCD-2345")
    code = await people.open_claim() or ""

    claims: list[Person | None] = list(
        await asyncio.gather(*(people.claim(number, f"P{number}", "en", code) for number in (5, 6)))
    )

    assert [person.id for person in claims if person is not None] == [5]
    assert [person.id for person in people.all() if person.role is Role.ADMIN] == [5]
