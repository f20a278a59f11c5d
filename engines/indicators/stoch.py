"""Stochastic oscillator: where the close stands in the recent range."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import extremes, sma
from engines.indicators.kernel import bare, kernel


def size(lookback: int, k: int, d: int) -> int:
    """Numbers of state: the ranges of highs and lows, and the two averages."""
    return 2 * extremes.size(lookback) + sma.size(k) + sma.size(d)


@kernel
def step(
    state: FloatArray, at: int, high: float, low: float, close: float, lookback: int, k: int, d: int
) -> tuple[float, float]:
    """%K and %D, 0 to 100: the place of the close between the lowest low and the highest high of `lookback`
    bars, averaged over `k`, and that averaged over `d`. %K is defined from row `lookback + k - 2`, %D
    `d - 1` rows later."""
    in_lows = at + extremes.RING + lookback
    in_k = in_lows + extremes.RING + lookback
    in_d = in_k + sma.RING + k
    _, top = extremes.step(state, at, high, lookback)
    bottom, _ = extremes.step(state, in_lows, low, lookback)
    if math.isnan(top):
        return math.nan, math.nan
    quick = sma.step(state, in_k, extremes.percent_between(close, bottom, top), k)
    if math.isnan(quick):
        return math.nan, math.nan
    return quick, sma.step(state, in_d, quick, d)


@kernel
def over(
    state: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    lookback: int,
    k: int,
    d: int,
) -> FloatArray:
    """One row of two a bar."""
    cells, rows = bare(state), np.empty((len(close), 2))
    for row in range(len(close)):
        rows[row, 0], rows[row, 1] = step(cells, 0, high[row], low[row], close[row], lookback, k, d)
    return rows
