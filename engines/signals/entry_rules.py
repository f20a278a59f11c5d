"""Rules of the entry, on 15 minutes and an hour: events that start a trade, and what bears them out."""

from typing import Final

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import cells as at
from engines.indicators.frame import Frame
from engines.indicators.kernel import kernel
from engines.signals.rule import Numbers, Role, Rule, SignArray, side, values

NEAR_ATR: Final = 0.25
"""How near a level counts as touched, in ATR."""
RSI_LOW, RSI_HIGH = 45.0, 55.0
"""RSI turns up from below the one, down from above the other: in a trend it seldom falls to 30."""
STOCH_LOW, STOCH_HIGH = 30.0, 70.0
BREAK_VOLUME: Final = 1.5
"""How many times its average the volume of a breakout is."""


COUNT: Final = 10
"""How many rules there are."""


def signs(cells: FloatArray) -> SignArray:
    """What each of `ENTRY_RULES` says of a bar, in their order."""
    found = np.empty(COUNT, np.int8)
    ask(cells, found)
    return found


@kernel
def ask(cells: FloatArray, found: SignArray) -> None:
    """Write down what each of them says."""
    found[0] = _pullback(cells)
    found[1] = _level_holds(cells)
    found[2] = _rsi_turn(cells)
    found[3] = _macd_cross(cells)
    found[4] = _stochrsi_cross(cells)
    found[5] = _bollinger_return(cells)
    found[6] = _breakout(cells)
    found[7] = side(cells[at.CLOSE], cells[at.OPEN]) if cells[at.VOLUME] > cells[at.VOLUME_SMA20] else 0
    found[8] = side(cells[at.OBV], cells[at.OBV_EMA21])
    found[9] = side(cells[at.CLOSE], cells[at.VWAP])


@kernel
def _pullback(cells: FloatArray) -> int:
    """The bar came back to a moving average that goes its way, and closed on the right side of it."""
    now, before = cells[at.EMA21], cells[at.EMA21 + at.EARLIER]
    is_up = now > before and cells[at.LOW] <= now < cells[at.CLOSE]
    is_down = now < before and cells[at.HIGH] >= now > cells[at.CLOSE]
    return int(is_up) - int(is_down)


@kernel
def _level_holds(cells: FloatArray) -> int:
    """The bar came near a level and turned away from it."""
    near = NEAR_ATR * cells[at.ATR14]
    is_held = cells[at.LOW] <= cells[at.SUPPORT] + near and cells[at.CLOSE] > cells[at.OPEN]
    is_capped = cells[at.HIGH] >= cells[at.RESISTANCE] - near and cells[at.CLOSE] < cells[at.OPEN]
    return int(is_held) - int(is_capped)


@kernel
def _rsi_turn(cells: FloatArray) -> int:
    now, before = cells[at.RSI14], cells[at.RSI14 + at.EARLIER]
    return int(before < RSI_LOW and now > before) - int(before > RSI_HIGH and now < before)


@kernel
def _macd_cross(cells: FloatArray) -> int:
    now, before = cells[at.MACD_HIST], cells[at.MACD_HIST + at.EARLIER]
    return int(before <= 0 < now) - int(before >= 0 > now)


@kernel
def _stochrsi_cross(cells: FloatArray) -> int:
    """%K crosses %D in the outer part of its range."""
    k, d = cells[at.STOCHRSI_K], cells[at.STOCHRSI_D]
    k_before, d_before = cells[at.STOCHRSI_K + at.EARLIER], cells[at.STOCHRSI_D + at.EARLIER]
    is_up = k_before <= d_before and k > d and k_before < STOCH_LOW
    is_down = k_before >= d_before and k < d and k_before > STOCH_HIGH
    return int(is_up) - int(is_down)


@kernel
def _bollinger_return(cells: FloatArray) -> int:
    """Closed outside the bands, and now inside them again."""
    close, before = cells[at.CLOSE], cells[at.CLOSE_BEFORE]
    is_up = before < cells[at.BB_LOWER + at.EARLIER] and close >= cells[at.BB_LOWER]
    is_down = before > cells[at.BB_UPPER + at.EARLIER] and close <= cells[at.BB_UPPER]
    return int(is_up) - int(is_down)


@kernel
def _breakout(cells: FloatArray) -> int:
    """Closed beyond a level with volume."""
    close, before = cells[at.CLOSE], cells[at.CLOSE_BEFORE]
    support, resistance = cells[at.SUPPORT + at.EARLIER], cells[at.RESISTANCE + at.EARLIER]
    has_volume = cells[at.VOLUME] >= BREAK_VOLUME * cells[at.VOLUME_SMA20]
    is_up = has_volume and close > resistance >= before
    is_down = has_volume and close < support <= before
    return int(is_up) - int(is_down)


def _near(frame: Frame) -> Numbers:
    levels = values("support", "resistance")(frame)
    return {**levels, "near": NEAR_ATR * frame.value("atr14"), "close": frame.close}


def _rsi(frame: Frame) -> Numbers:
    now, before = frame.value("rsi14"), frame.earlier("rsi14")
    return {"rsi14": now, "before": before, "low": RSI_LOW, "high": RSI_HIGH}


def _macd(frame: Frame) -> Numbers:
    return {"macd_hist": frame.value("macd_hist"), "before": frame.earlier("macd_hist")}


def _stochrsi(frame: Frame) -> Numbers:
    k, d = frame.value("stochrsi_k"), frame.value("stochrsi_d")
    return {"k": k, "d": d, "k_before": frame.earlier("stochrsi_k"), "d_before": frame.earlier("stochrsi_d")}


def _bands(frame: Frame) -> Numbers:
    lower, upper = frame.value("bb_lower"), frame.value("bb_upper")
    return {"close": frame.close, "before": frame.close_before, "lower": lower, "upper": upper}


def _beyond(frame: Frame) -> Numbers:
    levels = {name: frame.earlier(name) for name in ("resistance", "support")}
    needed = BREAK_VOLUME * frame.value("volume_sma20")
    return {"close": frame.close, **levels, "volume": frame.volume, "needed": needed}


ENTRY_RULES: Final = (
    Rule(
        name="pullback_ema21",
        role=Role.TRIGGER,
        points=2.0,
        numbers=values("ema21", "low", "high", "close"),
    ),
    Rule(name="level_holds", role=Role.TRIGGER, points=2.0, numbers=_near),
    Rule(name="rsi_turn", role=Role.TRIGGER, points=1.5, numbers=_rsi),
    Rule(name="macd_cross", role=Role.TRIGGER, points=1.5, numbers=_macd),
    Rule(name="stochrsi_cross", role=Role.TRIGGER, points=1.0, numbers=_stochrsi),
    Rule(name="bollinger_return", role=Role.TRIGGER, points=1.5, numbers=_bands),
    Rule(name="breakout", role=Role.TRIGGER, points=2.5, numbers=_beyond),
    Rule(name="volume", role=Role.CONFIRMATION, points=1.0, numbers=values("volume", "volume_sma20")),
    Rule(name="obv", role=Role.CONFIRMATION, points=1.0, numbers=values("obv", "obv_ema21")),
    Rule(name="vwap", role=Role.CONFIRMATION, points=1.0, numbers=values("close", "vwap")),
)
