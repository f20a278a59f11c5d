"""Bollinger bands."""

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import stdev
from engines.indicators.kernel import bare, kernel
from engines.indicators.stdev import size as size


@kernel
def step(state: FloatArray, at: int, value: float, length: int, width: float) -> tuple[float, float, float]:
    """Lower band, middle (the simple average) and upper band, `width` population deviations apart from it.
    First defined at row `length - 1`."""
    middle, deviation = stdev.step(state, at, value, length)
    return middle - width * deviation, middle, middle + width * deviation


@kernel
def over(state: FloatArray, values: FloatArray, length: int, width: float) -> FloatArray:
    """One row of three a value."""
    cells, bands = bare(state), np.empty((len(values), 3))
    for row in range(len(values)):
        bands[row, 0], bands[row, 1], bands[row, 2] = step(cells, 0, values[row], length, width)
    return bands
