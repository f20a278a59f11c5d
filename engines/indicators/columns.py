"""The hot indicators: those that are kept for every market on every bar, by name and in this order."""

from typing import Final

HOT: Final = (
    "ema9",
    "ema21",
    "ema50",
    "ema200",
    "macd",
    "macd_signal",
    "macd_hist",
    "rsi14",
    "stochrsi_k",
    "stochrsi_d",
    "bb_lower",
    "bb_middle",
    "bb_upper",
    "atr14",
    "atr_norm",
    "adx14",
    "di_plus",
    "di_minus",
    "obv",
    "obv_ema21",
    "volume_sma20",
    "vwap",
    "support",
    "support_strength",
    "resistance",
    "resistance_strength",
)
"""MACD is 12/26/9, Stochastic RSI 14/14/3/3 (0 to 100), Bollinger 20/2, ATR and ADX Wilder's. `atr_norm` is
the average of `atr14` over its last 100 values. VWAP begins anew at midnight UTC. Support and resistance are
the nearest confirmed swings below and above the close; their strength is how often they were touched, less
how often a close went through them."""

PLACE: Final = {name: place for place, name in enumerate(HOT)}
