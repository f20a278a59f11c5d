"""Reports of the venues' private streams, booked as they come; what was missed is read again."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from engines.orders.lifecycle import is_final
from engines.orders.naming import is_ours
from engines.orders.order import Amended, Order, OrderEvent, OrderState
from ports.clock import Clock
from ports.errors import Rejected, Transient, Uncertain
from ports.health import FeedHealth
from ports.venue_books import (
    StreamState,
    VenueBooks,
    VenueFill,
    VenueOrder,
    VenueOrderState,
    VenueReport,
)
from services.ordering.booking import Booking
from services.ordering.findings import Finding, Tell
from services.ordering.reports import ENDED, filled_events, found, opened_events
from services.ordering.resolving import Resolver
from services.ordering.strangers import stand_in
from services.trading.register import Register

log = structlog.get_logger()

LOOK_EVERY_S: Final = 30.0
"""Real seconds between two comparisons of open orders."""
TRY_AGAIN_S: Final = 2.0
FILLS_FOLLOW_S: Final = 0.5
"""A report of an order may come before those of its fills."""
SETTLES_S: Final = 10.0
"""Real seconds in which reports from before a change of ours may still come."""
OVERLAP: Final = timedelta(minutes=2)
STRANGERS: Final = 10_000
"""Orders of others that are remembered as told of."""
_RESTS: Final = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)

_Told = VenueOrder | VenueFill


@dataclass(slots=True, repr=False)
class Hearing:
    """Listens to the accounts in `books`. `dismiss` cancels an order at a venue without writing of it."""

    books: Mapping[str, VenueBooks]
    register: Register
    booking: Booking
    resolver: Resolver
    clock: Clock
    dismiss: Callable[[Order], Awaitable[object]]
    tell: Tell
    listeners: list[Callable[[str, VenueReport], None]] = field(default_factory=list)
    up: dict[str, bool] = field(default_factory=dict)
    _waiting: list[tuple[str, _Told]] = field(default_factory=list)
    _whole_at: dict[str, datetime] = field(default_factory=dict)
    """Up to when nothing was missed of an account."""
    _to_repair: dict[str, asyncio.Event] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)
    _strangers: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, account: str, report: VenueReport) -> None:
        """A report has come; it is booked by `work_off`."""
        if isinstance(report, VenueOrder | VenueFill):
            self._waiting.append((account, report))
        elif isinstance(report, StreamState):
            self.up[account] = report is StreamState.UP
            if report is StreamState.UP:
                self._miss(account)
        for listen in self.listeners:
            listen(account, report)
        self._news.set()

    def health(self) -> Sequence[FeedHealth]:
        """How each account is heard, with the orders that wait there for their turn."""
        return [self._health_of(account, books) for account, books in sorted(self.books.items())]

    def _health_of(self, account: str, books: VenueBooks) -> FeedHealth:
        is_up = self.up.get(account)
        code = "waiting" if is_up is None else "streaming" if is_up else "failing"
        return FeedHealth(
            name=f"{account}_account",
            is_ok=is_up is not False,
            age_s=None,
            code=code,
            params={"queued": books.queued},
        )

    async def run(self) -> None:
        """Endless: book what has come."""
        while True:
            self._news.clear()
            try:
                await self.work_off()
            except Transient as error:  # of our database: what was not booked is read again
                log.error("reports_not_booked", error=str(error))
                for account in self.books:
                    self._miss(account)
            await self._news.wait()

    async def follow(self, account: str) -> None:
        """Endless: listen to an account, repair what was missed, compare."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._listen(account), name=f"stream {account}")
            loops.create_task(self._look_after(account), name=f"open orders {account}")

    async def work_off(self) -> None:
        """Book everything that has come. Reports of one order are taken in the order in which they came."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            by_order: dict[tuple[str, str], list[_Told]] = {}
            for account, report in batch:
                by_order.setdefault((account, report.client_id or _venue_id(report)), []).append(report)
            await asyncio.gather(
                *(self._take(account, reports) for (account, _), reports in by_order.items())
            )

    async def repair(self, account: str) -> None:
        """Read by REST what the stream may have missed. Raises `Transient`."""
        now = self.clock.now()
        self._missing.add(account)
        since = self._whole_at.get(account, now) - OVERLAP
        for fill in await self.books[account].fills(since):
            self._waiting.append((account, fill))
        await self.work_off()
        await self.compare(account)
        self._whole_at[account] = now
        self._missing.discard(account)

    async def compare(self, account: str) -> None:
        """Compare open orders with ours, both ways: what we do not know there, and what is not there of
        ours. Raises `Transient`."""
        asked_at, is_heard = self.clock.now(), self._is_heard(account)
        there = await self.books[account].open_orders()
        names = {told.client_id for told in there} | {told.venue_id for told in there}
        for told in there:
            self._waiting.append((account, told))
        await self.work_off()
        for order in self.register.working(account):
            is_sent = order.state is not OrderState.AWAITING_APPROVAL
            if is_sent and not {order.id, order.venue_id} & names and order.updated_at < asked_at:
                self.resolver.doubt(order)
        if is_heard and self._is_heard(account):
            self._whole_at[account] = asked_at

    def _is_heard(self, account: str) -> bool:
        """Whether the stream speaks, and nothing of what it missed or we could not book is to be read."""
        is_whole = account not in self._missing and not self._gap(account).is_set()
        return is_whole and self.up.get(account, False)

    async def _listen(self, account: str) -> None:
        """Hear the private stream. One that refuses our key is tried again: other accounts go on meanwhile,
        and this one is compared by REST as far as that is let in."""
        while True:
            try:
                await self.books[account].watch(self._listener(account))
            except Rejected as error:
                log.error("private_stream_refused", account=account, error=str(error))
                self.hear(account, StreamState.DOWN)
            await asyncio.sleep(LOOK_EVERY_S)

    def _listener(self, account: str) -> Callable[[VenueReport], None]:
        return lambda report: self.hear(account, report)

    def _gap(self, account: str) -> asyncio.Event:
        """Set while there is something that the stream may have missed."""
        return self._to_repair.setdefault(account, asyncio.Event())

    def _miss(self, account: str) -> None:
        """There is something to be read again."""
        self._missing.add(account)
        self._gap(account).set()

    async def _look_after(self, account: str) -> None:
        gap = self._gap(account)
        while True:
            is_whole = not gap.is_set()
            gap.clear()
            try:
                await (self.compare(account) if is_whole else self.repair(account))
            except (Transient, Rejected) as error:
                log.warning("open_orders_unread", account=account, error=str(error))
                await asyncio.sleep(TRY_AGAIN_S)
                gap.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await gap.wait()

    async def _take(self, account: str, reports: Sequence[_Told]) -> None:
        order = await self._order_of(account, reports)
        if order is None:
            for report in reports:
                await self._strange(account, report)
            return
        events = self._events(order, reports)
        if events:
            await self.booking.settle(order.intent.trade_id, order.id, events)
        if is_final(order.state) and any(_rests(report) for report in reports):
            await self._call_off(account, order)

    def _events(self, order: Order, reports: Sequence[_Told]) -> list[OrderEvent]:
        """What the reports together say of the order, and what has to be looked up of it."""
        now = self.clock.now()
        fills = [report for report in reports if isinstance(report, VenueFill)]
        words = [report for report in reports if isinstance(report, VenueOrder)]
        if not words:
            return filled_events(order, fills)
        last = max(words, key=lambda told: (told.state is not VenueOrderState.OPEN, told.filled))
        evidence = found(order, last, fills, now)
        is_empty_end = last.state in ENDED and not last.filled
        if not evidence.is_settled:
            self.resolver.doubt(order, after_s=FILLS_FOLLOW_S)
        elif is_empty_end and last.state is not VenueOrderState.REJECTED and not is_final(order.state):
            self.resolver.doubt(order)  # `canceled, filled 0` is confirmed before it is believed
            return [*opened_events(order, last, now), *filled_events(order, fills)]
        return [*evidence.events, *([] if self._is_outdated(order, last) else _amended(order, last, now))]

    def _is_outdated(self, order: Order, told: VenueOrder) -> bool:
        """Whether it may have been told before our own last change. The venue's clock is its own: what is
        told still after a while is true."""
        is_recent = self.clock.age_s(order.updated_at) < SETTLES_S
        return is_recent and told.updated_at < order.updated_at

    async def _order_of(self, account: str, reports: Sequence[_Told]) -> Order | None:
        client_id = reports[0].client_id
        if not client_id:
            return await self._by_venue_id(account, _venue_id(reports[0]))
        order = self.register.find(client_id) or await self.register.books.order(client_id)
        return order if order is None or order.intent.account == account else None

    async def _by_venue_id(self, account: str, venue_id: str) -> Order | None:
        """What a venue tells without our name: a stop that woke at Gate, say, also when it is long over."""
        orders = self.register.working(account)
        found = next((order for order in orders if order.venue_id == venue_id), None)
        if found is not None or (account, venue_id) in self._strangers:
            return found
        return await self.register.books.at_venue(account, venue_id)

    async def _strange(self, account: str, report: _Told) -> None:
        """Not in our books: ours by its name is called off, a stranger's is told of once."""
        if isinstance(report, VenueOrder) and is_ours(report.client_id):
            if report.state is VenueOrderState.OPEN:
                await self._call_off(account, stand_in(account, report))
            return
        if not self._is_new(account, _venue_id(report)):
            return
        is_order = isinstance(report, VenueOrder)
        if is_order and not _rests(report):
            return
        params = {
            "symbol": report.instrument.symbol,
            "side": report.side,
            "quantity": report.quantity,
            "venue_id": _venue_id(report),
        }
        code = "foreign_order" if is_order else "foreign_fill"
        await self.tell(Finding(code=code, account=account, params=params))

    def _is_new(self, account: str, venue_id: str) -> bool:
        """Whether a stranger was not met before; the latest are remembered."""
        is_new = (account, venue_id) not in self._strangers
        self._strangers[account, venue_id] = None
        self._strangers.move_to_end((account, venue_id))
        if len(self._strangers) > STRANGERS:
            self._strangers.popitem(last=False)
        return is_new

    async def _call_off(self, account: str, order: Order) -> None:
        """Take an order of ours out of the book that should not be there. What was filled of it meanwhile is
        told, and looked up."""
        try:
            await self.dismiss(order)
        except (Transient, Uncertain) as error:
            log.warning("orphan_stays", account=account, order=order.id, error=str(error))
            return
        self.resolver.doubt(order)
        params = {"client_id": order.id, "symbol": order.intent.instrument.symbol}
        await self.tell(Finding(code="orphan_canceled", account=account, params=params))


def _venue_id(report: _Told) -> str:
    return report.venue_id if isinstance(report, VenueOrder) else report.venue_order_id


def _rests(report: _Told) -> bool:
    return isinstance(report, VenueOrder) and report.state is VenueOrderState.OPEN


def _amended(order: Order, told: VenueOrder, at: datetime) -> list[OrderEvent]:
    """An order that rests or sleeps elsewhere than we knew: an amendment whose answer was lost. What woke is
    told without its trigger."""
    terms = replace(
        order.terms,
        quantity=told.quantity,
        limit_price=None if order.terms.limit_price is None else told.limit_price,
        trigger_price=None if order.terms.trigger_price is None else told.trigger_price,
    )
    if terms == order.terms or told.state is not VenueOrderState.OPEN or order.state not in _RESTS:
        return []
    was_priced = (order.terms.limit_price is not None, order.terms.trigger_price is not None)
    is_priced = (terms.limit_price is not None, terms.trigger_price is not None)
    if is_priced != was_priced or not order.filled < told.quantity <= order.intent.quantity:
        return []
    return [Amended(at=at, terms=terms)]
