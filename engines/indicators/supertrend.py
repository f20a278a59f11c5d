"""Supertrend: a trailing band that turns when the close passes it."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import atr
from engines.indicators.kernel import bare, kernel

_CLOSE, _LOWER, _UPPER, _SIDE, _ATR = 0, 1, 2, 3, 4
SIZE = 4 + atr.SIZE


@kernel
def _trail(state: FloatArray, at: int, lower: float, upper: float) -> None:
    """Move the bands nearer to the price, or anew where the close before had passed them."""
    close_before = state[at + _CLOSE]
    if lower > state[at + _LOWER] or close_before < state[at + _LOWER]:
        state[at + _LOWER] = lower
    if upper < state[at + _UPPER] or close_before > state[at + _UPPER]:
        state[at + _UPPER] = upper


@kernel
def step(
    state: FloatArray, at: int, high: float, low: float, close: float, length: int, multiplier: float
) -> tuple[float, float]:
    """The band, `multiplier` ATRs from the middle of the bar, and its side: +1 below the price (up-trend), -1
    above it. First defined at row `length`."""
    average = atr.step(state, at + _ATR, high, low, close, length)
    if math.isnan(average):
        state[at + _CLOSE] = close
        return math.nan, math.nan
    middle = 0.5 * (high + low)
    lower, upper = middle - multiplier * average, middle + multiplier * average
    if state[at + _SIDE] == 0.0:
        state[at + _LOWER], state[at + _UPPER] = lower, upper
        state[at + _SIDE] = 1.0 if close >= middle else -1.0
    _trail(state, at, lower, upper)
    passed = state[at + _LOWER] if state[at + _SIDE] > 0.0 else state[at + _UPPER]
    state[at + _SIDE] = 1.0 if close > passed else -1.0
    state[at + _CLOSE] = close
    return state[at + _LOWER] if state[at + _SIDE] > 0.0 else state[at + _UPPER], state[at + _SIDE]


@kernel
def over(
    state: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, length: int, multiplier: float
) -> FloatArray:
    """One row of two a bar."""
    cells, rows = bare(state), np.empty((len(close), 2))
    for row in range(len(close)):
        band, side = step(cells, 0, high[row], low[row], close[row], length, multiplier)
        rows[row, 0], rows[row, 1] = band, side
    return rows
