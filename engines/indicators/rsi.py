"""Relative strength index."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import smoothing
from engines.indicators.kernel import bare, kernel

_HAS_BEFORE, _BEFORE, _GAIN, _LOSS = 0, 1, 2, 2 + smoothing.SIZE
SIZE = 2 + 2 * smoothing.SIZE


@kernel
def step(state: FloatArray, at: int, value: float, length: int) -> float:
    """Wilder's RSI, 0 to 100. First defined at row `length`. 50 while the price has never moved: neither
    side is stronger."""
    change = value - state[at + _BEFORE]
    state[at + _BEFORE] = value
    if state[at + _HAS_BEFORE] == 0.0:
        state[at + _HAS_BEFORE] = 1.0
        return math.nan
    gain = smoothing.wilder(state, at + _GAIN, max(change, 0.0), length)
    loss = smoothing.wilder(state, at + _LOSS, max(-change, 0.0), length)
    if math.isnan(gain):
        return math.nan
    return 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0


@kernel
def over(state: FloatArray, values: FloatArray, length: int) -> FloatArray:
    """One entry a value."""
    cells, strengths = bare(state), np.empty(len(values))
    for row in range(len(values)):
        strengths[row] = step(cells, 0, values[row], length)
    return strengths
