"""An order book at a moment."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Level = tuple[Decimal, Decimal]
"""A price and the size in base coin that rests there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The best levels of both sides, the best first. `at` is market time (aware UTC)."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at: datetime
