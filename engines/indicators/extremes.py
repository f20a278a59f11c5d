"""The lowest and the highest of the last values."""

import math

from engines.core.candle import FloatArray
from engines.indicators import window
from engines.indicators.kernel import kernel

_LOWEST, _HIGHEST, _WINDOW = 0, 1, 2
RING = _WINDOW + window.VALUES


def size(length: int) -> int:
    """Numbers of state: both extremes and the window."""
    return RING + length


@kernel
def known(state: FloatArray, at: int, length: int) -> tuple[float, float]:
    """Lowest and highest of the last `length` values, NaN before there are as many."""
    if not window.is_full(state, at + _WINDOW, length):
        return math.nan, math.nan
    return state[at + _LOWEST], state[at + _HIGHEST]


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> tuple[float, float]:
    """Lowest and highest of the last `length` values. First defined at row `length - 1`. The window is
    searched only when one of them falls out of it."""
    left = window.push(state, at + _WINDOW, value, length)
    low, high = state[at + _LOWEST], state[at + _HIGHEST]
    if math.isnan(left) or left in (low, high):
        low, high = value, value
        for slot in range(at + RING, at + RING + int(state[at + _WINDOW + window.FILLED])):
            low, high = min(low, state[slot]), max(high, state[slot])
    else:
        low, high = min(low, value), max(high, value)
    state[at + _LOWEST], state[at + _HIGHEST] = low, high
    return known(state, at, length)


@kernel
def percent_between(value: float, low: float, high: float) -> float:
    """Where `value` stands between `low` (0) and `high` (100). 50 when the two are equal: without a range
    nothing is overbought or oversold."""
    return 100.0 * (value - low) / (high - low) if high > low else 50.0
