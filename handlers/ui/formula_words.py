"""What formulas compare, as figures with the digits each is read with."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite

from engines.alerts.formula import Formula, Series
from engines.alerts.truth import Reading
from engines.indicators.catalog import find
from services.formats import UNKNOWN
from services.speech import Speech

Figures = Callable[[Formula, Sequence[Reading], Decimal], Sequence[str]]

_AMOUNTS = ("volume", "obv", "ad", "pvt", "nvi", "pvi")
_PRICES = ("open", "high", "low", "close")
_LARGE = Decimal(1000)
_SIGNIFICANT = 3
_MOST_DIGITS = 8


def figures_of(say: Speech) -> Figures:
    """Words each comparison of a formula: one figure against a number, two against another series."""
    return lambda formula, readings, tick: [
        figure(say, one.left, reading.left, tick)
        if isinstance(one.right, Decimal)
        else f"{figure(say, one.left, reading.left, tick)} / {figure(say, one.right, reading.right, tick)}"
        for one, reading in zip(formula.comparisons, readings, strict=True)
    ]


def figure(say: Speech, series: Series, value: float, tick: Decimal) -> str:
    """A price with its tick's digits, an amount in short, anything else with a few digits that tell."""
    if not isfinite(value):
        return UNKNOWN
    number = Decimal(repr(value))
    spec = find(series.spec)
    if spec is not None and spec.kind.startswith(_AMOUNTS) and abs(number) >= _LARGE:
        return say.compact(number)
    if spec is not None and (spec.kind in _PRICES or spec.about.is_over_price):
        return say.price(number, tick)
    digits = max(1, min(_SIGNIFICANT - 1 - number.adjusted(), _MOST_DIGITS)) if number else 1
    return say.figure(number, digits)
