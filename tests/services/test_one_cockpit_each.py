"""However many notice at once that a cockpit was deleted, one new one is sent."""

import asyncio

from ports.messages import Priority, Screen, SentMessage
from ports.people import Person
from services.cockpit import Cockpits
from services.people import People
from tests.build.clock import HandClock
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_person
from tests.build.stores import MemoryFacts, MemoryPeople


class SlowMessenger(RecordingMessenger):
    """Telegram: each answer takes a moment, in which others speak."""

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        await asyncio.sleep(0)
        return await super().send(chat_id, screen, priority=priority, is_silent=is_silent)

    async def edit(self, chat_id: int, message_id: int, screen: Screen, *, priority: Priority) -> bool:
        await asyncio.sleep(0)
        return await super().edit(chat_id, message_id, screen, priority=priority)


async def deleted() -> tuple[Cockpits, SlowMessenger, Person]:
    """Cockpits, and somebody who has just deleted theirs."""
    person = a_person(11, is_onboarded=True, cockpit_message_id=50)
    people = People(MemoryPeople(person), MemoryFacts(), HandClock(), lambda: "code")
    await people.load()
    messenger = SlowMessenger(missing={50}, pinned=[SentMessage(chat_id=11, message_id=50)])
    view = Screen(html="BTC 87 210")
    return Cockpits(people, messenger, HandClock(), lambda _: view), messenger, person


async def test_two_refreshes_of_a_deleted_cockpit_send_one() -> None:
    cockpits, messenger, person = await deleted()
    await asyncio.gather(cockpits.refresh(person), cockpits.refresh(person, priority=Priority.ANSWER))
    assert len(messenger.sent) == 1


async def test_a_refresh_that_comes_late_leaves_the_new_cockpit_alone() -> None:
    cockpits, messenger, person = await deleted()
    late = asyncio.create_task(cockpits.refresh(person))
    await cockpits.open(person)
    await late
    assert len(messenger.sent) == 1
