"""Double exponential moving average."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import ema, smoothing
from engines.indicators.kernel import bare, kernel

_FIRST, _SECOND = 0, ema.SIZE
SIZE = 2 * ema.SIZE


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> float:
    """Twice the EMA less the EMA of the EMA, which begins with the first average. First defined at row
    `length - 1`."""
    average = ema.step(state, at + _FIRST, value, length)
    if math.isnan(average):
        return math.nan
    return 2.0 * average - smoothing.smooth(state, at + _SECOND, average, 1, 2.0 / (length + 1.0))


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """One entry a value."""
    cells, averages = bare(state), np.empty(len(values))
    for row in range(len(values)):
        averages[row] = step(cells, 0, values[row], length)
    return averages
