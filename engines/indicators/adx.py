"""Average directional index: how strong a trend is, and which side leads."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import smoothing
from engines.indicators.atr import reach
from engines.indicators.kernel import bare, kernel

_HAS_BEFORE, _HIGH, _LOW, _CLOSE = 0, 1, 2, 3
_UP, _DOWN, _RANGE, _TREND = 4, 4 + smoothing.SIZE, 4 + 2 * smoothing.SIZE, 4 + 3 * smoothing.SIZE
SIZE = 4 + 4 * smoothing.SIZE


@kernel
def _share(part: float, whole: float) -> float:
    """`part` of `whole` in percent; of nothing, nothing."""
    return 100.0 * part / whole if whole > 0.0 else 0.0


@kernel
def step(
    state: FloatArray, at: int, high: float, low: float, close: float, length: int
) -> tuple[float, float, float]:
    """ADX, +DI and -DI, each 0 to 100, Wilder's. The DIs are defined from row `length`, the ADX from row
    `2 * length - 1`. All are 0 where prices do not move: there is no direction."""
    rise, fall = high - state[at + _HIGH], state[at + _LOW] - low
    moved = reach(high, low, state[at + _CLOSE])
    state[at + _HIGH], state[at + _LOW], state[at + _CLOSE] = high, low, close
    if state[at + _HAS_BEFORE] == 0.0:
        state[at + _HAS_BEFORE] = 1.0
        return math.nan, math.nan, math.nan
    up = smoothing.wilder(state, at + _UP, rise if rise > fall and rise > 0.0 else 0.0, length)
    down = smoothing.wilder(state, at + _DOWN, fall if fall > rise and fall > 0.0 else 0.0, length)
    whole = smoothing.wilder(state, at + _RANGE, moved, length)
    if math.isnan(whole):
        return math.nan, math.nan, math.nan
    plus, minus = _share(up, whole), _share(down, whole)
    trend = smoothing.wilder(state, at + _TREND, _share(abs(plus - minus), plus + minus), length)
    return trend, plus, minus


@kernel
def over(state: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, length: int) -> FloatArray:
    """One row of three a bar."""
    cells, rows = bare(state), np.empty((len(close), 3))
    for row in range(len(close)):
        trend, plus, minus = step(cells, 0, high[row], low[row], close[row], length)
        rows[row, 0], rows[row, 1], rows[row, 2] = trend, plus, minus
    return rows
