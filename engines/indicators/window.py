"""The last values of a series, kept in a ring."""

import math

from engines.core.candle import FloatArray
from engines.indicators.kernel import kernel

FILLED, _PLACE, VALUES = 0, 1, 2
"""How many values are in the ring, where the next one goes, and where the ring begins."""


def size(length: int) -> int:
    """Numbers of state that a window of `length` values needs."""
    return VALUES + length


@kernel
def push(state: FloatArray, at: int, value: float, length: int) -> float:
    """Take one more value in. The one that falls out for it, NaN while the window fills."""
    place = int(state[at + _PLACE])
    slot = at + VALUES + place
    left = math.nan
    if state[at + FILLED] < length:
        state[at + FILLED] += 1.0
    else:
        left = state[slot]
    state[slot] = value
    state[at + _PLACE] = place + 1.0 if place + 1 < length else 0.0
    return left


@kernel
def is_full(state: FloatArray, at: int, length: int) -> bool:
    """Whether as many values as the window holds have come."""
    filled: float = state[at + FILLED]
    return filled >= length


@kernel
def ago(state: FloatArray, at: int, bars: int, length: int) -> float:
    """The value `bars` before the newest, of a full window."""
    place = int(state[at + _PLACE]) - 1 - bars
    value: float = state[at + VALUES + (place if place >= 0 else place + length)]
    return value
