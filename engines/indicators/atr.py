"""Average true range, the usual measure of how far a price moves in one bar."""

import numpy as np

from engines.core.candle import Candles, FloatArray


def true_range(candles: Candles) -> FloatArray:
    """How far each bar moved from the close before it, in price; NaN for the first, which has none."""
    ranges = np.full(len(candles), np.nan)
    before = candles.close[:-1]
    high, low = candles.high[1:], candles.low[1:]
    ranges[1:] = np.maximum(high, before) - np.minimum(low, before)
    return ranges


def atr(candles: Candles, length: int = 14) -> FloatArray:
    """Wilder's ATR in price, one entry a bar.

    Seeded with the simple average of the first `length` true ranges, then smoothed by 1 / length: NaN before
    that, all NaN when there are no more than `length` bars. Raises `ValueError` when `length` is below 1.
    """
    if length < 1:
        raise ValueError(f"ATR length must be at least 1, not {length}")
    ranges = true_range(candles)
    averages = np.full(len(candles), np.nan)
    if len(candles) <= length:
        return averages
    average = float(np.mean(ranges[1 : length + 1]))
    averages[length] = average
    for index, value in enumerate(ranges[length + 1 :].tolist(), start=length + 1):
        average += (value - average) / length
        averages[index] = average
    return averages
