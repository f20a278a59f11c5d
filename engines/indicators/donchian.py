"""Donchian channel."""

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import extremes
from engines.indicators.kernel import bare, kernel


def size(length: int) -> int:
    """Numbers of state: the ranges of lows and of highs."""
    return 2 * extremes.size(length)


@kernel
def step(state: FloatArray, at: int, high: float, low: float, length: int) -> tuple[float, float, float]:
    """Lowest low, the middle, and highest high of the `length` bars before this one, so that a bar can break
    out of the channel. First defined at row `length`."""
    in_highs = at + extremes.RING + length
    lower, _ = extremes.known(state, at, length)
    _, upper = extremes.known(state, in_highs, length)
    extremes.step(state, at, low, length)
    extremes.step(state, in_highs, high, length)
    return lower, 0.5 * (lower + upper), upper


@kernel
def over(state: FloatArray, high: FloatArray, low: FloatArray, length: int) -> FloatArray:
    """One row of three a bar."""
    cells, rows = bare(state), np.empty((len(high), 3))
    for row in range(len(high)):
        rows[row, 0], rows[row, 1], rows[row, 2] = step(cells, 0, high[row], low[row], length)
    return rows
