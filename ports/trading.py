"""The road to a venue: orders out, reports back. Only `services.orders` with its rooms, adapters and
`bot.outside` may know it: there is no way to a venue around the checks. Reading is `ports.venue_books`."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from engines.core.instrument import Instrument
from engines.core.move import Move
from engines.core.side import Direction
from engines.orders.bracket import Sleep
from engines.orders.order import Order, OrderEvent, Terms

LastLook = Callable[[], OrderEvent | None]
"""Asked when a request's turn has come, right before it leaves: an answer ends the order, which
is not sent."""


def still_wanted() -> OrderEvent | None:
    """Nothing speaks against it."""
    return None


class Venue(Protocol):
    """A place that executes orders, real or simulated, for one account.

    What it answers is what is known at once; everything later comes as reports (`ports.venue_books`).
    """

    @property
    def name(self) -> str:
        """The account: `"paper"`, `"bybit"`, `"gate"`."""
        ...

    @property
    def sleep(self) -> Sleep:
        """How it keeps orders that wait for a trigger."""
        ...

    async def submit(
        self, order: Order, direction: Direction, last_look: LastLook = still_wanted
    ) -> Sequence[OrderEvent]:
        """Send an order that is `SENT`, of a position in `direction` (where long and short are kept apart,
        a reducing sale closes the long); what the venue said of it at once, in order: `VenueRejected` when it
        is proven to have refused, or what `last_look` said when its turn had come.

        The order was committed before. Raises `ports.errors.Stale` or `Transient` when there is proof that
        the venue does not have it and it may be sent again (no fresh prices, a proven rate limit, still in
        our own queue), `Uncertain` when nobody knows: it is never sent again then.
        """
        ...

    async def cancel(self, order: Order) -> Sequence[OrderEvent]:
        """Take an order out of the book; what is known of it then: `Canceled` only with the final filled
        amount told before it. Raises `Uncertain` or `Transient`: it may still be there; cancelling again is
        harmless."""
        ...

    async def amend(self, order: Order, terms: Terms) -> Sequence[OrderEvent]:
        """Change size or price of a resting order: `Amended`, or nothing when the venue refused. Raises
        `Uncertain` when nobody knows."""
        ...

    async def cancel_all(self, instrument: Instrument | None = None) -> None:
        """Take everything out of the book, of one market or of all, ours or not: for kill switches. What
        became of each order is reported, or looked up. Raises `Transient`."""
        ...

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        """Leverage of the account in a market; the same again is no error. Raises `Rejected`, `Transient`."""
        ...

    async def set_hedged(self, is_hedged: bool) -> None:
        """Whether long and short of a market are kept apart (dual position mode). Raises `Rejected` while
        there are positions or orders, `Transient`."""
        ...

    async def transfer(
        self, transfer_id: str, asset: str, amount: Decimal, *, source: str, target: str
    ) -> None:
        """Move money between the wallets `source` and `target` of the venue. `transfer_id` makes it happen
        once. Raises `Rejected`, `Transient` (proven not done), `Uncertain`."""
        ...

    def moved(self, move: Move, resting: Sequence[Order]) -> Mapping[str, Sequence[OrderEvent]]:
        """A simulated venue is told of the market: what it did to the resting orders of that market, by
        order id. A real venue reports by itself and answers nothing here."""
        ...
