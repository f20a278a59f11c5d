"""The running average behind EMA, RSI, ATR and ADX: `average += (value - average) * weight`."""

import math

from engines.core.candle import FloatArray
from engines.indicators.kernel import kernel

SIZE = 2
_SEEN, _AVERAGE = 0, 1


@kernel
def smooth(state: FloatArray, at: int, value: float, length: int, weight: float) -> float:
    """The average after one more `value`, seeded with the simple average of the first `length` values: NaN
    before that. A NaN in `value` makes every later result NaN."""
    seen = state[at + _SEEN] + 1.0
    average = followed(state[at + _AVERAGE], seen, value, length, weight)
    state[at + _SEEN], state[at + _AVERAGE] = seen, average
    return average if seen >= length else math.nan


@kernel
def followed(average: float, seen: float, value: float, length: int, weight: float) -> float:
    """What is kept as the average after `value`, the one that makes `seen`; their sum before there are
    `length` of them."""
    if seen > length:
        return average + (value - average) * weight
    return (average + value) / length if seen == length else average + value


@kernel
def wilder(state: FloatArray, at: int, value: float, length: int) -> float:
    """Wilder's average: the weight of a new value is 1 / length."""
    return smooth(state, at, value, length, 1.0 / length)
