"""Candles and series for tests, and their store in memory."""

from collections.abc import Sequence

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, empty, overlay
from engines.market.flaws import flaws
from ports.candles import Coverage, Series
from ports.errors import Refused

JANUARY_MS = 1_735_689_600_000  # 2025-01-01
"""A time at which candles of every timeframe open, if they are no longer than a day."""


def a_series(
    symbol: str = "BTCUSDT",
    timeframe: Timeframe = Timeframe.M5,
    *,
    kind: MarketKind = MarketKind.SPOT,
    venue: str = "bybit",
) -> Series:
    """The name of a run of candles."""
    return Series(venue=venue, kind=kind, symbol=symbol, timeframe=timeframe)


def some_candles(
    count: int,
    timeframe: Timeframe = Timeframe.M5,
    *,
    start_ms: int = JANUARY_MS,
    seed: int = 1,
    price: float = 87_000.0,
) -> Candles:
    """Sound candles of a seeded walk, one after the other."""
    rng = np.random.default_rng(seed)
    path = price * np.exp(np.cumsum(rng.normal(0, 0.002, count + 1)))
    opens, closes = path[:-1], path[1:]
    return Candles(
        time_ms=start_ms + np.arange(count, dtype=np.int64) * timeframe.ms,
        open=opens,
        high=np.maximum(opens, closes) * (1 + rng.uniform(0, 0.001, count)),
        low=np.minimum(opens, closes) * (1 - rng.uniform(0, 0.001, count)),
        close=closes,
        volume=rng.lognormal(3, 1, count),
    )


def rows_of(candles: Candles) -> list[tuple[float, ...]]:
    """The candles as rows, for comparing them exactly."""
    columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return list(zip(candles.time_ms.tolist(), *(column.tolist() for column in columns), strict=True))


class MemoryCandles:
    """`CandleStore` in memory. `failure`, while set, is raised by `coverage`."""

    def __init__(self) -> None:
        self._kept: dict[Series, Candles] = {}
        self.failure: Exception | None = None

    async def upsert(self, series: Series, candles: Candles) -> int:
        for row, flaw in flaws(candles, series.timeframe).items():
            raise Refused("bad_candles", series=series, row=row, why=flaw)
        old = self._kept.get(series, empty())
        if len(candles):
            self._kept[series] = overlay(candles, old)
        return len(set(rows_of(candles)) - set(rows_of(old)))

    async def last(self, series: Series, count: int, *, before_ms: int | None = None) -> Candles:
        kept = self._kept.get(series, empty())
        stop = len(kept) if before_ms is None else int(np.searchsorted(kept.time_ms, before_ms))
        return kept.rows(max(0, stop - max(count, 0)), stop)

    async def between(self, series: Series, start_ms: int, stop_ms: int) -> Candles:
        return between(self._kept.get(series, empty()), start_ms, stop_ms)

    async def coverage(self) -> Sequence[Coverage]:
        if self.failure is not None:
            raise self.failure
        return [
            Coverage(
                series=series,
                first_ms=int(kept.time_ms[0]),
                last_ms=int(kept.time_ms[-1]),
                count=len(kept),
            )
            for series, kept in sorted(self._kept.items())
            if len(kept)
        ]

    async def forget_before(self, series: Series, start_ms: int) -> int:
        kept = self._kept.get(series, empty())
        gone = int(np.searchsorted(kept.time_ms, start_ms))
        self._kept[series] = kept.rows(gone)
        return gone

    async def size_bytes(self) -> int:
        return sum(48 * len(kept) for kept in self._kept.values())

    async def close(self) -> None:
        return
