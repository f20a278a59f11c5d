"""Simple moving average."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import window
from engines.indicators.kernel import bare, kernel

_TOTAL, _LOST, _WINDOW = 0, 1, 2
RING = _WINDOW + window.VALUES
"""The running total, what its rounding lost (Knuth), the window, and where its ring begins."""


def size(length: int) -> int:
    """Numbers of state."""
    return _WINDOW + window.size(length)


@kernel
def _added(before: float, lost: float, value: float) -> tuple[float, float]:
    """The total after one more `value`, and what rounding lost by then."""
    total = before + value
    taken = total - before
    return total, lost + ((before - (total - taken)) + (value - taken))


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> float:
    """The average of the last `length` values. First defined at row `length - 1`. The total is compensated:
    it does not drift, also when a value leaves that was a billion times the others."""
    left = window.push(state, at + _WINDOW, value, length)
    total, lost = _added(state[at + _TOTAL], state[at + _LOST], value)
    if not math.isnan(left):
        total, lost = _added(total, lost, -left)
    state[at + _TOTAL], state[at + _LOST] = total, lost
    return (total + lost) / length if window.is_full(state, at + _WINDOW, length) else math.nan


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """One entry a value."""
    cells, averages = bare(state), np.empty(len(values))
    for row in range(len(values)):
        averages[row] = step(cells, 0, values[row], length)
    return averages


@kernel
def column(values: FloatArray, length: int) -> FloatArray:
    """The same of a whole history: nothing is remembered in between, so it is quicker. A NaN need not be kept
    from leaving, for no total is a number again after one."""
    averages, total, lost = np.empty(len(values)), 0.0, 0.0
    averages[: length - 1] = math.nan
    for row in range(len(values)):
        total, lost = _added(total, lost, values[row])
        if row >= length:
            total, lost = _added(total, lost, -values[row - length])
        if row + 1 >= length:
            averages[row] = (total + lost) / length
    return averages
