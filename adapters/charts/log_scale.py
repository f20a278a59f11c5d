"""A vertical axis on which equal heights are equal shares: for what grew many times over."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from adapters.charts.price_scale import PriceScale
from engines.core.candle import FloatArray

_STEPS: Final = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
_FROM: Final = 6.0  # highest by lowest
_MARGIN: Final = 0.06  # of the span, above and below
_FLAT: Final = 0.01  # of the value: the span of what never moved


@dataclass(frozen=True, slots=True, kw_only=True)
class LogScale:
    """Prices `low`..`high`, both above 0, on pixels `bottom`..`top`. As `PriceScale` otherwise."""

    low: float
    high: float
    bottom: float
    top: float

    def y(self, price: float) -> float:
        """Height of `price` in pixels."""
        share = math.log(price / self.low) / math.log(self.high / self.low)
        return self.bottom + share * (self.top - self.bottom)

    def heights(self, prices: FloatArray) -> FloatArray:
        """`y` of each price."""
        shares: FloatArray = np.log(prices / self.low) / math.log(self.high / self.low)
        return self.bottom + shares * (self.top - self.bottom)

    def ticks(self, digits: int, gap: float) -> tuple[Sequence[float], int]:
        """Round prices at least `gap` pixels apart, and the decimals they need (at most `digits`)."""
        decade = (self.top - self.bottom) / math.log10(self.high / self.low)
        steps = next((steps for steps in _STEPS if _nearest(steps) * decade >= gap), _STEPS[-1])
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        prices = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        return [price for price in prices if self.low <= price <= self.high], min(digits, max(0, -first))


def _nearest(steps: Sequence[float]) -> float:
    """The smallest distance between neighbours, in decades."""
    return min(math.log10(after / step) for step, after in zip(steps, (*steps[1:], 10.0), strict=True))


Scale = PriceScale | LogScale


def money_scale(low: float, high: float, bottom: float, top: float) -> Scale:
    """A scale for money between `low` and `high`: in equal shares where it grew many times over."""
    if low > 0 and high / low > _FROM:
        room = (high / low) ** _MARGIN
        return LogScale(low=low / room, high=high * room, bottom=bottom, top=top)
    margin = (high - low) * _MARGIN or max(abs(high) * _FLAT, 1.0)
    return PriceScale(low=low - margin, high=high + margin, bottom=bottom, top=top)
