"""Orders on their way to a venue, and back: what is certain at once is booked, the rest is looked up."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from engines.core.side import Direction
from engines.orders.lifecycle import is_final
from engines.orders.order import (
    CancelAsked,
    Expired,
    FoundAbsent,
    Intent,
    Order,
    OrderEvent,
    OrderState,
    OutcomeUnclear,
    Terms,
    VenueRejected,
)
from engines.orders.subaccount import is_person
from engines.risk.latch import Latch
from ports.clock import Clock
from ports.errors import Stale, Transient, Uncertain
from ports.trading import Venue
from services.ordering.booking import Booking
from services.trading.register import Held, Register
from services.trading.story import BY_THE_PERSON

log = structlog.get_logger()

KEPT: Final = 10_000
"""How many times from intent to wire are remembered."""


@dataclass(slots=True)
class Sending:
    """Requests to the venues, each once. `stopping` says which latch forbids an intent; `doubt` hears of
    orders whose outcome nobody knows."""

    venues: Mapping[str, Venue]
    register: Register
    booking: Booking
    clock: Clock
    stopping: Callable[[Intent], Latch | None] = lambda intent: None
    doubt: Callable[[Order], None] = lambda order: None
    wire_s: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _under_way: Counter[str] = field(default_factory=Counter)

    def is_under_way(self, order_id: str) -> bool:
        """Whether a request about the order is out and its answer may still come."""
        return self._under_way[order_id] > 0

    @contextmanager
    def holding(self, orders: Iterable[Order]) -> Iterator[None]:
        """Nobody looks these up meanwhile: they are written down and sent, or answered for."""
        ids = [order.id for order in orders]
        self._under_way.update(ids)
        try:
            yield
        finally:
            self._under_way.subtract(ids)
            for order_id in ids:
                if not self._under_way[order_id]:
                    del self._under_way[order_id]

    async def send(self, order: Order, *, asked_at: float | None = None) -> Held | None:
        """Send an order that is written down as `SENT`; its trade then. `asked_at` is the loop's time at
        which it was wanted."""
        trade_id = order.intent.trade_id
        held = self.register.get(trade_id)
        if held is None or (order.intent.reduce_only and held.trade.quantity < order.terms.quantity):
            return await self._settle(order, [self._refusal("nothing_held")])
        if self.stopping(order.intent) is not None:  # latched while the order was being written down
            return await self._settle(order, [self._refusal("latch")])
        if is_late(order.intent, self.clock.now()) and not is_person(order.intent.owner):
            return await self._settle(order, [Expired(at=self.clock.now())])
        if asked_at is not None:
            self.wire_s.append(asyncio.get_running_loop().time() - asked_at)
        return await self._settle(order, await self._submit(order, held.trade.direction))

    async def cancel(self, order: Order) -> Held | None:
        """Take an order out of the book; its trade then. Raises `Transient` or `Conflict` where the wish
        could not be written down; and `Transient` or `Uncertain` where it may still be there: it is seen to.
        """
        if order.state is not OrderState.CANCEL_PENDING:
            order = await self.booking.note(order, CancelAsked(at=self.clock.now()))
        return await self.call_back(order)

    async def call_back(self, order: Order) -> Held | None:
        """Ask the venue to cancel; as `cancel` raises."""
        venue = self.venues[order.intent.account]
        try:
            events = await self._alone(order, venue.cancel(order))
        except (Transient, Uncertain):
            self.doubt(order)
            raise
        held = await self._settle(order, events)
        if held is not None and not is_final(held.order(order.id).state):
            self.doubt(order)
        return held

    async def dismiss(self, order: Order) -> None:
        """Ask the venue to cancel an order that our books do not have, or have as over: what comes of it is
        reported. Raises `Transient`, `Uncertain`."""
        await self.venues[order.intent.account].cancel(order)

    async def amend(self, order: Order, terms: Terms) -> Held | None:
        """Change a resting order; its trade then. A refusal leaves it as it is."""
        venue = self.venues[order.intent.account]
        try:
            events = await self._alone(order, venue.amend(order, terms))
        except (Transient, Uncertain) as error:
            log.warning("amend_unclear", order=order.id, error=str(error))
            self.doubt(order)
            return self.register.get(order.intent.trade_id)
        return await self._settle(order, events)

    async def _submit(self, order: Order, direction: Direction) -> Sequence[OrderEvent]:
        try:
            return await self._alone(order, self.venues[order.intent.account].submit(order, direction))
        except (Stale, Transient) as error:
            log.warning("order_not_taken", order=order.id, error=str(error))
            return [self._not_taken(order.intent)]
        except Uncertain as error:
            log.warning("order_unclear", order=order.id, error=str(error))
            return [OutcomeUnclear(at=self.clock.now())]

    async def _alone(self, order: Order, request: Awaitable[Sequence[OrderEvent]]) -> Sequence[OrderEvent]:
        """Await a request; until its answer is there nobody looks the order up. Whatever else it ends with,
        nobody knows what became of the order."""
        is_answered = False
        try:
            with self.holding([order]):  # its cancel may be out while it still waits for its own turn
                events = await request
            is_answered = True
            return events
        except (Stale, Transient):
            is_answered = True
            raise
        finally:
            if not is_answered:
                self.doubt(order)

    def _not_taken(self, intent: Intent) -> OrderEvent:
        """The venue proved that it does not have the order. What the market called for, and what the desk
        wants, is sent again soon; a person is told, and decides."""
        is_called_for = intent.reduce_only and intent.purpose not in BY_THE_PERSON
        if is_called_for or not is_person(intent.owner):
            return FoundAbsent(at=self.clock.now())
        return self._refusal("no_fresh_price")

    def _refusal(self, reason: str) -> OrderEvent:
        return VenueRejected(at=self.clock.now(), reason=reason)

    async def _settle(self, order: Order, events: Sequence[OrderEvent]) -> Held | None:
        if not events:
            return self.register.get(order.intent.trade_id)
        return await self.booking.settle(order.intent.trade_id, order.id, events)


def is_late(intent: Intent, now: datetime) -> bool:
    """Whether an intent is not to be sent any more."""
    return intent.expires_at is not None and now > intent.expires_at
