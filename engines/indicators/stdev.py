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
    exactly zero, and large prices lose no digits (relative error of the variance about length * 1e-16). Two
    sums at a time, for with one the processor would wait for each addition.
    """
    window.push(state, at, value, length)
    if not window.is_full(state, at, length):
        return math.nan, math.nan
    total, squares, total_odd, squares_odd = 0.0, 0.0, 0.0, 0.0
    for slot in range(at + VALUES + length % 2, at + VALUES + length, 2):
        even, odd = state[slot] - value, state[slot + 1] - value
        total, squares = total + even, squares + even * even
        total_odd, squares_odd = total_odd + odd, squares_odd + odd * odd
    if length % 2:
        first = state[at + VALUES] - value
        total, squares = total + first, squares + first * first
    shift = (total + total_odd) / length
    return value + shift, math.sqrt(max((squares + squares_odd) / length - shift * shift, 0.0))


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """The deviation, one entry a value."""
    cells, deviations = bare(state), np.empty(len(values))
    for row in range(len(values)):
        deviations[row] = step(cells, 0, values[row], length)[1]
    return deviations
