"""Frames made up for a test: an uptrend unless said otherwise."""

import math
from typing import Any

import numpy as np

from engines.core.timeframe import Timeframe
from engines.indicators.columns import HOT
from engines.indicators.frame import Frame
from tests.build.clock import NOON

_USUAL = {
    "ema9": 108.0,
    "ema21": 105.0,
    "ema50": 102.0,
    "ema200": 95.0,
    "rsi14": 45.0,
    "atr14": 5.0,
    "atr_norm": 5.0,
    "adx14": 30.0,
    "di_plus": 28.0,
    "di_minus": 14.0,
    "volume_sma20": 1000.0,
}


def a_frame(
    timeframe: Timeframe = Timeframe.D1,
    *,
    close: float = 110.0,
    volume: float = 1500.0,
    before: dict[str, float] | None = None,
    **values: Any,
) -> Frame:
    """The bar that closed last at noon, with these indicators; those of the bar before are the same but for
    `before`. What is not named is not known."""
    known = _USUAL | values
    earlier = known | (before or {})
    noon_ms = int(NOON.timestamp() * 1000)
    return Frame(
        timeframe=timeframe,
        time_ms=timeframe.floor(noon_ms) - timeframe.ms,
        open=close,
        high=close * 1.01,
        low=close * 0.99,
        close=close,
        volume=volume,
        close_before=close,
        now=np.array([known.get(name, math.nan) for name in HOT]),
        before=np.array([earlier.get(name, math.nan) for name in HOT]),
        swings=np.empty((0, 3)),
    )
