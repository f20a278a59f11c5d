"""A perpetual held, and what a trade makes of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.money import cut
from engines.core.side import Direction, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """`size` in base coin, negative when short; `cost` is what it was bought for, of the same sign.

    `slot` is `None` where there is one position a market, else which of the two this is. `realised` is the
    profit of everything closed so far, before fees.
    """

    instrument: Instrument
    slot: Direction | None
    size: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)
    opened_at: datetime | None = None
    updated_at: datetime

    @property
    def entry_price(self) -> Decimal:
        """The average price of what is held; zero when nothing is."""
        return self.cost / self.size if self.size else Decimal(0)

    @property
    def direction(self) -> Direction | None:
        """Which way it earns; the slot's when nothing is held."""
        if self.size == 0:
            return self.slot
        return Direction.LONG if self.size > 0 else Direction.SHORT

    def unrealised(self, mark: Decimal) -> Decimal:
        """Profit if it were closed at `mark`."""
        return self.size * mark - self.cost

    def reducible(self, side: Side) -> Decimal:
        """How much an order of that side can close."""
        return max(-self.size * side.sign, Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """What a trade made of a position: `closed` of it, for a profit of `realised`."""

    position: Position
    closed: Decimal
    realised: Decimal


def trade(position: Position, side: Side, price: Decimal, quantity: Decimal, at: datetime) -> Traded:
    """The position after a trade. The profits of a round trip add up to exactly what came in less what went
    out: what part of the cost leaves with a part of the size is cut, and the last part takes the rest."""
    closed = min(position.reducible(side), quantity)
    held = abs(position.size)
    released = position.cost if closed == held else cut(position.cost * closed / held)
    opened = quantity - closed
    realised = -side.sign * closed * price - released if closed else Decimal(0)
    size = position.size + side.sign * quantity
    is_new = opened > 0 and closed == held
    after = replace(
        position,
        size=size,
        cost=position.cost - (released if closed else 0) + side.sign * opened * price,
        realised=position.realised + realised,
        opened_at=at if is_new else (position.opened_at if size else None),
        updated_at=at,
    )
    return Traded(position=after, closed=closed, realised=realised)
