"""The pinned message of each person."""

import asyncio

import pytest

from ports.errors import Gone, Rejected, Transient
from ports.messages import Priority, Screen, SentMessage
from ports.people import Person, Role
from services.cockpit import Cockpits
from services.people import People
from tests.build.clock import HandClock
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_person
from tests.build.stores import MemoryFacts, MemoryPeople


class Setting:
    """Cockpits whose picture is `shown`, for person 11."""

    def __init__(self, *people: Person) -> None:
        self.shown = "calm"
        self.messenger = RecordingMessenger()
        clock = HandClock()
        store = MemoryPeople(*(people or (a_person(11, is_onboarded=True),)))
        self.people = People(store, MemoryFacts(), clock, lambda: "code")
        self.cockpits = Cockpits(self.people, self.messenger, clock, self.view, every_s=0.0)

    def view(self, person: Person) -> Screen:
        return Screen(html=f"{self.shown} {person.language}")

    def person(self) -> Person:
        found = self.people.get(11)
        assert found is not None
        return found

    async def opened(self) -> "Setting":
        await self.people.load()
        await self.cockpits.open(self.person())
        return self


async def test_opening_sends_silently_pins_and_remembers_the_message() -> None:
    at = await Setting().opened()

    [sent] = at.messenger.sent
    assert sent.is_silent
    assert at.person().cockpit_message_id == sent.message_id
    assert at.messenger.pinned == [SentMessage(chat_id=11, message_id=sent.message_id)]


async def test_a_refresh_edits_only_when_it_would_look_different() -> None:
    at = await Setting().opened()

    await at.cockpits.refresh(at.person())
    assert at.messenger.edits == []

    at.shown = "moved"
    await at.cockpits.refresh(at.person())
    await at.cockpits.refresh(at.person())
    assert [edit.screen.html for edit in at.messenger.edits] == ["moved en"]
    assert at.messenger.edits[0].priority is Priority.DIGEST


async def test_somebody_without_a_cockpit_has_nothing_to_refresh() -> None:
    at = Setting()
    await at.people.load()

    await at.cockpits.refresh(at.person())

    assert at.messenger.deliveries == []


async def test_a_deleted_cockpit_is_sent_anew_and_pinned() -> None:
    at = await Setting().opened()
    at.shown, at.messenger.missing = "moved", {at.messenger.sent[0].message_id}

    await at.cockpits.refresh(at.person())

    assert [sent.screen.html for sent in at.messenger.sent] == ["calm en", "moved en"]
    assert at.person().cockpit_message_id == at.messenger.sent[-1].message_id
    assert [pin.message_id for pin in at.messenger.pinned] == [at.messenger.sent[-1].message_id]


@pytest.mark.parametrize("failure", [Transient("down"), Rejected("too long")])
async def test_a_failed_edit_is_tried_again_next_time(failure: Exception) -> None:
    at = await Setting().opened()
    at.shown, at.messenger.failure = "moved", failure
    await at.cockpits.refresh(at.person())

    at.messenger.failure = None
    await at.cockpits.refresh(at.person())

    assert [edit.screen.html for edit in at.messenger.edits] == ["moved en"]


async def test_who_blocked_the_bot_is_marked_and_left_alone() -> None:
    at = await Setting().opened()
    at.shown, at.messenger.failure = "moved", Gone("blocked")

    await at.cockpits.refresh(at.person())

    assert not at.person().is_reachable


async def test_the_round_visits_those_who_may_see_a_cockpit_and_have_one() -> None:
    people = (
        a_person(11, is_onboarded=True, cockpit_message_id=1),
        a_person(12, is_onboarded=True, cockpit_message_id=2, is_reachable=False),
        a_person(13, is_onboarded=True, cockpit_message_id=3, role=Role.BLOCKED),
        a_person(14, is_onboarded=False, cockpit_message_id=4),
        a_person(15, is_onboarded=True),
        a_person(16, is_onboarded=True, cockpit_message_id=6),
    )
    at = Setting(*people)
    await at.people.load()
    running = asyncio.create_task(at.cockpits.run())
    try:
        async with asyncio.timeout(5):
            while len(at.messenger.edits) < 2:
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert [edit.message_id for edit in at.messenger.edits] == [1, 6]
