"""What trading costs: fees by who was there first, and funding by the size held at the settlement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import MarketKind
from engines.core.money import cut
from engines.core.side import Direction, Side
from engines.orders.order import Fill, Liquidity


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Rates as fractions of the notional. Spot has one for both sides."""

    spot: Decimal
    maker: Decimal
    taker: Decimal

    def rate(self, kind: MarketKind, liquidity: Liquidity) -> Decimal:
        """The rate of a fill."""
        if kind is MarketKind.SPOT:
            return self.spot
        return self.maker if liquidity is Liquidity.MAKER else self.taker

    def fee(self, kind: MarketKind, liquidity: Liquidity, notional: Decimal) -> Decimal:
        """The fee of a fill in quote currency."""
        return cut(notional * self.rate(kind, liquidity))


def funding_payment(direction: Direction, quantity: Decimal, mark: Decimal, rate: Decimal) -> Decimal:
    """What a position of `quantity` receives (negative: pays) at a settlement: longs pay a positive rate."""
    return cut(-direction.sign * quantity * mark * rate)


def size_at(direction: Direction, fills: Iterable[tuple[Side, Fill]], at: datetime) -> Decimal:
    """What was held at `at`, from all the fills of a trade in any order; one at that very moment counts."""
    return sum(
        (
            fill.quantity if side is direction.entry else -fill.quantity
            for side, fill in fills
            if fill.at <= at
        ),
        Decimal(0),
    )
