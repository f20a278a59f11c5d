"""Exponential moving average."""

import numpy as np

from engines.core.candle import FloatArray


def ema_step(previous: float, value: float, length: int) -> float:
    """The average after one more `value`, with smoothing 2 / (length + 1)."""
    return previous + (value - previous) * (2.0 / (length + 1))


def ema(values: FloatArray, length: int) -> FloatArray:
    """EMA of `values`, one entry a value.

    Seeded with the simple average of the first `length` values, as charting platforms do: NaN before that,
    all NaN when there are fewer. The seed still weighs about 2 % after 2 lengths and 1e-7 after 8, so that
    histories which start at different times agree only from there on. A NaN in `values` makes every later
    entry NaN.

    Raises `ValueError` when `length` is below 1.
    """
    if length < 1:
        raise ValueError(f"EMA length must be at least 1, not {length}")
    averages = np.full(len(values), np.nan)
    if len(values) < length:
        return averages
    average = float(np.mean(values[:length]))
    averages[length - 1] = average
    for index, value in enumerate(values[length:].tolist(), start=length):
        average = ema_step(average, value, length)
        averages[index] = average
    return averages
