"""Candles as they are asked for: memory, then the store, then the venue, and never something stale."""

import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, chain, resample
from engines.market.plan import FIVE
from ports.candles import Series
from ports.errors import Transient
from services.market.history import History
from services.market.options import MarketOptions
from services.market.ring import Rings
from tests.build.candles import MemoryCandles, a_series, rows_of, some_candles
from tests.build.clock import HandClock
from tests.build.collecting import NOON_MS, bar_of
from tests.build.markets import FakeMarketSource, an_instrument

STEP, HOUR = FIVE.ms, Timeframe.H1.ms
PAST = some_candles(2000, FIVE, start_ms=NOON_MS - 1990 * STEP)
"""Ten of them open at noon or later."""


class Venue(FakeMarketSource):
    """Its candles are those of `PAST`, as far as the clock has come."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__([an_instrument("BTC")])
        self.clock = clock

    async def candles(self, symbol: str, timeframe: Timeframe, *, limit: int) -> Candles:
        await self._answer(f"candles {symbol} {timeframe} {limit}")
        now_ms = int(self.clock.now().timestamp() * 1000)
        return resample(between(PAST, 0, now_ms + 1), timeframe.ms).rows(-limit)


class Shown:
    """Everything around a history."""

    def __init__(self, store: MemoryCandles | None = None) -> None:
        self.clock = HandClock()
        self.clock.move(1)
        self.venue = Venue(self.clock)
        self.rings = Rings()
        self.store = store or MemoryCandles()
        options = MarketOptions(person_patience_s=())
        self.history = History(self.venue, self.clock, options, self.rings, self.store)

    def warm(self, *, until_ms: int = NOON_MS, lost_ms: int | None = None) -> None:
        """Fill the rings with what closed before `until_ms`."""
        parts = between(PAST, 0, until_ms)
        if lost_ms is not None:
            parts = without(parts, lost_ms)
        for timeframe in (FIVE, Timeframe.H1):
            closed = resample(parts, timeframe.ms)
            self.rings.open(a_series(timeframe=timeframe)).take(between(closed, 0, timeframe.floor(until_ms)))

    def form(self, *, age_s: float = 0.5) -> None:
        """The stream spoke of the forming candle so long ago."""
        at_ms = int((self.clock.now().timestamp() - age_s) * 1000)
        self.rings.open(a_series()).form(bar_of(PAST, NOON_MS, is_closed=False, at_ms=at_ms))

    async def candles(self, timeframe: Timeframe = FIVE, limit: int = 50) -> Candles:
        return await self.history.candles("BTCUSDT", timeframe, limit)


def without(candles: Candles, lost_ms: int) -> Candles:
    """Without the candle of that time."""
    return chain([between(candles, 0, lost_ms), between(candles, lost_ms + 1, 2**62)])


@pytest.fixture
def shown() -> Shown:
    return Shown()


async def test_memory_answers_while_its_stream_speaks(shown: Shown) -> None:
    shown.warm()
    shown.form()
    assert rows_of(await shown.candles()) == rows_of(between(PAST, 0, NOON_MS + 1).rows(-50))
    hours = await shown.candles(Timeframe.H1, 20)
    assert rows_of(hours) == rows_of(resample(between(PAST, 0, NOON_MS + 1), HOUR).rows(-20))
    assert shown.venue.asked == []


async def test_memory_that_is_silent_is_not_believed(shown: Shown) -> None:
    shown.warm()
    shown.form(age_s=6.0)
    assert rows_of(await shown.candles()) == rows_of(between(PAST, 0, NOON_MS + 1).rows(-50))
    assert shown.venue.asked == ["candles BTCUSDT 5m 50"]


@pytest.mark.parametrize("lost_ms", [NOON_MS - STEP, NOON_MS - 20 * STEP])
async def test_memory_with_a_hole_is_not_shown(shown: Shown, lost_ms: int) -> None:
    shown.warm(lost_ms=lost_ms)
    shown.form()
    assert rows_of(await shown.candles()) == rows_of(between(PAST, 0, NOON_MS + 1).rows(-50))
    assert shown.venue.asked == ["candles BTCUSDT 5m 50"]


async def test_more_than_memory_has_comes_from_the_store_with_the_present_of_the_venue(shown: Shown) -> None:
    await shown.store.upsert(a_series(), between(PAST, 0, NOON_MS - 2 * STEP))
    shown.warm()
    shown.form()
    assert rows_of(await shown.candles(limit=1900)) == rows_of(between(PAST, 0, NOON_MS + 1).rows(-1900))
    assert shown.venue.asked == ["candles BTCUSDT 5m 4"]


async def test_a_store_that_ends_too_early_is_left_alone(shown: Shown) -> None:
    await shown.store.upsert(a_series(), between(PAST, 0, NOON_MS - 200 * STEP))
    assert rows_of(await shown.candles()) == rows_of(between(PAST, 0, NOON_MS + 1).rows(-50))
    assert shown.venue.asked == ["candles BTCUSDT 5m 50"]


async def test_a_store_with_a_hole_is_left_alone(shown: Shown) -> None:
    await shown.store.upsert(a_series(), without(between(PAST, 0, NOON_MS), NOON_MS - 9 * STEP))
    assert rows_of(await shown.candles()) == rows_of(between(PAST, 0, NOON_MS + 1).rows(-50))
    assert shown.venue.asked[-1] == "candles BTCUSDT 5m 50"


async def test_without_the_venue_there_is_nothing_to_show(shown: Shown) -> None:
    await shown.store.upsert(a_series(), between(PAST, 0, NOON_MS))
    shown.venue.failure = Transient("down")
    with pytest.raises(Transient):
        await shown.candles()


async def test_a_store_in_trouble_leaves_the_venue() -> None:
    class Sick(MemoryCandles):
        async def last(self, series: Series, count: int, *, before_ms: int | None = None) -> Candles:
            raise Transient("disk", kind="database")

    shown = Shown(Sick())
    assert len(await shown.candles()) == 50


async def test_a_candle_that_closes_meanwhile_is_not_lost(shown: Shown) -> None:
    await shown.store.upsert(a_series(), between(PAST, 0, NOON_MS))
    shown.clock.move(298)
    asked = shown.candles()
    shown.clock.move(2)
    candles = await asked
    assert int(candles.time_ms[-1]) == NOON_MS + STEP
    assert rows_of(candles) == rows_of(between(PAST, 0, NOON_MS + STEP + 1).rows(-50))
