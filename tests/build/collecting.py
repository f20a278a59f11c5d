"""A venue with a past, and the parts that collect its candles into memory."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engines.core.candle import Bar, Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, resample
from engines.market.plan import FIVE, KEPT
from ports.markets import PriceOf
from services.collect.absence import Absences
from services.collect.backfill import Backfill
from services.collect.counts import Counts
from services.collect.live import Live
from services.collect.options import CollectOptions
from services.collect.pages import Pages
from services.collect.shelf import Shelf
from services.market.ring import Rings
from services.optional_work import OptionalWork
from tests.build.candles import MemoryCandles, a_series, some_candles
from tests.build.clock import NOON, HandClock
from tests.build.markets import FakeMarketSource, an_instrument

NOON_MS = int(NOON.timestamp() * 1000)
DAY = timedelta(days=1)
STEP = FIVE.ms

QUICK: Mapping[str, Any] = {
    "begin_after_s": 0.0,
    "look_s": 0.01,
    "review_s": 0.01,
    "sweep_s": 0.01,
    "write_pause_s": 0.0,
    "page_pause_s": 0.0,
    "backoff_s": (0.01, 0.02),
}
"""Options of a collector that waits for nothing."""


def a_past(
    source: FakeMarketSource, symbol: str = "BTCUSDT", *, before: timedelta = DAY, after: timedelta = DAY
) -> Candles:
    """Give the venue five-minute candles around noon, and the coarser ones that they add up to."""
    count = int((before + after) / timedelta(milliseconds=STEP))
    start_ms = NOON_MS - int(before.total_seconds() * 1000)
    parts = some_candles(count, FIVE, start_ms=start_ms, seed=len(symbol))
    for timeframe in KEPT:
        source.past[MarketKind.SPOT, symbol, timeframe, PriceOf.TRADES] = resample(parts, timeframe.ms)
    return parts


def bar_of(
    candles: Candles, time_ms: int, *, symbol: str = "BTCUSDT", is_closed: bool = True, **fields: Any
) -> Bar:
    """The candle of that open time as the stream tells it."""
    row = between(candles, time_ms, time_ms + 1)
    names = ("open", "high", "low", "close", "volume")
    values: dict[str, Any] = {name: float(getattr(row, name)[0]) for name in names}
    at_ms = time_ms + STEP
    usual: dict[str, Any] = {"kind": MarketKind.SPOT, "timeframe": FIVE, "at_ms": at_ms, **values}
    return Bar(symbol=symbol, time_ms=time_ms, is_closed=is_closed, **usual | fields)


class Collecting:
    """The parts, over one venue at noon with the markets BTCUSDT and ETHUSDT."""

    def __init__(self, store: MemoryCandles | None = None, **options: Any) -> None:
        self.source = FakeMarketSource([an_instrument("BTC"), an_instrument("ETH")])
        self.clock = HandClock()
        self.store = store or MemoryCandles()
        self.rings = Rings()
        self.counts = Counts()
        self.options = CollectOptions(**{**QUICK, **options})
        self.shelf = Shelf(self.store, self.rings, self.counts, self.options)
        self.absences = Absences(self.clock, believed_s=self.options.absent_s)
        self.pages = Pages(self.source, self.shelf, self.absences, self.counts, self.clock, self.options)
        common = (self.pages, self.absences, self.counts, self.clock, self.options)
        self.live = Live("bybit", self.store, self.rings, self.shelf, *common)
        self.backfill = Backfill("bybit", self.store, *common, OptionalWork())

    async def kept(self, timeframe: Timeframe = FIVE, symbol: str = "BTCUSDT") -> Candles:
        """All that is written of a series."""
        await self.shelf.flush()
        return await self.store.between(a_series(symbol, timeframe), 0, 2**62)

    def ring(self, timeframe: Timeframe = FIVE, symbol: str = "BTCUSDT") -> Candles:
        """All that memory has of a series."""
        return self.rings.open(a_series(symbol, timeframe)).closed()

    def venue(self, timeframe: Timeframe = FIVE, symbol: str = "BTCUSDT") -> Candles:
        """All that the venue has of a series."""
        return self.source.past[MarketKind.SPOT, symbol, timeframe, PriceOf.TRADES]

    def asked(self) -> list[str]:
        """Pages that the venue was asked for."""
        return [one for one in self.source.asked if one.startswith("history")]

    def pass_time(self, seconds: float) -> int:
        """Let market and wire time pass; market time then."""
        self.clock.move(seconds)
        return int(self.clock.now().timestamp() * 1000)
