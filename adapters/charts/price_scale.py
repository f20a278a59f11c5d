"""The vertical axis: which prices are in view, where they stand and how they are written."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engines.core.candle import Candles, FloatArray

_MARGIN = 0.05  # of the span, above and below
_REACH = 1.0  # spans of the candles that other marks may add on each side
_MIN_REACH = 0.002  # the same for flat prices, of the price
_LEAST = 1e-9  # of the price: what floats still tell apart with ease
_THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def price_text(price: float, digits: int) -> str:
    """`price` with `digits` decimals and thousands apart: `105 234.50`."""
    text = f"{price:,.{digits}f}".replace(",", _THIN_SPACE)
    return text.removeprefix("-") if not any(c in text for c in "123456789") else text


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceScale:
    """Prices `low`..`high` on pixels `bottom`..`top`."""

    low: float
    high: float
    bottom: float
    top: float

    def y(self, price: float) -> float:
        """Height of `price` in pixels, also outside of the axis."""
        return self.bottom + (price - self.low) / (self.high - self.low) * (self.top - self.bottom)

    def heights(self, prices: FloatArray) -> FloatArray:
        """`y` of each price."""
        return self.bottom + (prices - self.low) / (self.high - self.low) * (self.top - self.bottom)

    def holds(self, price: float) -> bool:
        """Whether `price` is in view."""
        return self.low <= price <= self.high

    def ticks(self, digits: int, gap: float) -> tuple[Sequence[float], int]:
        """Round prices at least `gap` pixels apart, and the decimals they need (at most `digits`)."""
        wanted = (self.high - self.low) * gap / (self.top - self.bottom)
        step, decimals = _round_step(wanted, digits)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [index * step for index in range(first, last + 1)], decimals


def _round_step(wanted: float, digits: int) -> tuple[float, int]:
    exponent = max(math.floor(math.log10(wanted)), -digits)
    for candidate in (1, 2, 5):
        if candidate * 10.0**exponent >= wanted:
            return candidate * 10.0**exponent, max(0, -exponent)
    return 10.0 ** (exponent + 1), max(0, -exponent - 1)


def prices_in_view(candles: Candles, marks: Iterable[float], digits: int) -> tuple[float, float]:
    """The range that shows all candles, and those `marks` that do not squeeze them too much.

    NaN marks are ignored. Flat prices stand in the middle.
    """
    low, high = float(candles.low.min()), float(candles.high.max())
    span = high - low
    reach = max(span * _REACH, abs(high) * _MIN_REACH)
    near = [mark for mark in marks if low - reach <= mark <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    margin = max((high - low) * _MARGIN, 3 * 10.0**-digits if span == 0 else 0.0, abs(high) * _LEAST)
    return low - margin, high + margin
