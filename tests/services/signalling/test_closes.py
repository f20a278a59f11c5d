"""What closes is judged once, in time, and what comes of it is stored once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from engines.core.timeframe import Timeframe
from engines.indicators.hot import HotState
from engines.market.aggregation import between, resample
from engines.market.plan import FIVE, KEPT
from engines.signals.decision import ENTRY_FRAMES
from engines.signals.evidence import GateName, GateState
from engines.signals.proposal import Proposal
from engines.signals.signal import Signal
from ports.errors import Transient
from services.signalling.closes import Closes
from services.signalling.frames import Frames
from services.signalling.register import Register
from tests.build.candles import MemoryCandles, a_series
from tests.build.clock import NOON
from tests.build.collecting import Collecting, bar_of
from tests.build.expected_signals import expected_signals, made_ms
from tests.build.killing import Countdown, Killed
from tests.build.markets import an_instrument
from tests.build.signal_store import MemorySignals
from tests.build.trends import a_trend

NOON_MS = int(NOON.timestamp() * 1000)
DAY = Timeframe.D1.ms
MIDNIGHT_MS = Timeframe.D1.floor(NOON_MS)
PAST_DAYS = 40
WORLD = a_trend(PAST_DAYS + 3, start_ms=MIDNIGHT_MS - PAST_DAYS * DAY)
"""Forty days before the midnight before noon, and three after it."""


class Warm:
    """Kernels that are ready."""

    async def ready(self) -> None:
        return None


@dataclass(slots=True)
class KillingSignals(MemorySignals):
    """Steps before and after a signal is stored."""

    countdown: Countdown = field(default_factory=Countdown)

    def __post_init__(self) -> None:
        MemorySignals.__init__(self)

    async def add(self, *arguments: Any) -> Signal:
        self.countdown.step()
        signal = await MemorySignals.add(self, *arguments)
        self.countdown.step()
        return signal


class Room:
    """A desk that collects one market, from that many days of stored candles on."""

    def __init__(self, *, days: int = PAST_DAYS, store: MemorySignals | None = None) -> None:
        self.world = between(WORLD, MIDNIGHT_MS - days * DAY, 2**62)
        self.candles = MemoryCandles()
        self.store = store or MemorySignals()
        self.readers: Collection[int] = [7]
        self.start()

    def start(self) -> None:
        """As after kill -9: only the stores stay."""
        self.desk = Collecting(self.candles)
        self.desk.clock.move((MIDNIGHT_MS - NOON_MS) / 1000)
        self.register = Register(self.store)
        self.closes = Closes(
            frames=Frames("bybit", self.desk.rings, HotState),
            register=self.register,
            clock=self.desk.clock,
            warm=Warm(),
            collected=lambda: self.desk.live.symbols,
            instrument=lambda symbol: an_instrument(symbol.removesuffix("USDT")),
            readers=lambda _: self.readers,
        )
        self.desk.shelf.listeners.append(self.closes.hear)

    async def open(self, at_ms: int = MIDNIGHT_MS) -> "Room":
        """Everything that closed before is stored, and followed."""
        before = between(self.world, 0, at_ms)
        for timeframe in KEPT:
            whole = resample(before, timeframe.ms).closed_before(at_ms, timeframe.ms)
            await self.candles.upsert(a_series(timeframe=timeframe), whole)
        self.set_clock(at_ms)
        await self.desk.live.follow(["BTCUSDT"])
        await self.closes.round()
        return self

    def set_clock(self, at_ms: int) -> None:
        now_ms = int(self.desk.clock.now().timestamp() * 1000)
        self.desk.clock.move((at_ms - now_ms) / 1000)

    def hear(self, time_ms: int) -> None:
        """The stream tells the close of that candle."""
        self.desk.live.hear(bar_of(self.world, time_ms))

    async def live_through(self, start_ms: int, stop_ms: int) -> None:
        """Candle by candle, each in time."""
        for time_ms in range(start_ms, stop_ms, FIVE.ms):
            self.set_clock(time_ms + FIVE.ms)
            self.hear(time_ms)
            await self.closes.round()

    async def made(self) -> list[Proposal]:
        return [one.proposal for one in reversed(await self.store.latest(limit=999))]


def key(proposal: Proposal) -> tuple[object, ...]:
    return proposal.created_at, proposal.timeframe, proposal.direction, proposal.entry, proposal.stop


FOUND = expected_signals(WORLD, an_instrument(), MIDNIGHT_MS, MIDNIGHT_MS + 2 * DAY)
FIRST_MS = made_ms(FOUND[0])


async def test_two_days_candle_by_candle_give_what_the_rules_give() -> None:
    room = await Room().open()
    await room.live_through(MIDNIGHT_MS, MIDNIGHT_MS + 2 * DAY)

    made = await room.made()
    assert len(made) > 2
    assert [key(one) for one in made] == [key(one) for one in FOUND]
    assert len(await room.store.behind()) == len(made), "a card each"
    assert room.closes.frames.built == len(KEPT), "never anew"
    gaps = [later.created_at - one.created_at for one, later in pairwise(made)]
    assert min(gaps) >= timedelta(hours=4)


async def test_what_closes_is_remembered_also_when_it_is_no_signal() -> None:
    room = await Room().open()
    assert [one.timeframe for one in room.closes.known("BTCUSDT")] == list(ENTRY_FRAMES)
    await room.live_through(MIDNIGHT_MS, MIDNIGHT_MS + Timeframe.M15.ms)
    m15, h1 = room.closes.known("BTCUSDT")
    assert (m15.at_ms, h1.at_ms) == (MIDNIGHT_MS + Timeframe.M15.ms, MIDNIGHT_MS)
    assert room.closes.known("ETHUSDT") == []


async def test_a_market_let_go_is_forgotten() -> None:
    room = await Room().open()
    await room.desk.live.follow([])
    await room.closes.round()
    assert room.closes.known("BTCUSDT") == []
    assert len(room.closes.frames) == 0


async def test_a_close_that_comes_later_than_a_bar_is_no_news() -> None:
    room = await Room().open(FIRST_MS - FIVE.ms)
    room.set_clock(FIRST_MS + FOUND[0].timeframe.ms)
    room.hear(FIRST_MS - FIVE.ms)
    await room.closes.round()
    assert await room.made() == []
    assert room.closes.known("BTCUSDT") != []


async def test_one_that_is_a_little_late_still_is() -> None:
    room = await Room().open(FIRST_MS - FIVE.ms)
    room.set_clock(FIRST_MS + 20_000)
    room.hear(FIRST_MS - FIVE.ms)
    await room.closes.round()
    assert [key(one) for one in await room.made()] == [key(FOUND[0])]


@pytest.mark.parametrize("step", [1, 2])
async def test_killed_around_the_storing_it_is_one_signal_all_the_same(step: int) -> None:
    store = KillingSignals()
    room = await Room(store=store).open(FIRST_MS - FIVE.ms)
    store.countdown.at = step
    room.set_clock(FIRST_MS)
    room.hear(FIRST_MS - FIVE.ms)
    with pytest.raises(Killed):
        await room.closes.round()
    await room.desk.shelf.flush()

    room.start()
    await room.open(FIRST_MS + 4000)
    await room.closes.round()

    assert [key(one) for one in await room.made()] == [key(FOUND[0])]
    assert len(await store.behind()) == 1


async def test_a_start_long_after_a_close_makes_nothing_of_it() -> None:
    room = await Room().open(FIRST_MS + 10 * 60_000)
    assert await room.made() == []


async def test_a_store_in_trouble_is_asked_again() -> None:
    room = await Room().open(FIRST_MS - FIVE.ms)
    room.store.failure = Transient("locked", kind="database")
    room.set_clock(FIRST_MS)
    room.hear(FIRST_MS - FIVE.ms)
    with pytest.raises(Transient):
        await room.closes.round()
    room.store.failure = None
    await room.closes.round()
    assert [key(one) for one in await room.made()] == [key(FOUND[0])]


async def test_but_not_for_ever() -> None:
    room = await Room().open(FIRST_MS - FIVE.ms)
    room.store.failure = Transient("locked", kind="database")
    room.set_clock(FIRST_MS)
    room.hear(FIRST_MS - FIVE.ms)
    with pytest.raises(Transient):
        await room.closes.round()
    room.store.failure = None
    room.set_clock(FIRST_MS + FOUND[0].timeframe.ms)
    await room.closes.round()
    assert await room.made() == []


async def test_a_young_market_is_looked_at_and_says_what_is_missing() -> None:
    room = await Room(days=3).open()
    await room.live_through(MIDNIGHT_MS, MIDNIGHT_MS + Timeframe.H4.ms)
    assert await room.made() == []
    gates = [decision.gates[0] for decision in room.closes.known("BTCUSDT")]
    assert {(gate.name, gate.state) for gate in gates} == {(GateName.DATA, GateState.BLOCKED)}
    assert all("warming_1d" in gate.numbers for gate in gates)


async def test_a_signal_nobody_wants_is_stored_all_the_same() -> None:
    room = await Room().open(FIRST_MS - FIVE.ms)
    room.readers = []
    await room.live_through(FIRST_MS - FIVE.ms, FIRST_MS)
    assert len(await room.made()) == 1
    assert list(await room.store.behind()) == []
    assert [one.proposal.instrument.symbol for one in room.register.live()] == ["BTCUSDT"]
