"""What is traded: one market of one venue, with its price and size grid."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum


class MarketKind(StrEnum):
    """Spot, or linear perpetual (margined and settled in the quote currency)."""

    SPOT = "spot"
    PERP = "perp"


class Toward(StrEnum):
    """Which way a number that is not on the grid is moved."""

    DOWN = ROUND_FLOOR
    UP = ROUND_CEILING
    NEAREST = ROUND_HALF_EVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One market. `symbol` is the compact name that people and venues use (`"BTCUSDT"`).

    `tick` is the price step and `lot` the size step in base coin; `min_notional` is in quote currency.
    All rounding to the grid, and the exact way between Decimal and the int64 ticks and lots of the fill
    rules, is here.
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

    @property
    def key(self) -> tuple[MarketKind, str]:
        """What tells it apart at its venue: spot and perpetual share a symbol."""
        return self.kind, self.symbol

    def price(self, value: Decimal, toward: Toward = Toward.NEAREST) -> Decimal:
        """`value` moved to the price grid."""
        return self.price_of(self.ticks(value, toward))

    def quantity(self, value: Decimal, toward: Toward = Toward.DOWN) -> Decimal:
        """`value` in base coin moved to the size grid."""
        return self.quantity_of(self.lots(value, toward))

    def ticks(self, price: Decimal, toward: Toward = Toward.NEAREST) -> int:
        """The price in whole ticks."""
        return int((price / self.tick).to_integral_value(rounding=toward))

    def lots(self, quantity: Decimal, toward: Toward = Toward.DOWN) -> int:
        """The size in whole lots."""
        return int((quantity / self.lot).to_integral_value(rounding=toward))

    def price_of(self, ticks: int) -> Decimal:
        """The exact price of so many ticks."""
        return ticks * self.tick

    def quantity_of(self, lots: int) -> Decimal:
        """The exact size of so many lots."""
        return lots * self.lot
