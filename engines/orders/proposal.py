"""What somebody wants traded, before it is measured against a market or a limit. Values."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument, Toward
from engines.core.side import Direction, Side
from engines.orders.order import ExecutionStyle
from engines.orders.subaccount import EngineName
from engines.orders.trade import Target

MOST_SLIPPAGE: Final = Decimal("0.005")
"""How much worse than the decision price an order may be filled, unless it says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The wish of an engine, or of a person for the desk's own hand.

    `key` names it: the same key of an engine is acted on once. Its size is `quantity` in base coin or else
    `notional` in the quote currency. A limit is never filled worse than `limit_price`, anything else no more
    than `max_slippage` (a fraction) from the price at the moment of the decision. `stop` and `targets` belong
    to the position that it opens; one that adds to a position leaves those of the position as they are.
    `trail_distance` lets that stop follow the best price.
    `asked_by` is the person whose wish it is. After `expires_at` (market time) it is not acted on any more.
    """

    key: str
    engine: EngineName
    instrument: Instrument
    side: Side
    quantity: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    style: ExecutionStyle = ExecutionStyle.GUARDED_MARKET
    max_slippage: Decimal = MOST_SLIPPAGE
    stop: Decimal | None = None
    targets: tuple[Target, ...] = ()
    trail_distance: Decimal | None = None
    leverage: Decimal = Decimal(1)
    reduce_only: bool = False
    reason: str = ""
    asked_by: int | None = None
    expires_at: datetime | None = None

    @property
    def direction(self) -> Direction:
        """Of the position that it opens, adds to or reduces."""
        is_long = (self.side is Side.BUY) is not self.reduce_only
        return Direction.LONG if is_long else Direction.SHORT

    def at(self, instrument: Instrument) -> "Proposal":
        """The same in a market with other grids; the limit is not moved to the worse."""
        if instrument == self.instrument:
            return self
        price, inside = instrument.price, Toward.DOWN if self.side is Side.BUY else Toward.UP
        return replace(
            self,
            instrument=instrument,
            limit_price=None if self.limit_price is None else price(self.limit_price, inside),
            stop=None if self.stop is None else price(self.stop),
            targets=tuple(replace(one, price=price(one.price)) for one in self.targets),
        )
