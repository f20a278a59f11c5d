"""Rules of the trend: which way a market goes on 4 hours and on a day."""

import math
from typing import Final

from engines.indicators.frame import Frame
from engines.signals.rule import Reading, Role, Rule, side

ADX_TRENDS: Final = 20.0
"""ADX below which there is no trend to speak of."""


def _average_trend(frame: Frame) -> Reading:
    ema50, ema200 = frame.value("ema50"), frame.value("ema200")
    return side(ema50, ema200), {"ema50": ema50, "ema200": ema200}


def _price_side(frame: Frame) -> Reading:
    ema200 = frame.value("ema200")
    return side(frame.close, ema200), {"close": frame.close, "ema200": ema200}


def _fast_cross(frame: Frame) -> Reading:
    ema9, ema21 = frame.value("ema9"), frame.value("ema21")
    return side(ema9, ema21), {"ema9": ema9, "ema21": ema21}


def _structure(frame: Frame) -> Reading:
    """Higher lows without lower highs, or the other way round, among the levels that stand: a high that the
    market has closed beyond is none any more."""
    prices, kinds = frame.swings[:, 0], frame.swings[:, 2]
    highs, lows = prices[kinds > 0][-2:].tolist(), prices[kinds < 0][-2:].tolist()
    numbers: dict[str, float] = {}
    if len(highs) == 2:
        numbers |= {"high_before": highs[0], "high": highs[1]}
    if len(lows) == 2:
        numbers |= {"low_before": lows[0], "low": lows[1]}
    is_up = len(lows) == 2 and lows[1] > lows[0]
    is_down = len(highs) == 2 and highs[1] < highs[0]
    return is_up - is_down, numbers


def _directional(frame: Frame) -> Reading:
    adx, plus, minus = frame.value("adx14"), frame.value("di_plus"), frame.value("di_minus")
    sign = side(plus, minus) if adx >= ADX_TRENDS and not math.isnan(plus) else 0
    return sign, {"adx14": adx, "least": ADX_TRENDS, "di_plus": plus, "di_minus": minus}


TREND_RULES: Final = (
    Rule(name="ema50_ema200", role=Role.TREND, points=2.0, check=_average_trend),
    Rule(name="price_ema200", role=Role.TREND, points=1.0, check=_price_side),
    Rule(name="ema9_ema21", role=Role.TREND, points=1.0, check=_fast_cross),
    Rule(name="swing_structure", role=Role.TREND, points=2.0, check=_structure),
    Rule(name="adx_di", role=Role.TREND, points=2.0, check=_directional),
)
