"""Volume-weighted average price of a session."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators.kernel import bare, kernel

_SESSION, _MONEY, _VOLUME = 0, 1, 2
SIZE = 3
DAY_MS = 86_400_000


@kernel
def step(
    state: FloatArray,
    at: int,
    time_ms: float,
    high: float,
    low: float,
    close: float,
    volume: float,
    session_ms: int,
) -> float:
    """The average of (high + low + close) / 3, weighted by volume, since the session began; sessions follow
    each other from the epoch on, so those of a day begin at midnight UTC. NaN until something was traded in
    the session: a price that nobody paid is no average."""
    session = math.floor(time_ms / session_ms)
    if session != state[at + _SESSION]:
        state[at + _SESSION], state[at + _MONEY], state[at + _VOLUME] = session, 0.0, 0.0
    state[at + _MONEY] += (high + low + close) / 3.0 * volume
    state[at + _VOLUME] += volume
    return state[at + _MONEY] / state[at + _VOLUME] if state[at + _VOLUME] > 0.0 else math.nan


@kernel
def over(
    state: FloatArray,
    time_ms: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    session_ms: int,
) -> FloatArray:
    """One entry a bar."""
    cells, averages = bare(state), np.empty(len(close))
    for row in range(len(close)):
        averages[row] = step(cells, 0, time_ms[row], high[row], low[row], close[row], volume[row], session_ms)
    return averages
