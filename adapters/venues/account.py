"""What `CcxtVenue` and `CcxtBooks` ask of one venue's account, whatever its words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.bracket import Sleep
from engines.orders.order import Order, Terms
from ports.trading import LastLook
from ports.venue_books import (
    AccountTerms,
    KeyRights,
    VenueBalance,
    VenueFill,
    VenueFunding,
    VenueMark,
    VenueMovement,
    VenueOrder,
    VenuePosition,
)


class Acts(Protocol):
    """What changes an account. Every method raises `adapters.venues.answer.Declined` for a proven refusal,
    `Transient` where it may be sent again, `Uncertain` otherwise."""

    @property
    def sleep(self) -> Sleep:
        """How the venue keeps orders that wait for a trigger."""
        ...

    async def submit(self, order: Order, direction: Direction, last_look: LastLook) -> str | None:
        """The venue's own id of the new order, where it tells one. Raises `Unsent` when `last_look` ended it
        before it left."""
        ...

    async def cancel(self, order: Order) -> None: ...

    async def amend(self, order: Order, terms: Terms) -> None: ...

    async def cancel_all(self, instrument: Instrument | None) -> None: ...

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None: ...

    async def set_hedged(self, is_hedged: bool) -> None: ...

    async def transfer(
        self, transfer_id: str, asset: str, amount: Decimal, source: str, target: str
    ) -> None: ...


class Reads(Protocol):
    """An account, read. Methods as those of `ports.venue_books.VenueBooks`, in any order."""

    async def server_time(self) -> datetime: ...

    async def key(self) -> KeyRights: ...

    async def terms(self) -> AccountTerms: ...

    async def open_orders(self) -> Sequence[VenueOrder]: ...

    async def order(
        self, client_id: str, instrument: Instrument, venue_id: str | None = None
    ) -> VenueOrder | None: ...

    async def fills(self, since: datetime, instrument: Instrument | None) -> Sequence[VenueFill]: ...

    async def balances(self) -> Sequence[VenueBalance]: ...

    async def positions(self) -> Sequence[VenuePosition]: ...

    async def fundings(self, since: datetime) -> Sequence[VenueFunding]: ...

    async def movements(self, since: datetime) -> Sequence[VenueMovement]: ...

    async def mark(self, instrument: Instrument) -> VenueMark: ...

    async def leverage(self, instrument: Instrument) -> Decimal: ...


def told_id(row: object, name: str) -> str | None:
    """The venue's id in the answer to an accepted order; without one it is accepted all the same."""
    told = row.get(name) if isinstance(row, Mapping) else None
    return str(told) if told else None
