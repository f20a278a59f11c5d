"""Weighted moving average."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import window
from engines.indicators.kernel import bare, kernel
from engines.indicators.window import size as size


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> float:
    """The average of the last `length` values, the newest counting `length` times, the oldest once. First
    defined at row `length - 1`."""
    window.push(state, at, value, length)
    if not window.is_full(state, at, length):
        return math.nan
    total = 0.0
    for bars in range(length):
        total += window.ago(state, at, bars, length) * (length - bars)
    return total / (0.5 * length * (length + 1.0))


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """One entry a value."""
    cells, averages = bare(state), np.empty(len(values))
    for row in range(len(values)):
        averages[row] = step(cells, 0, values[row], length)
    return averages
