"""A market that rises in waves, made up so that signals come: five-minute candles around a price of 100."""

import numpy as np

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe

STEP = Timeframe.M5.ms


def a_trend(days: int, *, start_ms: int, seed: int = 3, rise: float = 0.00006) -> Candles:
    """Sound candles with two decimals and seldom quiet volume; `rise` is that of one candle."""
    count = days * Timeframe.D1.ms // STEP
    rng = np.random.default_rng(seed)
    waves = 0.02 * np.sin(np.arange(count + 1) * 2 * np.pi / 400)
    walk = np.cumsum(rng.normal(rise, 0.0012, count + 1))
    path = np.round(100.0 * np.exp(walk + waves), 2)
    opens, closes = path[:-1], path[1:]
    wick = np.round(opens * 0.0008 * rng.random((2, count)), 2)
    return Candles(
        time_ms=start_ms + np.arange(count, dtype=np.int64) * STEP,
        open=opens,
        high=np.round(np.maximum(opens, closes) + wick[0], 2),
        low=np.round(np.minimum(opens, closes) - wick[1], 2),
        close=closes,
        volume=np.round(rng.lognormal(3, 0.6, count), 3),
    )
