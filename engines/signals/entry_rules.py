"""Rules of the entry, on 15 minutes and an hour: events that start a trade, and what bears them out."""

from typing import Final

from engines.indicators.frame import Frame
from engines.signals.rule import Reading, Role, Rule, side

NEAR_ATR: Final = 0.25
"""How near a level counts as touched, in ATR."""
RSI_LOW, RSI_HIGH = 45.0, 55.0
"""RSI turns up from below the one, down from above the other: in a trend it seldom falls to 30."""
STOCH_LOW, STOCH_HIGH = 30.0, 70.0
BREAK_VOLUME: Final = 1.5
"""How many times its average the volume of a breakout is."""


def _pullback(frame: Frame) -> Reading:
    """The bar came back to a moving average that goes its way, and closed on the right side of it."""
    now, before = frame.value("ema21"), frame.earlier("ema21")
    numbers = {"ema21": now, "low": frame.low, "high": frame.high, "close": frame.close}
    if now > before and frame.low <= now < frame.close:
        return 1, numbers
    return (-1 if now < before and frame.high >= now > frame.close else 0), numbers


def _level_holds(frame: Frame) -> Reading:
    """The bar came near a level and turned away from it."""
    near = NEAR_ATR * frame.value("atr14")
    support, resistance = frame.value("support"), frame.value("resistance")
    numbers = {"support": support, "resistance": resistance, "near": near, "close": frame.close}
    is_held = frame.low <= support + near and frame.close > frame.open
    is_capped = frame.high >= resistance - near and frame.close < frame.open
    return is_held - is_capped, numbers


def _rsi_turn(frame: Frame) -> Reading:
    now, before = frame.value("rsi14"), frame.earlier("rsi14")
    numbers = {"rsi14": now, "before": before, "low": RSI_LOW, "high": RSI_HIGH}
    return (before < RSI_LOW and now > before) - (before > RSI_HIGH and now < before), numbers


def _macd_cross(frame: Frame) -> Reading:
    now, before = frame.value("macd_hist"), frame.earlier("macd_hist")
    return (before <= 0 < now) - (before >= 0 > now), {"macd_hist": now, "before": before}


def _stochrsi_cross(frame: Frame) -> Reading:
    """%K crosses %D in the outer part of its range."""
    k, d = frame.value("stochrsi_k"), frame.value("stochrsi_d")
    k_before, d_before = frame.earlier("stochrsi_k"), frame.earlier("stochrsi_d")
    is_up = k_before <= d_before and k > d and k_before < STOCH_LOW
    is_down = k_before >= d_before and k < d and k_before > STOCH_HIGH
    return is_up - is_down, {"k": k, "d": d, "k_before": k_before, "d_before": d_before}


def _bollinger_return(frame: Frame) -> Reading:
    """Closed outside the bands, and now inside them again."""
    lower, upper = frame.value("bb_lower"), frame.value("bb_upper")
    is_up = frame.close_before < frame.earlier("bb_lower") and frame.close >= lower
    is_down = frame.close_before > frame.earlier("bb_upper") and frame.close <= upper
    numbers = {"close": frame.close, "before": frame.close_before, "lower": lower, "upper": upper}
    return is_up - is_down, numbers


def _breakout(frame: Frame) -> Reading:
    """Closed beyond a level with volume."""
    support, resistance = frame.earlier("support"), frame.earlier("resistance")
    needed = BREAK_VOLUME * frame.value("volume_sma20")
    has_volume = frame.volume >= needed
    is_up = has_volume and frame.close > resistance >= frame.close_before
    is_down = has_volume and frame.close < support <= frame.close_before
    numbers = {"close": frame.close, "resistance": resistance, "support": support}
    return is_up - is_down, {**numbers, "volume": frame.volume, "needed": needed}


def _volume(frame: Frame) -> Reading:
    """More volume than usual speaks for the way of its bar."""
    average = frame.value("volume_sma20")
    sign = side(frame.close, frame.open) if frame.volume > average else 0
    return sign, {"volume": frame.volume, "volume_sma20": average}


def _obv(frame: Frame) -> Reading:
    obv, average = frame.value("obv"), frame.value("obv_ema21")
    return side(obv, average), {"obv": obv, "obv_ema21": average}


def _vwap(frame: Frame) -> Reading:
    vwap = frame.value("vwap")
    return side(frame.close, vwap), {"close": frame.close, "vwap": vwap}


ENTRY_RULES: Final = (
    Rule(name="pullback_ema21", role=Role.TRIGGER, points=2.0, check=_pullback),
    Rule(name="level_holds", role=Role.TRIGGER, points=2.0, check=_level_holds),
    Rule(name="rsi_turn", role=Role.TRIGGER, points=1.5, check=_rsi_turn),
    Rule(name="macd_cross", role=Role.TRIGGER, points=1.5, check=_macd_cross),
    Rule(name="stochrsi_cross", role=Role.TRIGGER, points=1.0, check=_stochrsi_cross),
    Rule(name="bollinger_return", role=Role.TRIGGER, points=1.5, check=_bollinger_return),
    Rule(name="breakout", role=Role.TRIGGER, points=2.5, check=_breakout),
    Rule(name="volume", role=Role.CONFIRMATION, points=1.0, check=_volume),
    Rule(name="obv", role=Role.CONFIRMATION, points=1.0, check=_obv),
    Rule(name="vwap", role=Role.CONFIRMATION, points=1.0, check=_vwap),
)
