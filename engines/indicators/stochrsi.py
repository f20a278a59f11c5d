"""Stochastic RSI: where the RSI stands in its own recent range."""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import extremes, rsi, sma
from engines.indicators.kernel import bare, kernel


def size(lookback: int, k: int, d: int) -> int:
    """Numbers of state: the range of the RSI and the two averages."""
    return extremes.size(lookback) + sma.size(k) + sma.size(d)


@kernel
def step(state: FloatArray, at: int, strength: float, lookback: int, k: int, d: int) -> tuple[float, float]:
    """%K and %D, 0 to 100: the place of the RSI `strength` (NaN while it warms up) in its last `lookback`
    values, averaged over `k`, and that averaged over `d`. With an RSI of `length`, %K is defined from row
    `length + lookback + k - 2`, %D `d - 1` rows later."""
    if math.isnan(strength):
        return math.nan, math.nan
    in_k = at + extremes.RING + lookback
    in_d = in_k + sma.RING + k
    low, high = extremes.step(state, at, strength, lookback)
    if math.isnan(low):
        return math.nan, math.nan
    quick = sma.step(state, in_k, extremes.percent_between(strength, low, high), k)
    if math.isnan(quick):
        return math.nan, math.nan
    return quick, sma.step(state, in_d, quick, d)


@kernel
def over(
    strengths: FloatArray, state: FloatArray, values: FloatArray, length: int, lookback: int, k: int, d: int
) -> FloatArray:
    """One row of two a value. `strengths` is the state of the RSI."""
    in_rsi, cells, rows = bare(strengths), bare(state), np.empty((len(values), 2))
    for row in range(len(values)):
        strength = rsi.step(in_rsi, 0, values[row], length)
        rows[row, 0], rows[row, 1] = step(cells, 0, strength, lookback, k, d)
    return rows
