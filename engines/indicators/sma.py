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
def _add(state: FloatArray, at: int, value: float) -> None:
    before = state[at + _TOTAL]
    total = before + value
    taken = total - before
    state[at + _TOTAL] = total
    state[at + _LOST] += (before - (total - taken)) + (value - taken)


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> float:
    """The average of the last `length` values. First defined at row `length - 1`. The total is compensated:
    it does not drift, also when a value leaves that was a billion times the others."""
    left = window.push(state, at + _WINDOW, value, length)
    _add(state, at, value)
    if not math.isnan(left):
        _add(state, at, -left)
    if not window.is_full(state, at + _WINDOW, length):
        return math.nan
    total: float = state[at + _TOTAL] + state[at + _LOST]
    return total / length


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """One entry a value."""
    cells, averages = bare(state), np.empty(len(values))
    for row in range(len(values)):
        averages[row] = step(cells, 0, values[row], length)
    return averages
