"""Indicators by name, each with the digits it is read with."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engines.core.timeframe import Timeframe
from handlers.ui.signal_words import decimal
from services.speech import Speech

_FINE = ("macd", "atr")
_PRICES = ("ema", "bb_", "vwap", "close")
_BIG = ("obv", "volume")
_LEVELS = ("support", "resistance")


def snapshot(
    say: Speech, indicators: Mapping[Timeframe, Mapping[str, float]], tick: Decimal
) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """(timeframe, (name, value as text)) of what was known when a signal was made."""
    frames = sorted(indicators, key=lambda one: one.ms)
    return [
        (one.value, [(name, figure(say, name, value, tick)) for name, value in indicators[one].items()])
        for one in frames
    ]


def figure(say: Speech, name: str, value: float, tick: Decimal) -> str:
    """A price with its tick's digits, an amount in short, anything else with one digit."""
    number = decimal(value)
    if name.startswith(_BIG):
        return say.compact(number)
    if name.startswith(_FINE):
        return say.price(number, tick.scaleb(-1))
    if name.startswith(_PRICES) or name in _LEVELS:
        return say.price(number, tick)
    return say.figure(number, 0 if name.endswith("strength") else 1)
