"""The road to a venue: orders out, reports back. Only `services.orders`, adapters and `bot.outside` may
know it: there is no way to a venue around the checks."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from engines.core.move import Move
from engines.orders.order import Order, OrderEvent


class Venue(Protocol):
    """A place that executes orders, real or simulated."""

    @property
    def name(self) -> str:
        """Short name: `"paper"`."""
        ...

    async def submit(self, order: Order) -> Sequence[OrderEvent]:
        """Send an order that is `SENT`; what the venue said of it at once, in order.

        The order was committed before. Raises `ports.errors.Stale` or `Transient` when there is proof that
        the venue does not have it (a simulated venue without fresh prices).
        """
        ...

    async def cancel(self, order: Order) -> Sequence[OrderEvent]:
        """Take an order out of the book; what is known of it then."""
        ...

    def moved(self, move: Move, resting: Sequence[Order]) -> Mapping[str, Sequence[OrderEvent]]:
        """A simulated venue is told of the market: what it did to the resting orders of that market, by
        order id. A real venue reports by itself and answers nothing here."""
        ...
