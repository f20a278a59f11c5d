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
def _moves(high: float, low: float, high_before: float, low_before: float) -> tuple[float, float]:
    """How far a bar reached beyond the one before it, up and down; only the farther of them counts."""
    rise, fall = high - high_before, low_before - low
    up = rise if rise > fall and rise > 0.0 else 0.0
    down = fall if fall > rise and fall > 0.0 else 0.0
    return up, down


@kernel
def step(
    state: FloatArray, at: int, high: float, low: float, close: float, length: int
) -> tuple[float, float, float]:
    """ADX, +DI and -DI, each 0 to 100, Wilder's. The DIs are defined from row `length`, the ADX from row
    `2 * length - 1`. All are 0 where prices do not move: there is no direction."""
    rise, fall = _moves(high, low, state[at + _HIGH], state[at + _LOW])
    moved = reach(high, low, state[at + _CLOSE])
    state[at + _HIGH], state[at + _LOW], state[at + _CLOSE] = high, low, close
    if state[at + _HAS_BEFORE] == 0.0:
        state[at + _HAS_BEFORE] = 1.0
        return math.nan, math.nan, math.nan
    up = smoothing.wilder(state, at + _UP, rise, length)
    down = smoothing.wilder(state, at + _DOWN, fall, length)
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


@kernel
def column(high: FloatArray, low: FloatArray, close: FloatArray, length: int) -> FloatArray:
    """The ADX alone of a whole history: nothing is remembered in between, so it is quicker."""
    trends, weight, seen = np.empty(len(close)), 1.0 / length, 0.0
    trends[:1] = math.nan
    up, down, whole, trend = 0.0, 0.0, 0.0, 0.0
    for row in range(1, len(close)):
        rise, fall = _moves(high[row], low[row], high[row - 1], low[row - 1])
        moved, bars = reach(high[row], low[row], close[row - 1]), float(row)
        up = smoothing.followed(up, bars, rise, length, weight)
        down = smoothing.followed(down, bars, fall, length, weight)
        whole = smoothing.followed(whole, bars, moved, length, weight)
        trends[row] = math.nan
        if row >= length and not math.isnan(whole):
            seen += 1.0
            plus, minus = _share(up, whole), _share(down, whole)
            share = _share(abs(plus - minus), plus + minus)
            trend = smoothing.followed(trend, seen, share, length, weight)
            if seen >= length:
                trends[row] = trend
    return trends
