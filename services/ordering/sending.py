"""Orders on their way to a venue, and back: what is certain at once is booked, the rest is looked up."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

import structlog

from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.orders.execution import CALLED_BACK
from engines.orders.lifecycle import is_final
from engines.orders.order import (
    CalledOff,
    CancelAsked,
    Canceled,
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
from engines.orders.subaccount import is_live, is_person
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


async def _no_room(order: Order) -> None:
    """For a road on which nothing rests."""


@dataclass(slots=True, repr=False)
class Sending:
    """Requests to the venues, each once. `stopping` says which latch forbids an intent; `doubt` hears of
    orders whose outcome nobody knows, `lost` of those whose request has just ended without an answer;
    `make_room` takes out of the way of an exit what would sell the same coins."""

    venues: Mapping[str, Venue]
    register: Register
    booking: Booking
    clock: Clock
    stopping: Callable[[Intent], Latch | None] = lambda intent: None
    doubt: Callable[[Order], None] = lambda order: None
    lost: Callable[[Order], None] = lambda order: None
    make_room: Callable[[Order], Awaitable[None]] = _no_room
    wire_s: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _under_way: Counter[str] = field(default_factory=Counter)
    _out: set[str] = field(default_factory=set)

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
        if self.is_short(order):
            await self._wait_for_room(order)
        held = self.register.get(order.intent.trade_id)
        if held is None or (order.intent.reduce_only and held.trade.quantity < order.terms.quantity):
            return await self._settle(order, [self._refusal("nothing_held")])
        if self.is_short(order):
            return await self._settle(order, [self._too_soon(order.intent)])
        if (event := self._objection(order)) is not None:
            return await self._settle(order, [event])
        if asked_at is not None:
            self.wire_s.append(asyncio.get_running_loop().time() - asked_at)
        self._out.add(order.id)
        try:
            return await self._settle(order, await self._submit(order, held.trade.direction))
        finally:
            self._out.discard(order.id)

    def is_short(self, order: Order) -> bool:
        """Whether other exits may still sell the coins that an exit would."""
        held = self.register.get(order.intent.trade_id)
        taken = Decimal(0) if held is None else claimed(held, order, self._out)
        return held is not None and taken > 0 and taken + order.terms.quantity > held.trade.quantity

    async def cancel(self, order: Order, *, reason: str = "") -> Held | None:
        """Take an order out of the book; its trade then. Raises `Transient` or `Conflict` where the wish
        could not be written down; and `Transient` or `Uncertain` where it may still be there: it is seen to.
        """
        if order.state is not OrderState.CANCEL_PENDING or reason not in ("", order.reason):
            order = await self.booking.note(order, CancelAsked(at=self.clock.now(), reason=reason))
        return await self.call_back(order)

    async def call_off(self, order: Order) -> None:
        """Let nothing follow an order that is over. Raises `Transient`, `Conflict`: something may follow."""
        await self.booking.note(order, CalledOff(at=self.clock.now(), reason=CALLED_BACK))

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

    async def _wait_for_room(self, order: Order) -> None:
        """Let what is in its way go first. Who stops waiting leaves an order that was not sent: it is looked
        up like one of which nobody knows."""
        is_over = False
        try:
            await self.make_room(order)
            is_over = True
        finally:
            if not is_over:
                self.doubt(order)

    async def _submit(self, order: Order, direction: Direction) -> Sequence[OrderEvent]:
        try:
            venue = self.venues[order.intent.account]
            return await self._alone(order, venue.submit(order, direction, lambda: self._objection(order)))
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
                self.lost(order)

    def _objection(self, order: Order) -> OrderEvent | None:
        """What speaks against an order that has not left yet and ends it: it was written down, or waited for
        its turn, while a latch was pulled, its time ran out or it was called back."""
        now, known = self.clock.now(), self.register.find(order.id)
        if known is None or known.state is OrderState.CANCEL_PENDING or is_final(known.state):
            return Canceled(at=now, reason=CALLED_BACK)  # its trade may be over with it
        if self._is_called_off(order.intent):
            return Canceled(at=now, reason=CALLED_BACK)
        if self.stopping(order.intent) is not None:
            return self._refusal("latch")
        is_over = is_late(order.intent, now) and not is_person(order.intent.owner)
        return Expired(at=now) if is_over else None

    def _is_called_off(self, intent: Intent) -> bool:
        """Whether an order of the desk was called back while another of its intent was written down. What the
        market calls for is wanted all the same."""
        if is_person(intent.owner) or _is_called_for(intent):
            return False
        held = self.register.get(intent.trade_id)
        return held is not None and any(one.reason == CALLED_BACK for one in held.of_intent(intent.id))

    def _not_taken(self, intent: Intent) -> OrderEvent:
        """The venue proved that it does not have the order. What the market called for, and what the desk
        wants, is sent again soon; a person is told, and decides."""
        if _is_called_for(intent) or not is_person(intent.owner):
            return FoundAbsent(at=self.clock.now())
        return self._refusal("no_fresh_price")

    def _too_soon(self, intent: Intent) -> OrderEvent:
        """Others sell what it would. What the market called for is sent again soon, if anything is left."""
        if intent.purpose in BY_THE_PERSON:
            return self._refusal("reduce_only_rejected")
        return FoundAbsent(at=self.clock.now())

    def _refusal(self, reason: str) -> OrderEvent:
        return VenueRejected(at=self.clock.now(), reason=reason)

    async def _settle(self, order: Order, events: Sequence[OrderEvent]) -> Held | None:
        if not events:
            return self.register.get(order.intent.trade_id)
        return await self.booking.settle(order.intent.trade_id, order.id, events)


def _is_called_for(intent: Intent) -> bool:
    """Whether the market called for an exit, by a stop or a target."""
    return intent.reduce_only and intent.purpose not in BY_THE_PERSON


def claimed(held: Held, order: Order, out: Collection[str]) -> Decimal:
    """How much of the coins that an exit would sell at a real venue other exits of the trade may sell still:
    those that are there, those whose request is `out`, and those written down as sent before it. Of
    perpetuals the venue itself sells no more than is held."""
    is_coin = order.intent.instrument.kind is MarketKind.SPOT
    if not (order.intent.reduce_only and is_coin and is_live(order.intent.owner)):
        return Decimal(0)
    before = order.updated_at, list(held.by_id).index(order.id)
    others = (
        (one, (one.updated_at, place) < before or one.id in out or one.state is not OrderState.SENT)
        for place, one in enumerate(held.orders)
        if one.id != order.id and one.intent.reduce_only and not is_final(one.state)
    )
    waiting = OrderState.AWAITING_APPROVAL
    return sum((one.left for one, is_ahead in others if is_ahead and one.state is not waiting), Decimal(0))


def is_late(intent: Intent, now: datetime) -> bool:
    """Whether an intent is not to be sent any more."""
    return intent.expires_at is not None and now > intent.expires_at
