"""Average true range, the usual measure of how far a price moves in one bar."""

import math

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.indicators import smoothing
from engines.indicators.kernel import bare, kernel, plain

_HAS_BEFORE, _CLOSE, _AVERAGE = 0, 1, 2
SIZE = 2 + smoothing.SIZE


@kernel
def reach(high: float, low: float, close_before: float) -> float:
    """True range: how far a bar moved from the close before it, in price."""
    return max(high, close_before) - min(low, close_before)


@kernel
def step(state: FloatArray, at: int, high: float, low: float, close: float, length: int) -> float:
    """Wilder's ATR in price. First defined at row `length`, for the first bar has no close before it."""
    close_before = state[at + _CLOSE]
    state[at + _CLOSE] = close
    if state[at + _HAS_BEFORE] == 0.0:
        state[at + _HAS_BEFORE] = 1.0
        return math.nan
    return smoothing.wilder(state, at + _AVERAGE, reach(high, low, close_before), length)


@kernel
def over(state: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, length: int) -> FloatArray:
    """One entry a bar."""
    cells, ranges = bare(state), np.empty(len(close))
    for row in range(len(close)):
        ranges[row] = step(cells, 0, high[row], low[row], close[row], length)
    return ranges


@kernel
def column(high: FloatArray, low: FloatArray, close: FloatArray, length: int) -> FloatArray:
    """The same of a whole history: nothing is remembered in between, so it is quicker."""
    ranges, average, weight = np.empty(len(close)), 0.0, 1.0 / length
    ranges[:length] = math.nan
    for row in range(1, len(close)):
        moved = reach(high[row], low[row], close[row - 1])
        average = smoothing.followed(average, float(row), moved, length, weight)
        if row >= length:
            ranges[row] = average
    return ranges


def atr(candles: Candles, length: int = 14) -> FloatArray:
    """Wilder's ATR in price, one entry a bar.

    Seeded with the simple average of the first `length` true ranges, then smoothed by 1 / length: NaN before
    that, all NaN when there are no more than `length` bars. Raises `ValueError` when `length` is below 1.
    """
    if length < 1:
        raise ValueError(f"ATR length must be at least 1, not {length}")
    return over(np.zeros(SIZE), plain(candles.high), plain(candles.low), plain(candles.close), length)
