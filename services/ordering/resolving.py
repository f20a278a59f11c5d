"""What became of orders that nobody is sure of: asked of the venue until it is certain, never guessed.

An order is `ABSENT` only when the venue has shown twice that it has neither the order nor a fill of it, after
the request itself had expired: until then it could still arrive.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from engines.orders.execution import CALLED_BACK
from engines.orders.lifecycle import is_final
from engines.orders.order import (
    Canceled,
    FoundAbsent,
    Order,
    OrderEvent,
    OrderState,
)
from engines.risk.latch import Cause, Latch, Scope
from ports.clock import Clock
from ports.errors import DeskError, Rejected, Transient, Uncertain
from ports.venue_books import VenueBooks, VenueFill, VenueOrder, VenueOrderState
from services.ordering.booking import Booking
from services.ordering.findings import Breakers
from services.ordering.reports import filled_events, found
from services.trading.register import Register

log = structlog.get_logger()

EXPIRY_S: Final = 6.0
"""Real seconds after which a request that was not answered cannot be acted on any more: the venues' receive
window of five, and some room for their clock."""
AGAIN_S: Final = 1.0
LOOKS: Final = 2
"""Empty look-ups that prove an absence."""
PATIENCE_S: Final = 30.0
"""After so many real seconds of doubt nothing more enters at that account."""
EARLIER: Final = timedelta(minutes=1)
"""Fills are asked for from so long before the order: the venue's clock is its own."""
AT_ONCE: Final = 8
GONE: Final = "gone_from_venue"

_MAY_BE_ABSENT: Final = (OrderState.SENT, OrderState.UNKNOWN)


@dataclass(slots=True, repr=False)
class Doubt:
    """Since when (wire time) and how often in vain an order was looked for."""

    since: datetime
    not_before: datetime
    empty: int = 0


@dataclass(slots=True, repr=False)
class Resolver:
    """Looks orders up at their venues. `is_under_way` tells of requests whose answer may still come,
    `call_back` cancels again what should have been cancelled."""

    books: Mapping[str, VenueBooks]
    register: Register
    booking: Booking
    breakers: Breakers
    clock: Clock
    is_under_way: Callable[[str], bool]
    call_back: Callable[[Order], Awaitable[object]]
    expiry_s: float = EXPIRY_S
    _doubts: dict[str, dict[str, Doubt]] = field(default_factory=dict)
    _latched: set[str] = field(default_factory=set)
    _news: dict[str, asyncio.Event] = field(default_factory=dict)

    def doubt(self, order: Order, *, after_s: float = 0.0) -> None:
        """See to an order of a real venue, after so many real seconds; what is doubted already stays so."""
        account = order.intent.account
        if account not in self.books:
            return
        now = self.clock.wire_now()
        doubts = self._doubts.setdefault(account, {})
        doubts.setdefault(order.id, Doubt(since=now, not_before=now + timedelta(seconds=after_s)))
        self._news_of(account).set()

    def lost(self, order: Order) -> None:
        """A request about an order is over and its answer was lost: from now on, and not from when it was
        written down or first doubted, it takes its expiry until nothing can come of it."""
        self.doubt(order)
        if (doubt := self._doubts.get(order.intent.account, {}).get(order.id)) is not None:
            doubt.since, doubt.empty = self.clock.wire_now(), 0

    def doubted(self, account: str) -> int:
        """How many orders of an account are in doubt."""
        return len(self._doubts.get(account, {}))

    async def follow(self, account: str) -> None:
        """Endless: look up what is in doubt at an account."""
        news = self._news_of(account)
        while True:
            news.clear()
            await self.round(account)
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S / 2 if self.doubted(account) else None):
                    await news.wait()

    async def confirm(self, order: Order) -> None:
        """Book what the venue has filled of an order that ended and has not told yet. Raises `Transient`,
        `Rejected`: it may have more."""
        books = self.books.get(order.intent.account)
        if books is not None:
            fills = await books.fills(order.created_at - EARLIER, order.intent.instrument)
            await self._book(order, filled_events(order, fills))

    async def round(self, account: str) -> None:
        """Look up once what is in doubt and due; what cannot be asked stays in doubt."""
        orders: Sequence[Order] = ()
        try:
            orders = await self._due(account)
            if orders:
                await self._look_up(account, orders)
        except (Transient, Rejected) as error:
            log.warning("look_up_failed", account=account, orders=len(orders), error=str(error))
            self._put_off(account, orders)
        await self._latch(account)

    async def _due(self, account: str) -> list[Order]:
        """Orders to be looked up now; those of which all is known are in doubt no more."""
        now, due = self.clock.wire_now(), []
        doubts = self._doubts.get(account, {})
        for order_id, doubt in list(doubts.items()):
            if doubt.not_before > now or self.is_under_way(order_id):
                continue
            order = self.register.find(order_id) or await self.register.books.order(order_id)
            if order is None or order.state in (OrderState.FILLED, OrderState.DENIED):
                doubts.pop(order_id, None)
            else:
                due.append(order)
        return due

    async def _look_up(self, account: str, orders: Sequence[Order]) -> None:
        """The orders first and their fills after, so that the fills are never older than what was said of
        the order."""
        books, asked_at = self.books[account], self.clock.wire_now()
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(order: Order) -> VenueOrder | None:
            async with gate:
                return await books.order(order.id, order.intent.instrument, order.venue_id)

        told = await asyncio.gather(*map(ask, orders))
        since = min(order.created_at for order in orders) - EARLIER
        instruments = {order.intent.instrument for order in orders}
        fills = await books.fills(since, instruments.pop() if len(instruments) == 1 else None)
        await asyncio.gather(
            *(self._conclude(order, one, fills, asked_at) for order, one in zip(orders, told, strict=True))
        )

    async def _conclude(
        self, order: Order, told: VenueOrder | None, fills: Sequence[VenueFill], asked_at: datetime
    ) -> None:
        now = self.clock.now()
        doubt = self._doubts[order.intent.account].get(order.id)
        if doubt is None:
            return
        if told is not None:
            evidence = found(order, told, fills, now)
            await self._book(order, evidence.events)
            if evidence.is_settled:
                self._doubts[order.intent.account].pop(order.id, None)
                await self._end_what_should_have_ended(order, told)
            else:
                self._put_off(order.intent.account, [order])
            return
        news = filled_events(order, fills)
        await self._book(order, news)
        if news or not self._proves(order, doubt, asked_at):
            self._put_off(order.intent.account, [order])
            return
        self._doubts[order.intent.account].pop(order.id, None)
        await self._book(order, self._absence(order, now))

    def _proves(self, order: Order, doubt: Doubt, asked_at: datetime) -> bool:
        """Whether another look-up in vain proves that there is nothing, and will be nothing."""
        waited_s = (asked_at - doubt.since).total_seconds()
        if order.state is OrderState.UNKNOWN:  # journalled when its request was over, perhaps in another life
            took_s = (self.clock.wire_now() - asked_at).total_seconds()
            waited_s = max(waited_s, self.clock.age_s(order.updated_at) - took_s)
        if waited_s < self.expiry_s:
            return False
        doubt.empty += 1
        return doubt.empty >= LOOKS

    def _absence(self, order: Order, now: datetime) -> list[OrderEvent]:
        """What it means that the venue has nothing: an order that it once had has ended there, and one that
        was called back is as it was wanted."""
        was_there = bool(order.fill_ids) or order.venue_id is not None
        if order.state in _MAY_BE_ABSENT and not was_there:
            return [FoundAbsent(at=now)]
        never_came = order.state is OrderState.CANCEL_PENDING and not was_there
        reason = CALLED_BACK if never_came else GONE
        return [] if is_final(order.state) else [Canceled(at=now, reason=reason)]

    async def _end_what_should_have_ended(self, order: Order, told: VenueOrder) -> None:
        """It still rests although we wanted it gone, or took it for gone."""
        is_wanted = order.state is not OrderState.CANCEL_PENDING and not is_final(order.state)
        if told.state is not VenueOrderState.OPEN or is_wanted:
            return
        with suppress(Transient, Uncertain):  # the next sweep finds it again
            await self.call_back(self.register.find(order.id) or order)

    def _news_of(self, account: str) -> asyncio.Event:
        return self._news.setdefault(account, asyncio.Event())

    def _put_off(self, account: str, orders: Sequence[Order]) -> None:
        again = self.clock.wire_now() + timedelta(seconds=AGAIN_S)
        for order in orders:
            if (doubt := self._doubts[account].get(order.id)) is not None:
                doubt.not_before = again

    async def _book(self, order: Order, events: Sequence[OrderEvent]) -> None:
        if events:
            await self.booking.settle(order.intent.trade_id, order.id, events)

    async def _latch(self, account: str) -> None:
        """Nothing enters at an account of which too much is unknown for too long."""
        now, doubts = self.clock.wire_now(), self._doubts.get(account, {})
        is_long = any((now - one.since).total_seconds() >= PATIENCE_S for one in doubts.values())
        if is_long == (account in self._latched):
            return
        name = f"unresolved:{account}"
        if is_long:
            self._latched.add(account)
            latch = Latch(
                id=name,
                scope=Scope(account=account),
                cause=Cause.UNRESOLVED,
                pulled_at=now,
                detail=", ".join(sorted(doubts)[:5]),
            )
            await self.breakers.pull(latch)
        else:
            with suppress(DeskError):  # it stays until it can be released
                await self.breakers.release(name)
                self._latched.discard(account)
