"""Standard deviation of the last values, and their mean."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import window
from engines.indicators.kernel import bare, kernel
from engines.indicators.window import VALUES
from engines.indicators.window import size as size


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> tuple[float, float]:
    """Mean and population deviation of the last `length` values. First defined at row `length - 1`.

    Summed anew at every bar, as distances from the newest value: nothing can drift, equal values give
    exactly zero, and large prices lose no digits (relative error of the variance about length * 1e-16).
    """
    window.push(state, at, value, length)
    if not window.is_full(state, at, length):
        return math.nan, math.nan
    total, squares = 0.0, 0.0
    for slot in range(at + VALUES, at + VALUES + length):
        distance = state[slot] - value
        total += distance
        squares += distance * distance
    shift = total / length
    return value + shift, math.sqrt(max(squares / length - shift * shift, 0.0))


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """The deviation, one entry a value."""
    cells, deviations = bare(state), np.empty(len(values))
    for row in range(len(values)):
        deviations[row] = step(cells, 0, values[row], length)[1]
    return deviations
