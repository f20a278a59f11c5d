"""On-balance volume."""

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators.kernel import bare, kernel

_HAS_BEFORE, _CLOSE, _BALANCE = 0, 1, 2
SIZE = 3


@kernel
def step(state: FloatArray, at: int, close: float, volume: float) -> float:
    """Volume of the bars that closed higher less that of those that closed lower, in the base coin. Starts
    at 0 with the first bar: only its changes mean something, its height depends on where history begins."""
    if state[at + _HAS_BEFORE] == 0.0:
        state[at + _HAS_BEFORE] = 1.0
    elif close > state[at + _CLOSE]:
        state[at + _BALANCE] += volume
    elif close < state[at + _CLOSE]:
        state[at + _BALANCE] -= volume
    state[at + _CLOSE] = close
    balance: float = state[at + _BALANCE]
    return balance


@kernel
def over(state: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    """One entry a bar."""
    cells, balances = bare(state), np.empty(len(close))
    for row in range(len(close)):
        balances[row] = step(cells, 0, close[row], volume[row])
    return balances
