"""What is traded: one market of one venue, with its price and size grid."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class MarketKind(StrEnum):
    """Spot, or linear perpetual (margined and settled in the quote currency)."""

    SPOT = "spot"
    PERP = "perp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One market. `symbol` is the compact name that people and venues use (`"BTCUSDT"`).

    `tick` is the price step and `lot` the size step in base coin; `min_notional` is in quote currency.
    """

    symbol: str
    base: str
    quote: str
    kind: MarketKind
    tick: Decimal
    lot: Decimal
    min_notional: Decimal

    @property
    def pair(self) -> str:
        """The name shown on screens: `"BTC/USDT"`."""
        return f"{self.base}/{self.quote}"
