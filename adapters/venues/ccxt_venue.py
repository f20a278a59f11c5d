"""A real venue through ccxt: orders out, with what the venue says at once."""

from collections.abc import Awaitable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import structlog

from adapters.venues.account import Acts
from adapters.venues.answer import Declined, Meaning, Unsent
from engines.core.instrument import Instrument
from engines.core.move import Move
from engines.core.side import Direction
from engines.orders.bracket import Sleep
from engines.orders.order import Acknowledged, Amended, Expired, Order, OrderEvent, Terms, VenueRejected
from ports.clock import Clock
from ports.errors import Transient, Uncertain
from ports.trading import LastLook, still_wanted
from ports.venue_books import VenueOrder

_NO_REASON_TO_REFUSE_AN_ORDER = (Meaning.GONE, Meaning.UNCHANGED)

log = structlog.get_logger()


class OrderSource(Protocol):
    """Where an order is looked up."""

    async def order(self, client_id: str, instrument: Instrument) -> VenueOrder | None: ...


class CcxtVenue:
    """`ports.trading.Venue` over one account. An accepted order is acknowledged and no more: fills and ends
    come as reports. It keeps nothing of orders."""

    def __init__(self, account: str, acts: Acts, orders: OrderSource, clock: Clock) -> None:
        self._account = account
        self._acts = acts
        self._orders = orders
        self._clock = clock

    @property
    def name(self) -> str:
        """The account."""
        return self._account

    @property
    def sleep(self) -> Sleep:
        """How the venue keeps orders that wait for a trigger."""
        return self._acts.sleep

    async def submit(
        self, order: Order, direction: Direction, last_look: LastLook = still_wanted
    ) -> Sequence[OrderEvent]:
        """Send it, once, unless its end has come before its turn or nobody wants it by then. Raises
        `Transient` where the venue provably does not have it and it may be sent again, `Uncertain` where
        nobody knows."""
        try:
            venue_id = await self._acts.submit(order, direction, lambda: self._late(order) or last_look())
        except Unsent as unsent:
            log.info("order_unsent", account=self._account, order=order.id, why=str(unsent))
            return [unsent.event]
        except Declined as declined:
            if declined.meaning is Meaning.DUPLICATE_ID:
                return await self._there_already(order)
            log.warning("order_refused", account=self._account, order=order.id, why=str(declined))
            return [VenueRejected(at=self._clock.now(), reason=_reason(declined))]
        return [Acknowledged(at=self._clock.now(), venue_id=venue_id)]

    async def cancel(self, order: Order) -> Sequence[OrderEvent]:
        """Ask for it. Nothing is known then: whether it was cancelled, was filled before or is gone comes as
        a report, or is looked up with its fills."""
        try:
            await self._acts.cancel(order)
        except Declined as declined:
            log.info("cancel_refused", account=self._account, order=order.id, why=str(declined))
        return []

    async def amend(self, order: Order, terms: Terms) -> Sequence[OrderEvent]:
        """Change it where it rests; nothing when the venue refused."""
        try:
            await self._acts.amend(order, terms)
        except Declined as declined:
            log.info("amend_refused", account=self._account, order=order.id, why=str(declined))
            is_so_already = declined.meaning is Meaning.UNCHANGED
            return [Amended(at=self._clock.now(), terms=terms)] if is_so_already else []
        return [Amended(at=self._clock.now(), terms=terms)]

    async def cancel_all(self, instrument: Instrument | None = None) -> None:
        """Everything, ours or not."""
        try:
            await self._acts.cancel_all(instrument)
        except Uncertain as error:  # cancelling again is harmless
            raise Transient(str(error), kind="unreachable") from error

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        """Of both directions, cross."""
        await self._settle(self._acts.set_leverage(instrument, leverage))

    async def set_hedged(self, is_hedged: bool) -> None:
        """Of all perpetuals."""
        await self._settle(self._acts.set_hedged(is_hedged))

    async def transfer(
        self, transfer_id: str, asset: str, amount: Decimal, *, source: str, target: str
    ) -> None:
        """Between wallets of the account."""
        await self._acts.transfer(transfer_id, asset, amount, source, target)

    def moved(self, move: Move, resting: Sequence[Order]) -> Mapping[str, Sequence[OrderEvent]]:
        """Nothing: a real venue reports by itself."""
        return {}

    def _late(self, order: Order) -> OrderEvent | None:
        """The end of an order that must not be sent any more."""
        end, now = order.intent.expires_at, self._clock.now()
        return Expired(at=now) if end is not None and now > end else None

    async def _there_already(self, order: Order) -> Sequence[OrderEvent]:
        """The venue has the id, so an earlier request of ours arrived. Raises `Uncertain` when it cannot be
        seen: it is there all the same."""
        try:
            found = await self._orders.order(order.id, order.intent.instrument)
        except Transient as error:
            raise Uncertain(f"{self._account}: {order.id} is there already; {error}") from error
        if found is None:
            raise Uncertain(f"{self._account} knows the id {order.id} and shows no such order")
        return [Acknowledged(at=self._clock.now(), venue_id=found.venue_id)]

    @staticmethod
    async def _settle(setting: Awaitable[None]) -> None:
        """A setting that is as asked already is no error, and asking again is harmless."""
        try:
            await setting
        except Declined as declined:
            if declined.meaning is not Meaning.UNCHANGED:
                raise
        except Uncertain as error:
            raise Transient(str(error), kind="unreachable") from error


def _reason(declined: Declined) -> str:
    is_strange = declined.meaning in _NO_REASON_TO_REFUSE_AN_ORDER
    return (Meaning.OTHER if is_strange else declined.meaning).value
