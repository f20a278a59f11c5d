"""Signals as screens ask for them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engines.core.timeframe import Timeframe
from engines.indicators.hot import HotState
from engines.market.aggregation import between, resample
from engines.market.plan import FIVE, KEPT
from engines.signals.decision import ENTRY_FRAMES, Decision
from engines.signals.evidence import GateName, GateState
from engines.signals.signal import Signal, SignalState
from ports.errors import Refused, Transient
from ports.messages import Screen
from ports.people import Mute, Person
from services.candles import Collector
from services.collect.options import CollectOptions
from services.market.ring import Rings
from services.markets import Markets
from services.people import People
from services.signals import Signals
from tests.build.candles import MemoryCandles, a_series
from tests.build.clock import NOON, HandClock
from tests.build.collecting import QUICK
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_person
from tests.build.signal_store import MemorySignals
from tests.build.signals import a_card, a_course, a_proposal
from tests.build.stores import MemoryDesk
from tests.build.telegram import PNG
from tests.build.trends import a_trend

VERA = 11
NOON_MS = int(NOON.timestamp() * 1000)
HOUR = timedelta(hours=1)


class Hot:
    """States of kernels that are ready."""

    async def ready(self) -> None:
        return None

    def new_state(self) -> HotState:
        return HotState()


class Venue(FakeMarketSource):
    """Forty days of one rising market; the other was listed a moment ago."""

    world = a_trend(41, start_ms=Timeframe.D1.floor(NOON_MS) - 40 * Timeframe.D1.ms)

    async def candles(self, symbol: str, timeframe: Timeframe, *, limit: int) -> Any:
        await self._answer(f"candles {symbol} {timeframe} {limit}")
        past = between(self.world, 0, NOON_MS if symbol == "BTCUSDT" else 0)
        return resample(past, timeframe.ms).rows(-limit)


@dataclass(slots=True)
class Room:
    """Signals at noon."""

    store: MemorySignals = field(default_factory=MemorySignals)
    clock: HandClock = field(default_factory=HandClock)
    source: Venue = field(
        default_factory=lambda: Venue(
            [an_instrument(), an_instrument("NEW")], [a_ticker(), a_ticker("NEWUSDT", "1")]
        )
    )
    candles: MemoryCandles = field(default_factory=MemoryCandles)
    messenger: RecordingMessenger = field(default_factory=RecordingMessenger)
    people: People = field(init=False)
    collector: Collector = field(init=False)
    signals: Signals = field(init=False)

    async def open(self) -> "Room":
        desk, rings = MemoryDesk(), Rings()
        await desk.people.add(a_person(VERA, is_onboarded=True))
        self.people = People(desk.people, desk.facts, self.clock, lambda: "code")
        await self.people.load()
        markets = Markets(self.source, None, self.clock, rings=rings, store=self.candles)
        await markets.load()
        options = CollectOptions(**QUICK, min_turnover=Decimal(0))
        self.collector = Collector(self.source, markets, self.candles, rings, self.clock, options)
        self.signals = Signals(
            self.store,
            self.people,
            markets,
            self.collector,
            rings,
            self.source,
            Hot(),
            self.messenger,
            self.clock,
            words,
            picture,
        )
        await self.signals.load()
        return self

    async def vera(self) -> Person:
        person = self.people.get(VERA)
        assert person is not None
        return person


def words(signal: Signal, person: Person) -> Screen:
    return Screen(html=f"{signal.id}")


async def picture(signal: Signal, person: Person) -> bytes:
    return PNG


async def test_a_look_at_any_market_stores_nothing() -> None:
    room = await Room().open()
    decision = await room.signals.look("BTCUSDT", Timeframe.M15)

    assert (decision.instrument.symbol, decision.timeframe) == ("BTCUSDT", Timeframe.M15)
    assert decision.gates[0].state is GateState.PASSED
    assert [gate.name for gate in decision.gates] == list(GateName)
    assert decision.findings
    assert list(await room.signals.latest(limit=9)) == []


async def test_without_a_timeframe_the_surer_one_is_taken() -> None:
    room = await Room().open()
    each = [await room.signals.look("BTCUSDT", one) for one in ENTRY_FRAMES]
    surest = max(each, key=lambda one: (one.proposal is not None, one.confidence))
    assert (await room.signals.look("BTCUSDT")).confidence == surest.confidence


async def test_a_look_knows_of_the_last_signal() -> None:
    room = await Room().open()
    await room.store.add(a_proposal(created_at=NOON - HOUR), a_course(), [])
    gates = (await room.signals.look("BTCUSDT", Timeframe.H1)).gates
    cool_down = next(gate for gate in gates if gate.name is GateName.COOL_DOWN)
    assert cool_down.state is not GateState.PASSED


async def test_what_cannot_be_looked_at_is_refused() -> None:
    room = await Room().open()
    with pytest.raises(Refused, match="unknown_symbol"):
        await room.signals.look("NOPEUSDT")
    with pytest.raises(Refused, match="no_candles"):
        await room.signals.look("NEWUSDT")
    with pytest.raises(Refused, match="no_entry_frame"):
        await room.signals.look("BTCUSDT", Timeframe.H4)
    room.source.failure = Transient("away")
    with pytest.raises(Transient):
        await room.signals.look("BTCUSDT")


async def test_a_signal_is_found_by_its_number_whatever_its_state() -> None:
    room = await Room().open()
    live = await room.store.add(a_proposal(), a_course(), [])
    over = await room.store.add(a_proposal("ETH"), a_course(state=SignalState.EXPIRED, ended_at=NOON), [])
    await room.signals.load()

    assert list(room.signals.live()) == [live]
    assert await room.signals.get(over.id) == over
    with pytest.raises(Refused, match="no_such_signal"):
        await room.signals.get(99)


async def test_a_mute_lasts_so_long_is_extended_and_ended() -> None:
    room = await Room().open()
    await room.signals.mute(await room.vera(), "ETHUSDT", 1)
    await room.signals.mute(await room.vera(), "BTCUSDT", 4)
    person = await room.signals.mute(await room.vera(), "BTCUSDT", 8)
    assert person.mutes == (Mute("ETHUSDT", NOON + HOUR), Mute("BTCUSDT", NOON + 8 * HOUR))

    room.clock.move(2 * 3600)
    person = await room.signals.mute(await room.vera(), "SOLUSDT", 4)
    assert [mute.symbol for mute in person.mutes] == ["BTCUSDT", "SOLUSDT"], "what is over is forgotten"
    assert (await room.signals.mute(await room.vera(), "BTCUSDT", 0)).mutes == person.mutes[1:]


async def test_a_screen_becomes_the_living_card() -> None:
    room = await Room().open()
    signal = await room.store.add(a_proposal(), a_course(), [VERA])
    await room.signals.show(await room.vera(), signal, -5, 77, False)
    card = a_card(signal.id, VERA, chat_id=-5, message_id=77, is_picture=False)
    assert await room.store.card(signal.id, VERA) == card
    assert list(await room.store.behind()) == []


async def test_the_record_counts_what_has_a_result() -> None:
    room = await Room().open()
    assert (await room.signals.record()).overall is None
    for number, result in enumerate((1.5, -1.0, None)):
        course = a_course(
            state=SignalState.STOPPED if result else SignalState.EXPIRED,
            ended_at=NOON + number * HOUR,
            result_r=result,
        )
        await room.store.add(a_proposal(created_at=NOON - number * HOUR), course, [])

    record = await room.signals.record()
    assert record.overall is not None
    assert record.overall.count == 2
    assert await room.signals.record() == record, "the same for everybody who looks"


@asynccontextmanager
async def collecting(room: Room) -> AsyncIterator[None]:
    """The store has the past of one market; both are followed, one is judged."""
    for timeframe in KEPT:
        past = resample(between(Venue.world, 0, NOON_MS), timeframe.ms).closed_before(NOON_MS, timeframe.ms)
        await room.candles.upsert(a_series(timeframe=timeframe), past)
    tasks = [
        asyncio.create_task(one)
        for one in (room.collector.run(), room.signals.run(), room.signals.show_cards())
    ]
    try:
        async with asyncio.timeout(30):
            while len(room.collector.symbols) < 2 or room.signals.known("BTCUSDT") is None:
                await asyncio.sleep(0.01)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_collected_markets_are_known() -> None:
    room = await Room().open()
    async with collecting(room):
        known = room.signals.known("BTCUSDT")
        assert known is not None
        assert known in [room.signals.known("BTCUSDT", one) for one in ENTRY_FRAMES]
        assert room.signals.known("NEWUSDT") is None
        assert set(room.signals.frames("BTCUSDT")) == set(KEPT)
        assert strengths(room.signals.strongest(5)) == [known.strength]
        assert room.signals.strongest(0) == []
        overview = await room.signals.overview()
        assert (overview.live, overview.markets, overview.looked_at) == (len(room.signals.live()), 1, NOON)


def strengths(decisions: Sequence[Decision]) -> list[float]:
    return [one.strength for one in decisions]


async def test_the_overview_tells_the_last_signal() -> None:
    room = await Room().open()
    await room.store.add(a_proposal(), replace(a_course(), seen_ms=NOON_MS + FIVE.ms), [])
    await room.signals.load()
    overview = await room.signals.overview()
    assert (overview.live, overview.last_at) == (1, NOON)
