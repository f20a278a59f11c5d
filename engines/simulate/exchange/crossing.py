"""An order against the book: what it would take, and what it takes."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Side
from engines.simulate.consumption import Consumption
from engines.simulate.exchange.account import NOTHING
from engines.simulate.exchange.order import ExchangeOrder, Wish
from engines.simulate.exchange.rules import Quotes
from engines.simulate.matching import Taken, queue_ahead, take_depth, takeable


class Crossing:
    """The books of all markets, with what orders have eaten of them."""

    def __init__(self, quotes: Quotes) -> None:
        self._quotes = quotes
        self._eaten: dict[tuple[MarketKind, str], Consumption] = {}

    def takes(self, wish: Wish, limit_price: Decimal | None, at: datetime) -> bool:
        """Whether an order would be filled at once, at least in part."""
        depth = self._quotes.depth(wish.instrument, at)
        levels = depth.asks if wish.side is Side.BUY else depth.bids
        if not levels:
            return False
        return limit_price is None or (levels[0][0] - limit_price) * wish.side.sign <= 0

    def take(self, order: ExchangeOrder, quantity: Decimal, at: datetime) -> tuple[Taken, ...]:
        """Take up to `quantity`."""
        return take_depth(
            order.instrument,
            order.side,
            quantity,
            self._quotes.depth(order.instrument, at),
            at=at,
            eaten=self._eaten_of(order.instrument),
            worst_price=order.limit_price,
        )

    def takeable(self, wish: Wish, limit_price: Decimal | None, at: datetime) -> Iterator[Taken]:
        """What could be taken, the best first."""
        return takeable(
            wish.instrument,
            wish.side,
            self._quotes.depth(wish.instrument, at),
            at=at,
            eaten=self._eaten_of(wish.instrument),
            worst_price=limit_price,
        )

    def bought_for(self, wish: Wish, cost: Decimal, at: datetime) -> Decimal:
        """How much of the book `cost` buys, on the lot grid."""
        quantity, left = NOTHING, cost
        for part in self.takeable(wish, wish.limit_price, at):
            bought = min(part.quantity, wish.instrument.quantity(left / part.price))
            quantity += bought
            left -= bought * part.price
            if bought < part.quantity:
                break
        return quantity

    def average_price(self, wish: Wish, quantity: Decimal, at: datetime) -> Decimal:
        """The price at which the book would fill `quantity` at the market; the last one where it is empty."""
        cost, left = NOTHING, quantity
        for part in self.takeable(wish, None, at):
            taken = min(part.quantity, left)
            cost += taken * part.price
            left -= taken
            if not left:
                break
        filled = quantity - left
        return cost / filled if filled else self._quotes.last(wish.instrument, at)

    def queue(self, order: ExchangeOrder, limit_price: Decimal, at: datetime) -> Decimal:
        """What rests before an order that joins the book."""
        depth = self._quotes.depth(order.instrument, at)
        return queue_ahead(order.instrument, order.side, limit_price, depth)

    def _eaten_of(self, instrument: Instrument) -> Consumption:
        return self._eaten.setdefault(instrument.key, Consumption())
