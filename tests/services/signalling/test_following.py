"""Signals hear their markets in order and without holes: long at 99.5 to 100.5, stop 96, first target 104."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.core.candle import Bar, Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.plan import FIVE
from engines.signals.signal import Signal, SignalState
from ports.errors import Refused, Transient
from ports.markets import PriceOf
from services.markets import Markets
from services.signalling.following import Following
from services.signalling.register import Register
from tests.build.clock import NOON, HandClock
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument
from tests.build.signal_store import MemorySignals
from tests.build.signals import a_proposal

NOON_MS = int(NOON.timestamp() * 1000)
MINUTE, FIVE_MIN = Timeframe.M1.ms, FIVE.ms
NEW, ACTIVE, TP1, TP2 = SignalState.NEW, SignalState.ACTIVE, SignalState.TP1, SignalState.TP2
STOPPED, EXPIRED = SignalState.STOPPED, SignalState.EXPIRED


def told(
    minute: float, close: float, *, high: float | None = None, low: float | None = None, **fields: Any
) -> Bar:
    """The forming candle as it is told so many minutes after noon; it opened at 101."""
    at_ms = NOON_MS + round(minute * MINUTE)
    usual: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "kind": MarketKind.SPOT,
        "timeframe": FIVE,
        "time_ms": FIVE.floor(at_ms),
        "open": 101.0,
        "high": max(101.0, close) if high is None else high,
        "low": min(101.0, close) if low is None else low,
        "close": close,
        "volume": 1.0,
        "is_closed": False,
        "at_ms": at_ms,
    }
    return Bar(**usual | fields)


def closed(minute: int, close: float, **fields: Any) -> Bar:
    """The candle that closes so many minutes after noon."""
    return told(minute, close, time_ms=NOON_MS + minute * MINUTE - FIVE_MIN, is_closed=True, **fields)


def minutes(first: int, prices: Iterable[tuple[float, float, float, float]]) -> Candles:
    """One-minute candles (open, high, low, close) from so many minutes after noon on."""
    rows = np.array(list(prices), float).reshape(-1, 4)
    return Candles(
        time_ms=NOON_MS + (first + np.arange(len(rows), dtype=np.int64)) * MINUTE,
        open=rows[:, 0],
        high=rows[:, 1],
        low=rows[:, 2],
        close=rows[:, 3],
        volume=np.ones(len(rows)),
    )


def flat(first: int, last: int, price: float) -> Candles:
    """Minutes at one price."""
    return minutes(first, [(price,) * 4] * (last - first))


@dataclass(slots=True)
class Room:
    """Following at noon, over one market."""

    store: MemorySignals = field(default_factory=MemorySignals)
    clock: HandClock = field(default_factory=HandClock)
    source: FakeMarketSource = field(init=False)
    register: Register = field(init=False)
    markets: Markets = field(init=False)
    following: Following = field(init=False)
    moves: list[SignalState] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = FakeMarketSource([an_instrument()], [a_ticker(last="101")])
        self.restart()

    def restart(self) -> None:
        """As after kill -9: only the store stays."""
        self.register = Register(self.store)
        self.register.on_change.append(lambda one: self.moves.append(one.course.state))
        self.markets = Markets(self.source, None, self.clock)
        self.following = Following(
            register=self.register, markets=self.markets, source=self.source, clock=self.clock
        )

    async def begin(self) -> "Room":
        await self.markets.load()
        await self.register.load()
        self.following.listen()
        return self

    async def signal(self, **fields: Any) -> Signal:
        return await self.register.add(a_proposal(**fields), [])

    async def tell(self, *bars: Bar) -> None:
        """The stream tells; the clock goes with it."""
        for bar in bars:
            self.clock.move(max((bar.at_ms - self.now_ms) / 1000, 0))
            self.following.hear(bar)
            await self.following.round()

    def past(self, candles: Candles) -> None:
        """What the venue has of minutes."""
        self.source.past[MarketKind.SPOT, "BTCUSDT", Timeframe.M1, PriceOf.TRADES] = candles

    @property
    def now_ms(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    async def stored(self, number: int = 1) -> Signal:
        signal = await self.store.get(number)
        assert signal is not None
        return signal

    def asked(self) -> Sequence[str]:
        return [one for one in self.source.asked if one.startswith("history")]


async def test_a_signal_lives_through_tellings_to_its_last_target() -> None:
    room = await Room().begin()
    await room.signal()
    await room.tell(
        told(0.1, 101.0),
        told(1, 100.2),
        told(2, 104.5, low=100.2),
        told(4, 103.0, high=104.5, low=100.2),
        closed(5, 107.0, high=107.0, low=100.2),
        told(6, 108.5, open=107.0, low=107.0),
        closed(10, 113.0, open=107.0, low=107.0),
    )

    assert room.moves == [NEW, ACTIVE, TP1, TP2, SignalState.TP3]
    signal = await room.stored()
    assert (signal.version, signal.course.entry_price) == (5, 100.5)
    assert signal.course.result_r is not None
    assert signal.course.result_r > 0
    assert room.asked() == []
    assert list(room.register.live()) == []


async def test_what_an_earlier_telling_showed_is_not_met_again() -> None:
    room = await Room().begin()
    await room.signal()
    await room.tell(told(0.5, 103.0, high=105.0), told(1, 100.2, high=105.0), told(2, 101.0, high=105.0))
    assert room.moves == [NEW, ACTIVE], "the high came before the entry"


async def test_the_market_is_kept_while_somebody_waits_there() -> None:
    room = await Room().begin()
    await room.signal()
    assert room.markets.kept == {"BTCUSDT"}
    await room.tell(told(1, 100.0), told(2, 95.0))
    assert room.moves[-1] is STOPPED
    assert room.markets.kept == set()


async def test_two_signals_of_one_market_go_their_own_ways() -> None:
    room = await Room().begin()
    await room.signal()
    await room.tell(told(1, 100.2), closed(5, 101.0, low=100.2))
    later = NOON + timedelta(minutes=5)
    await room.signal(timeframe=FIVE, created_at=later, expires_at=later + timedelta(hours=1))
    await room.tell(told(6, 104.2), told(7, 100.0, high=104.2))

    first, second = await room.stored(1), await room.stored(2)
    assert first.course.state is STOPPED, "at its entry, after the first target"
    assert (second.course.state, len(second.course.hit_at)) == (ACTIVE, 0)


async def test_one_stored_long_after_its_close_meets_what_came_since() -> None:
    room = await Room().begin()
    await room.signal(entry_low=Decimal(79), entry_high=Decimal(80), stop=Decimal(70))
    await room.tell(told(2, 100.0), closed(5, 95.0, high=101.0, low=95.0), told(6, 97.0, open=97.0, low=97.0))
    room.past(minutes(0, [(101, 101, 100, 100), (100, 100, 95, 95), *[(97.0,) * 4] * 4]))

    await room.signal(timeframe=Timeframe.M15)
    await room.tell(told(6.5, 98.0, open=97.0, high=98.0, low=97.0))
    assert room.moves == [NEW, NEW], "what it has not seen comes first"
    await room.following.fill("BTCUSDT")

    assert [(await room.stored(number)).course.state for number in (1, 2)] == [NEW, STOPPED]


async def test_a_restart_fills_what_was_missed_before_the_next_look() -> None:
    room = await Room().begin()
    await room.signal()
    await room.tell(told(1, 100.2))
    room.restart()
    room.clock.move(10 * 60)
    room.past(minutes(0, [*[(101.0,) * 4] * 4, (101, 104.5, 101, 103), *[(103.0,) * 4] * 6]))
    await room.begin()
    await room.following.fill("BTCUSDT")
    assert room.moves == [NEW, ACTIVE, TP1]

    await room.tell(told(11.2, 102.0, open=103.0, high=103.0, low=102.0))
    assert room.moves == [NEW, ACTIVE, TP1], "102 is above its entry, where the stop is now"
    await room.tell(told(12, 99.0, open=103.0, high=103.0, low=99.0))
    assert room.moves == [NEW, ACTIVE, TP1, STOPPED]


async def test_after_a_filling_only_new_extremes_of_the_running_candle_count() -> None:
    room = await Room().begin()
    await room.signal()
    room.clock.move(3 * 60 + 10)
    room.past(minutes(0, [(101, 105, 101, 101), (101, 101, 100, 101), (101, 101, 101, 101)]))
    await room.following.fill("BTCUSDT")
    assert room.moves == [NEW, ACTIVE]
    await room.tell(told(3.5, 101.5, high=105.0, low=100.0))
    assert room.moves == [NEW, ACTIVE], "105 was before the entry"
    await room.tell(told(3.6, 104.1, high=105.0, low=100.0))
    assert room.moves == [NEW, ACTIVE, TP1]


async def test_a_hole_in_the_tellings_is_filled_and_nothing_is_met_out_of_order() -> None:
    room = await Room().begin()
    await room.signal()
    await room.tell(told(1, 101.0))
    room.past(minutes(0, [(101,) * 4, (101, 101, 100, 101), (101, 101, 95, 95), *[(110.0,) * 4] * 18]))
    running = asyncio.create_task(room.following.run())
    room.clock.move(20 * 60)
    room.following.hear(told(21, 110.0, open=110.0, low=110.0))
    async with asyncio.timeout(5):
        while len(room.moves) < 3:
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert room.moves == [NEW, ACTIVE, STOPPED]


async def test_silence_is_filled_and_ends_a_signal_that_nobody_entered() -> None:
    room = await Room().begin()
    await room.signal(expires_at=NOON + timedelta(minutes=30))
    room.past(flat(0, 60, 101.0))
    room.clock.move(3600)
    await room.following.round()
    await room.following.fill("BTCUSDT")
    assert room.moves == [NEW, EXPIRED]
    assert (await room.stored()).course.result_r is None


async def test_days_are_filled_page_by_page() -> None:
    room = await Room().begin()
    await room.signal(expires_at=NOON + timedelta(days=9))
    room.past(flat(0, 3000, 101.0))
    room.clock.move(3000 * 60)
    await room.following.fill("BTCUSDT")
    assert len(room.asked()) == 3
    assert room.register.live()[0].course.seen_ms == NOON_MS + 2999 * MINUTE, "the last one may not be out"


async def test_a_market_without_trades_for_long_is_passed_over() -> None:
    room = await Room().begin()
    await room.signal()
    room.clock.move(3600)
    await room.following.fill("BTCUSDT")
    room.past(flat(57, 60, 101.0))
    room.clock.move(10)
    await room.following.fill("BTCUSDT")
    await room.tell(told(60.5, 100.0))
    assert room.moves == [NEW, ACTIVE]


@pytest.mark.parametrize("failure", [Transient("away"), Transient("locked", kind="database")])
async def test_a_store_in_trouble_costs_no_step(failure: Transient) -> None:
    room = await Room().begin()
    await room.signal()
    room.past(flat(0, 1, 101.0))
    room.store.failure = failure
    await room.tell(told(1, 100.2))
    assert room.moves == [NEW]
    room.store.failure = None
    room.past(minutes(0, [(101, 101, 100.2, 101), (101, 101, 101, 101)]))
    room.clock.move(70)
    await room.following.fill("BTCUSDT")
    assert room.moves == [NEW, ACTIVE]
    assert (await room.stored()).version == 2


async def test_a_market_that_is_gone_lets_its_signals_run_out() -> None:
    room = await Room().begin()
    await room.signal(expires_at=NOON + timedelta(minutes=10))
    room.source.listed.clear()
    room.clock.move(5 * 60)
    running = asyncio.create_task(room.following.run())
    async with asyncio.timeout(5):
        while not room.asked():
            await asyncio.sleep(0)
    assert room.moves == [NEW]
    room.clock.move(10 * 60)
    async with asyncio.timeout(5):
        while len(room.moves) < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert room.moves == [NEW, EXPIRED]


async def test_how_far_was_looked_is_written_now_and_then() -> None:
    room = await Room().begin()
    await room.signal()
    await room.tell(told(0.1, 101.0), told(1, 101.0))
    assert (await room.stored()).course.seen_ms == NOON_MS + MINUTE
    await room.tell(told(1.1, 101.0))
    assert (await room.stored()).course.seen_ms == NOON_MS + MINUTE


async def test_a_venue_that_refuses_a_market_before_its_signals_ran_out_changes_nothing() -> None:
    room = await Room().begin()
    await room.signal()
    room.source.failure = Refused("unknown_symbol", text="BTCUSDT", near=[])
    room.clock.move(600)
    with pytest.raises(Refused):
        await room.following.fill("BTCUSDT")
    assert room.moves == [NEW]
