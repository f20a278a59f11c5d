"""The steps in which recorded numbers move, for markets of which nobody tells the grid."""

from decimal import Decimal
from typing import Final

import numpy as np

from engines.core.candle import Candles, FloatArray

MOST_DECIMALS: Final = 10
"""No market moves in finer steps; numbers with more decimals are averages or noise."""

_SLACK: Final = 8 * float(np.finfo(np.float64).eps)


def step_of(values: FloatArray) -> Decimal:
    """The largest of 1, 0.1, 0.01… of which all `values` are multiples, or 1e-10 where none is coarse enough.

    A step above 1 is not looked for: that prices happen to be whole hundreds does not make them the grid.
    """
    left = np.unique(np.abs(values))
    for decimals in range(MOST_DECIMALS):
        scaled = left * 10.0**decimals
        left = left[np.abs(scaled - np.rint(scaled)) > scaled * _SLACK]
        if not len(left):
            return Decimal(1).scaleb(-decimals)
    return Decimal(1).scaleb(-MOST_DECIMALS)


def on_grid(candles: Candles, tick: Decimal) -> tuple[Candles, int]:
    """The candles with every price on the grid (to the nearest tick, never below one), and how many candles
    that moved."""
    columns = (candles.open, candles.high, candles.low, candles.close)
    moved = [_to_grid(column, tick) for column in columns]
    is_moved = np.zeros(len(candles), dtype=np.bool_)
    for before, after in zip(columns, moved, strict=True):
        is_moved |= np.abs(after - before) > before * _SLACK
    if not is_moved.any():
        return candles, 0
    opens, highs, lows, closes = moved
    return Candles(
        time_ms=candles.time_ms, open=opens, high=highs, low=lows, close=closes, volume=candles.volume
    ), int(is_moved.sum())


def _to_grid(prices: FloatArray, tick: Decimal) -> FloatArray:
    """The floats nearest to the decimals: `ticks * 0.01` would miss many of them, a division does not."""
    numerator, denominator = tick.as_integer_ratio()
    ticks = np.maximum(1.0, np.rint(prices * denominator / numerator))
    return ticks * numerator / denominator
