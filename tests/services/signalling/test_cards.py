"""Cards: sent once, true ever after."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from engines.signals.signal import Signal, SignalState
from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, Priority, Screen, SentMessage
from ports.people import Person, Role
from services.people import People
from services.signalling.cards import MOST_TRIES, Cards
from services.signalling.drawings import Drawings
from tests.build.clock import NOON, HandClock
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_person
from tests.build.signal_store import MemorySignals
from tests.build.signals import a_card, a_course, a_proposal
from tests.build.stores import MemoryDesk
from tests.build.telegram import PNG

VERA, TOM = 11, 12


def words(signal: Signal, person: Person) -> Screen:
    """What tests read of a card."""
    return Screen(html=f"{signal.id} {signal.course.state.value} for {person.id}")


@dataclass(slots=True)
class Painter:
    """Draws the same for all; `failure`, while set, is raised, and `delay_s` waited."""

    failure: Exception | None = None
    delay_s: float = 0.0
    drawn: list[tuple[int, int, int]] = field(default_factory=list)

    async def __call__(self, signal: Signal, person: Person) -> bytes:
        self.drawn.append((signal.id, signal.version, person.id))
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        return PNG


@dataclass(slots=True)
class Room:
    """Cards of a desk at noon that knows Vera and Tom."""

    store: MemorySignals = field(default_factory=MemorySignals)
    messenger: RecordingMessenger = field(default_factory=RecordingMessenger)
    painter: Painter = field(default_factory=Painter)
    clock: HandClock = field(default_factory=HandClock)
    people: People = field(init=False)
    cards: Cards = field(init=False)

    async def open(self, *people: Person, messenger: Messenger | None = None) -> "Room":
        desk = MemoryDesk()
        for person in people or (a_person(VERA), a_person(TOM)):
            await desk.people.add(person)
        self.people = People(desk.people, desk.facts, self.clock, lambda: "code")
        await self.people.load()
        self.cards = Cards(
            store=self.store,
            people=self.people,
            messenger=messenger or self.messenger,
            clock=self.clock,
            view=words,
            drawings=Drawings(self.painter, within_s=0.05, patience_s=0.5),
        )
        return self

    async def signal(self, *readers: int, **fields: Any) -> Signal:
        return await self.store.add(a_proposal(**fields), a_course(), readers or (VERA, TOM))

    async def move(self, signal: Signal, state: SignalState, **fields: Any) -> Signal:
        course = replace(signal.course, state=state, **fields)
        moved = replace(signal, course=course, version=signal.version + 1)
        assert await self.store.advance(moved)
        return moved

    def said(self, chat_id: int) -> Sequence[str]:
        return [one.screen.html for one in self.messenger.deliveries if one.chat_id == chat_id]


async def test_a_new_signal_is_a_picture_for_each_reader_drawn_once() -> None:
    room = await Room().open()
    signal = await room.signal()

    assert await room.cards.deliver()
    assert await room.cards.deliver()

    assert [(one.chat_id, one.screen.photo) for one in room.messenger.deliveries] == [(VERA, PNG), (TOM, PNG)]
    assert {one.priority for one in room.messenger.sent} == {Priority.SIGNAL}
    assert not any(one.is_silent for one in room.messenger.sent)
    assert len(room.painter.drawn) == 1
    card = await room.store.card(signal.id, VERA)
    assert card == a_card(signal.id, VERA, message_id=room.messenger.sent[0].message_id)


async def test_people_with_another_look_have_a_picture_of_their_own() -> None:
    room = await Room().open(a_person(VERA, language="ru"), a_person(TOM))
    await room.signal()
    await room.cards.deliver()
    assert len(room.painter.drawn) == 2


async def test_a_card_is_edited_with_every_step() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    await room.cards.deliver()
    for state in (SignalState.ACTIVE, SignalState.TP1, SignalState.STOPPED):
        signal = await room.move(signal, state)
        await room.cards.deliver()

    assert room.said(VERA) == ["1 new for 11", "1 active for 11", "1 tp1 for 11", "1 stopped for 11"]
    assert len(room.messenger.sent) == 1
    assert {one.message_id for one in room.messenger.deliveries} == {room.messenger.sent[0].message_id}


@pytest.mark.parametrize(
    "painter", [Painter(Transient("no worker")), Painter(RuntimeError("bug")), Painter(delay_s=9)]
)
async def test_without_a_picture_it_is_words_and_stays_so(painter: Painter) -> None:
    room = await Room(painter=painter).open()
    signal = await room.signal(VERA)
    await room.cards.deliver()
    painter.failure, painter.delay_s = None, 0.0
    await room.move(signal, SignalState.ACTIVE)
    await room.cards.deliver()

    assert [(one.screen.photo, one.is_edit) for one in room.messenger.deliveries] == [
        (None, False),
        (None, True),
    ]


async def test_a_change_has_more_patience_with_its_picture() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    await room.cards.deliver()
    room.painter.delay_s = 0.1
    await room.move(signal, SignalState.ACTIVE)
    await room.cards.deliver()
    assert [(one.screen.photo, one.is_edit) for one in room.messenger.deliveries] == [
        (PNG, False),
        (PNG, True),
    ]


async def test_a_picture_that_can_be_drawn_no_more_is_said_anew_in_words_silently() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    await room.cards.deliver()
    room.painter.failure = Transient("no worker")
    await room.move(signal, SignalState.ACTIVE)
    assert [await room.cards.deliver() for _ in range(MOST_TRIES)] == [False] * (MOST_TRIES - 1) + [True]

    again = room.messenger.sent[-1]
    assert (again.screen.photo, again.is_silent) == (None, True)
    assert await room.store.card(signal.id, VERA) == a_card(
        signal.id, VERA, message_id=again.message_id, is_picture=False, shown_version=2
    )


async def test_a_message_that_was_deleted_is_sent_anew_without_a_sound() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    await room.cards.deliver()
    room.messenger.missing.add(room.messenger.sent[0].message_id)
    await room.move(signal, SignalState.ACTIVE)
    await room.cards.deliver()

    assert [one.is_silent for one in room.messenger.sent] == [False, True]
    assert list(await room.store.behind()) == []


async def test_what_ended_before_it_was_shown_is_not_shown() -> None:
    room = await Room().open()
    ended = await room.signal(VERA)
    await room.move(ended, SignalState.EXPIRED, ended_at=NOON)
    await room.signal(VERA, base="ETH", expires_at=NOON)
    assert await room.cards.deliver()

    assert room.messenger.deliveries == []
    assert list(await room.store.behind()) == []


async def test_what_was_shown_is_told_its_end_also_long_after() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    await room.cards.deliver()
    room.clock.move(timedelta(days=3).total_seconds())
    await room.move(signal, SignalState.EXPIRED, ended_at=NOON)
    await room.cards.deliver()

    assert room.said(VERA)[-1] == "1 expired for 11"


async def test_somebody_who_blocked_us_is_unreachable_and_holds_back_nobody() -> None:
    room = await Room().open()
    room.messenger.closed.add(VERA)
    signal = await room.signal()
    assert await room.cards.deliver()

    vera = room.people.get(VERA)
    assert vera is not None
    assert not vera.is_reachable
    assert room.said(TOM) == ["1 new for 12"]
    assert await room.store.card(signal.id, VERA) is None


async def test_a_group_that_is_closed_says_nothing_of_the_person() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    await room.store.add_card(a_card(signal.id, VERA, chat_id=-5, shown_version=0))
    room.messenger.closed.add(-5)
    await room.cards.deliver()

    vera = room.people.get(VERA)
    assert vera is not None
    assert vera.is_reachable
    assert list(await room.store.behind()) == []


async def test_people_who_lost_their_role_are_told_nothing_more() -> None:
    room = await Room().open(a_person(VERA, role=Role.BLOCKED))
    await room.signal(VERA, 999)
    await room.cards.deliver()
    assert room.messenger.deliveries == []
    assert list(await room.store.behind()) == []


async def test_a_card_that_telegram_refuses_is_given_up_for_this_person_only() -> None:
    room = await Room().open()
    room.messenger.failure = Rejected("never")
    signal = await room.signal(VERA)
    assert await room.cards.deliver()
    assert await room.store.card(signal.id, VERA) is None


async def test_while_telegram_is_away_cards_wait_and_come_in_order() -> None:
    room = await Room().open()
    room.messenger.failure = Transient("away")
    await room.signal(VERA)
    await room.signal(VERA, base="ETH")
    assert not await room.cards.deliver()
    room.messenger.failure = None
    assert await room.cards.deliver()
    assert room.said(VERA) == ["1 new for 11", "2 new for 11"]


class Stuck(RecordingMessenger):
    """Vera's chat never answers."""

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        if chat_id == VERA:
            await asyncio.Event().wait()
        return await super().send(chat_id, screen, priority=priority, is_silent=is_silent)


async def test_a_chat_that_has_to_wait_holds_back_no_other() -> None:
    messenger = Stuck()
    room = await Room().open(messenger=messenger)
    running = asyncio.create_task(room.cards.run())
    for number, base in enumerate(("BTC", "ETH"), 1):
        room.cards.hear(await room.signal(base=base))
        async with asyncio.timeout(5):
            while len(messenger.sent) < number:
                await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert [one.screen.html for one in messenger.sent] == ["1 new for 12", "2 new for 12"]


async def test_trouble_of_the_database_is_waited_out_and_nobody_is_told_twice() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    room.store.failure = Transient("database", kind="database")
    assert not await room.cards.deliver()
    room.store.failure = None
    await room.move(signal, SignalState.ACTIVE)
    assert await room.cards.deliver()
    assert [(one.screen.html, one.is_edit) for one in room.messenger.deliveries] == [
        ("1 new for 11", False),
        ("1 active for 11", True),
    ]
    assert list(await room.store.behind()) == []


async def test_what_somebody_opened_while_it_was_brought_up_to_date_stays_the_living_card() -> None:
    room = await Room().open()
    signal = await room.signal(VERA)
    await room.cards.deliver()
    await room.move(signal, SignalState.ACTIVE)
    room.painter.delay_s = 0.05

    bringing = asyncio.create_task(room.cards.deliver())
    await asyncio.sleep(0.01)
    await room.store.add_card(a_card(signal.id, VERA, message_id=77))
    await bringing
    await room.cards.deliver()

    assert await room.store.card(signal.id, VERA) == a_card(signal.id, VERA, message_id=77, shown_version=2)


async def test_a_run_after_one_that_died_serves_every_chat() -> None:
    room = await Room().open()
    await room.signal(VERA, TOM)
    room.messenger.failure = LookupError("a bug")
    with pytest.raises(ExceptionGroup):
        await room.cards.run()
    room.messenger.failure = None

    running = asyncio.create_task(room.cards.run())
    async with asyncio.timeout(5):
        while not (room.said(VERA) and room.said(TOM)):
            await asyncio.sleep(0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_gone_is_no_word_about_people_already_known_to_be_unreachable() -> None:
    room = await Room().open(a_person(VERA, is_reachable=False))
    room.messenger.failure = Gone("closed")
    await room.signal(VERA)
    assert await room.cards.deliver()
    assert room.messenger.deliveries == []
