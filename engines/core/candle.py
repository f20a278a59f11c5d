"""Columns of candles, the form in which price history crosses every floor."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from engines.core.instrument import MarketKind
from engines.core.moment import utc
from engines.core.timeframe import Timeframe

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles:
    """Equal-length columns of one symbol and timeframe, oldest first.

    `time_ms` holds open times (UTC epoch milliseconds, strictly rising; a missing candle is absent,
    never invented). Prices are in the quote currency, `volume` in the base coin. The last row may be
    the candle still forming: `closed_before(now_ms, length_ms)` drops it.

    Raises `ValueError` when the columns differ in length.
    """

    time_ms: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __post_init__(self) -> None:
        lengths = {
            len(column) for column in (self.time_ms, self.open, self.high, self.low, self.close, self.volume)
        }
        if len(lengths) != 1:
            raise ValueError(f"candle columns differ in length: {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.time_ms)

    def rows(self, start: int | None, stop: int | None = None) -> "Candles":
        """Rows `start:stop`, as views of the same memory."""
        part = slice(start, stop)
        return Candles(
            time_ms=self.time_ms[part],
            open=self.open[part],
            high=self.high[part],
            low=self.low[part],
            close=self.close[part],
            volume=self.volume[part],
        )

    def closed_before(self, now_ms: int, length_ms: int) -> "Candles":
        """Only candles of `length_ms` that had closed at `now_ms`."""
        return self.rows(0, int(np.searchsorted(self.time_ms, now_ms - length_ms, side="right")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One candle as a stream tells it. `at_ms` is the market time of the telling; a bar that `is_closed`
    changes no more."""

    symbol: str
    kind: MarketKind
    timeframe: Timeframe
    time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    is_closed: bool
    at_ms: int

    @property
    def at(self) -> datetime:
        """Market time of the telling, aware UTC."""
        return utc(self.at_ms)
