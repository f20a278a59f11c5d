"""One battery over every keeper of signals: in memory, SQLite, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.sql.desk import SqlDesk
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.evidence import Finding, Gate, GateName, GateState
from engines.signals.signal import Signal, SignalState
from ports.signals import SignalStore
from tests.build.clock import NOON
from tests.build.databases import desk_url
from tests.build.markets import an_instrument
from tests.build.signal_store import MemorySignals
from tests.build.signals import a_card, a_course, a_proposal

HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SignalStore]:
    if request.param == "memory":
        yield MemorySignals()
        return
    desk = await SqlDesk.open(await desk_url(request, tmp_path), world="live", mode="paper")
    yield desk.signals
    await desk.close()


def moved(signal: Signal, state: SignalState, **fields: object) -> Signal:
    """The next version of a signal."""
    course = replace(signal.course, state=state, **fields)  # type: ignore[arg-type]  # fields by name
    return replace(signal, course=course, version=signal.version + 1)


async def test_a_signal_comes_back_whole(store: SignalStore) -> None:
    proposal = a_proposal(
        instrument=an_instrument("1000PEPE", tick=Decimal("0.0000001")),
        direction=Direction.SHORT,
        timeframe=Timeframe.M15,
        price=Decimal("0.0000123"),
        entry_low=Decimal("0.000000012345678901"),
        findings=(
            Finding(
                rule="volume", timeframe=Timeframe.M15, speaks_for=None, points=1.5, numbers={"of": 2.25}
            ),
        ),
        gates=(
            Gate(
                name=GateName.REWARD,
                state=GateState.BLOCKED,
                numbers={"ratio": 1.4},
                opens={"above": 171.2},
            ),
            Gate(name=GateName.COOL_DOWN, state=GateState.NOT_REACHED),
        ),
    )
    course = a_course(
        state=SignalState.TP2,
        entry_price=0.1 + 0.2,
        entered_at=NOON + HOUR,
        left=1 / 3,
        gross_r=1.25,
        hit_at=(NOON + 2 * HOUR, NOON + 3 * HOUR),
    )

    signal = await store.add(proposal, course, [])

    assert (signal.proposal, signal.course, signal.version) == (proposal, course, 1)
    assert await store.get(signal.id) == signal
    assert list(await store.live()) == [signal]


async def test_numbers_rise_and_nobody_is_none(store: SignalStore) -> None:
    first = await store.add(a_proposal(), a_course(), [])
    second = await store.add(a_proposal("ETH"), a_course(), [])

    assert second.id > first.id
    assert await store.get(999) is None


async def test_one_market_timeframe_and_moment_is_one_signal(store: SignalStore) -> None:
    first = await store.add(a_proposal(), a_course(), [7])
    await store.advance(moved(first, SignalState.ACTIVE))

    again = await store.add(a_proposal(confidence=0.9), a_course(), [7, 8])

    assert (again.id, again.version, again.proposal.confidence) == (first.id, 2, 0.78)
    assert len(await store.latest(limit=9)) == 1
    assert await store.card(first.id, 8) is None
    others = [
        a_proposal("ETH"),
        a_proposal(timeframe=Timeframe.M15),
        a_proposal(created_at=NOON + timedelta(minutes=15)),
    ]
    numbers = [(await store.add(one, a_course(), [])).id for one in others]
    assert len({first.id, *numbers}) == 4


async def test_of_many_adds_at_once_one_is_stored(store: SignalStore) -> None:
    added = await asyncio.gather(*(store.add(a_proposal(), a_course(), [7]) for _ in range(4)))

    assert len({one.id for one in added}) == 1
    assert len(await store.behind()) == 1


async def test_a_course_is_advanced_by_one_version_at_a_time(store: SignalStore) -> None:
    signal = await store.add(a_proposal(), a_course(), [])
    active = moved(signal, SignalState.ACTIVE, entered_at=NOON, entry_price=100.5)

    assert await store.advance(active)
    assert not await store.advance(active)
    assert not await store.advance(moved(moved(active, SignalState.TP1), SignalState.TP2))
    assert not await store.advance(replace(active, id=999))
    assert await store.get(signal.id) == active


async def test_how_far_was_looked_is_no_new_version(store: SignalStore) -> None:
    signal = await store.add(a_proposal(), a_course(), [])
    other = await store.add(a_proposal("ETH"), a_course(), [])
    active = moved(other, SignalState.ACTIVE)
    await store.advance(active)

    later = [
        replace(one, course=replace(one.course, seen_ms=one.course.seen_ms + 60_000))
        for one in (signal, other)
    ]
    await store.seen(later)
    await store.seen([])

    assert await store.get(signal.id) == later[0]
    assert await store.get(other.id) == active, "it moved on meanwhile"


async def test_only_what_runs_is_live_and_only_what_is_over_has_ended(store: SignalStore) -> None:
    made = []
    for number, state in enumerate(SignalState):
        signal = await store.add(a_proposal(created_at=NOON + number * HOUR), a_course(), [])
        ended_at = None if state.is_live else NOON + (20 - number) * HOUR
        await store.advance(moved(signal, state, ended_at=ended_at))
        made.append(signal.id)

    assert [one.id for one in await store.live()] == made[:4]
    assert [one.id for one in await store.ended()] == made[:3:-1], "by their end"
    assert [one.id for one in await store.ended(since=NOON + 14 * HOUR)] == [made[5], made[4]]


async def test_many_come_back_in_order(store: SignalStore) -> None:
    made = [
        await store.add(a_proposal(created_at=NOON + number * HOUR), a_course(), []) for number in range(45)
    ]

    assert await store.live() == made


async def test_the_latest_come_first_and_page_by_page(store: SignalStore) -> None:
    for number in range(5):
        await store.add(
            a_proposal("BTC" if number % 2 else "ETH", created_at=NOON + number * HOUR), a_course(), []
        )

    assert [one.id for one in await store.latest(limit=2)] == [5, 4]
    assert [one.id for one in await store.latest(limit=2, offset=4)] == [1]
    assert [one.id for one in await store.latest(limit=9, symbol="BTCUSDT")] == [4, 2]


async def test_when_the_last_one_of_a_pair_was_made(store: SignalStore) -> None:
    assert await store.last_made("BTCUSDT") is None
    await store.add(a_proposal(created_at=NOON + HOUR), a_course(), [])
    await store.add(a_proposal(created_at=NOON), a_course(), [])
    await store.add(a_proposal("ETH", created_at=NOON + 5 * HOUR), a_course(), [])

    assert await store.last_made("BTCUSDT") == NOON + HOUR


async def test_a_card_waits_until_it_is_shown_and_again_when_its_signal_moves(store: SignalStore) -> None:
    signal = await store.add(a_proposal(), a_course(), [7, 8])
    assert [(one.id, card.person_id, card.message_id) for one, card in await store.behind()] == [
        (signal.id, 7, None),
        (signal.id, 8, None),
    ]

    for person in (7, 8):
        await store.shown(a_card(signal.id, person, chat_id=-100), was=None)
    assert list(await store.behind()) == []
    assert await store.card(signal.id, 7) == a_card(signal.id, 7, chat_id=-100)

    active = moved(signal, SignalState.ACTIVE)
    await store.advance(active)
    await store.shown(a_card(signal.id, 8, shown_version=2), was=42)
    assert list(await store.behind()) == [(active, a_card(signal.id, 7, chat_id=-100))]


async def test_a_screen_becomes_the_card_and_a_card_can_be_dropped(store: SignalStore) -> None:
    signal = await store.add(a_proposal(), a_course(), [])
    assert await store.card(signal.id, 7) is None

    await store.add_card(a_card(signal.id, message_id=1))
    await store.add_card(a_card(signal.id, message_id=2, is_picture=False))
    await store.shown(a_card(signal.id, message_id=1, shown_version=2), was=1)
    assert await store.card(signal.id, 7) == a_card(signal.id, message_id=2, is_picture=False)

    await store.drop_card(signal.id, 7)
    await store.drop_card(signal.id, 7)
    await store.shown(a_card(signal.id), was=42)
    assert await store.card(signal.id, 7) is None, "what was dropped does not come back"
