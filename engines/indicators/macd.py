"""Moving average convergence and divergence."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import ema
from engines.indicators.kernel import bare, kernel

_FAST, _SLOW, _SIGNAL = 0, ema.SIZE, 2 * ema.SIZE
SIZE = 3 * ema.SIZE


@kernel
def step(
    state: FloatArray, at: int, value: float, fast: int, slow: int, signal: int
) -> tuple[float, float, float]:
    """The distance between the fast and the slow EMA, its own EMA, and the distance of those two (the
    histogram). The first is defined from row `slow - 1`, the others `signal - 1` rows later."""
    quick = ema.step(state, at + _FAST, value, fast)
    distance = quick - ema.step(state, at + _SLOW, value, slow)
    if math.isnan(distance):
        return math.nan, math.nan, math.nan
    average = ema.step(state, at + _SIGNAL, distance, signal)
    return distance, average, distance - average


@kernel
def over(state: FloatArray, values: FloatArray, fast: int, slow: int, signal: int) -> FloatArray:
    """One row of three a value."""
    cells, rows = bare(state), np.empty((len(values), 3))
    for row in range(len(values)):
        rows[row, 0], rows[row, 1], rows[row, 2] = step(cells, 0, values[row], fast, slow, signal)
    return rows
