"""One candle, whole or still forming, and how candles are joined."""

from dataclasses import dataclass

import numpy as np

from engines.core.candle import Candles


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One candle, or the part of one that has formed so far."""

    time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def then(self, later: "Candle") -> "Candle":
        """This candle with what happened after it."""
        return Candle(
            time_ms=self.time_ms,
            open=self.open,
            high=max(self.high, later.high),
            low=min(self.low, later.low),
            close=later.close,
            volume=self.volume + later.volume,
        )

    def times(self, factor: float, decimals: int) -> "Candle":
        """The same candle with every price times `factor`, rounded."""
        if factor == 1.0:
            return self
        return Candle(
            time_ms=self.time_ms,
            open=round(self.open * factor, decimals),
            high=round(self.high * factor, decimals),
            low=round(self.low * factor, decimals),
            close=round(self.close * factor, decimals),
            volume=self.volume,
        )

    @classmethod
    def at(cls, time_ms: int, price: float) -> "Candle":
        """A moment at which nothing changes hands."""
        return cls(time_ms=time_ms, open=price, high=price, low=price, close=price, volume=0.0)


def summed(bars: Candles) -> Candle | None:
    """All of `bars` as one candle; `None` when there are none."""
    if not len(bars):
        return None
    return Candle(
        time_ms=int(bars.time_ms[0]),
        open=float(bars.open[0]),
        high=float(bars.high.max()),
        low=float(bars.low.min()),
        close=float(bars.close[-1]),
        volume=float(bars.volume.sum()),
    )


def joined(earlier: Candle | None, later: Candle | None) -> Candle | None:
    """Two candles as one; a missing one adds nothing."""
    if earlier is None or later is None:
        return earlier or later
    return earlier.then(later)


def one_row(candle: Candle, time_ms: int) -> Candles:
    """A candle as a series of one bar that opens at `time_ms`."""
    return Candles(
        time_ms=np.array([time_ms]),
        open=np.array([candle.open]),
        high=np.array([candle.high]),
        low=np.array([candle.low]),
        close=np.array([candle.close]),
        volume=np.array([candle.volume]),
    )
