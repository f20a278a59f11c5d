"""An account at a real venue, read through ccxt and heard on its private stream."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from adapters.venues.account import Reads
from adapters.venues.calls import Calls
from engines.core.instrument import Instrument
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
    VenueReport,
)


class PrivateStream(Protocol):
    """What the venue tells by itself."""

    async def watch(self, tell: Callable[[VenueReport], None]) -> None: ...

    async def close(self) -> None: ...


class CcxtBooks:
    """`ports.venue_books.VenueBooks` over one account."""

    def __init__(self, calls: Calls, reads: Reads, stream: PrivateStream) -> None:
        self._calls = calls
        self._reads = reads
        self._stream = stream

    @property
    def account(self) -> str:
        """The account."""
        return self._calls.account

    @property
    def queued(self) -> int:
        """Orders and cancels that wait for the venue's quota."""
        return self._calls.acts.queued

    async def instruments(self) -> Sequence[Instrument]:
        """The markets that the account may trade, with this venue's own grids."""
        return (await self._calls.catalogue()).instruments

    async def server_time(self) -> datetime:
        """The venue's wire clock."""
        return await self._reads.server_time()

    async def key(self) -> KeyRights:
        """What the API key may do."""
        return await self._reads.key()

    async def terms(self) -> AccountTerms:
        """How the account is set up."""
        return await self._reads.terms()

    async def open_orders(self) -> Sequence[VenueOrder]:
        """Everything that rests or sleeps."""
        return await self._reads.open_orders()

    async def order(
        self, client_id: str, instrument: Instrument, venue_id: str | None = None
    ) -> VenueOrder | None:
        """Among the open and the closed."""
        return await self._reads.order(client_id, instrument, venue_id)

    async def fills(self, since: datetime, instrument: Instrument | None = None) -> Sequence[VenueFill]:
        """Executions after `since`, the oldest first, each once. Where two orders of ours met, both
        have an execution of the same id."""
        found = await self._reads.fills(since, instrument)
        each = {(fill.instrument.key, fill.id, fill.venue_order_id): fill for fill in found}
        return _in_order(each.values(), since)

    async def balances(self) -> Sequence[VenueBalance]:
        """Every coin of the account."""
        return await self._reads.balances()

    async def positions(self) -> Sequence[VenuePosition]:
        """What is held in perpetuals."""
        return await self._reads.positions()

    async def fundings(self, since: datetime) -> Sequence[VenueFunding]:
        """Funding after `since`, the oldest first, each once."""
        found = await self._reads.fundings(since)
        return _in_order({(one.instrument.key, one.id): one for one in found}.values(), since)

    async def movements(self, since: datetime) -> Sequence[VenueMovement]:
        """Money that came and went after `since`, the oldest first, each once."""
        found = await self._reads.movements(since)
        return _in_order({(one.kind, one.id): one for one in found}.values(), since)

    async def mark(self, instrument: Instrument) -> VenueMark:
        """Mark, index and the next funding."""
        return await self._reads.mark(instrument)

    async def leverage(self, instrument: Instrument) -> Decimal:
        """Of the account in that market."""
        return await self._reads.leverage(instrument)

    async def watch(self, tell: Callable[[VenueReport], None]) -> None:
        """Stream reports until cancelled."""
        await self._stream.watch(tell)

    async def close(self) -> None:
        """Release connections."""
        await self._stream.close()
        await self._calls.close()


class _Dated(Protocol):
    @property
    def at(self) -> datetime: ...


Item = TypeVar("Item", bound=_Dated)


def _in_order(items: Iterable[Item], since: datetime) -> list[Item]:
    return sorted((one for one in items if one.at > since), key=lambda one: one.at)
