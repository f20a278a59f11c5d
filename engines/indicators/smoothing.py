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
    state[at + _SEEN] = seen
    average: float = state[at + _AVERAGE]
    average += (value - average) * weight if seen > length else value
    if seen == length:
        average /= length
    state[at + _AVERAGE] = average
    return average if seen >= length else math.nan


@kernel
def wilder(state: FloatArray, at: int, value: float, length: int) -> float:
    """Wilder's average: the weight of a new value is 1 / length."""
    return smooth(state, at, value, length, 1.0 / length)
