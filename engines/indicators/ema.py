"""Exponential moving average."""

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators.kernel import bare, kernel, plain
from engines.indicators.smoothing import SIZE as SIZE
from engines.indicators.smoothing import smooth


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> float:
    """The average after one more `value`, with smoothing 2 / (length + 1). First defined at row
    `length - 1`."""
    return smooth(state, at, value, length, 2.0 / (length + 1.0))


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """One entry a value."""
    cells, averages = bare(state), np.empty(len(values))
    for row in range(len(values)):
        averages[row] = step(cells, 0, values[row], length)
    return averages


def ema(values: FloatArray, length: int) -> FloatArray:
    """EMA of `values`, one entry a value.

    Seeded with the simple average of the first `length` values, as charting platforms do: NaN before that,
    all NaN when there are fewer. The seed still weighs about 2 % after 2 lengths and 1e-7 after 8, so that
    histories which start at different times agree only from there on. A NaN in `values` makes every later
    entry NaN.

    Raises `ValueError` when `length` is below 1.
    """
    if length < 1:
        raise ValueError(f"EMA length must be at least 1, not {length}")
    return over(np.zeros(SIZE), plain(values), length)
