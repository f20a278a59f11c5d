"""Tickets in memory with the orders that they are about."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engines.orders.order import Intent, Order
from engines.orders.trade import Trade
from ports.books import Books
from ports.tickets import Ticket, TicketState, TicketStore
from services.trading.register import Held, Register

LATEST = 50
"""So many are read at a start, besides those that wait: their messages may be behind."""
MOST_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A ticket with what it is about. `orders` are all children of the intent, the oldest first."""

    ticket: Ticket
    trade: Trade
    orders: tuple[Order, ...]

    @property
    def intent(self) -> Intent:
        """The wish behind it."""
        return self.orders[0].intent

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.ticket.state is TicketState.OPEN


def intent_id_of(ticket: Ticket) -> str:
    """The intent of its order."""
    return ticket.order_id.rpartition("-")[0]


@dataclass(slots=True, repr=False)
class Roll:
    """Those that wait, and the newest of the others. `on_change` hears of every one that is new or moved."""

    store: TicketStore
    books: Books
    register: Register
    on_change: list[Callable[[Filed], None]] = field(default_factory=list)
    _expected: dict[str, Ticket] = field(default_factory=dict)
    _filed: dict[str, Filed] = field(default_factory=dict)
    _by_trade: dict[int, set[str]] = field(default_factory=dict)

    async def load(self) -> None:
        """Read what is stored, and hear of changes from now on; once, after the register has loaded."""
        self.register.on_change.append(self._hear)
        stored = {one.id: one for one in (*await self.store.latest(LATEST), *await self.store.open())}
        found = await asyncio.gather(*map(self._read, stored.values()))
        for filed in sorted((one for one in found if one is not None), key=lambda one: one.ticket.created_at):
            self._keep(filed)

    def get(self, ticket_id: str) -> Filed | None:
        """One of those in memory."""
        return self._filed.get(ticket_id.upper())

    def open(self) -> Sequence[Filed]:
        """Those that wait, the oldest first."""
        return [one for one in self._filed.values() if one.is_open]

    def all(self) -> Sequence[Filed]:
        """All in memory, the oldest first."""
        return list(self._filed.values())

    async def by_intent(self, intent_id: str) -> Filed | None:
        """The ticket of an intent's first order, also one that is long over."""
        known = next((one for one in self._filed.values() if one.intent.id == intent_id), None)
        if known is not None:
            return known
        trade = await self.books.by_intent(intent_id)
        orders = () if trade is None else await self.books.orders(trade.id)
        for order in orders:
            ticket = await self.store.by_order(order.id) if order.intent.id == intent_id else None
            if ticket is not None:
                return await self._read(ticket)
        return None

    async def read_again(self, ticket_id: str) -> Filed | None:
        """Memory is behind the store: somebody else decided it."""
        stored = await self.store.get(ticket_id)
        filed = None if stored is None else await self._read(stored)
        if filed is not None:
            self._note(filed)
        return filed

    def expect(self, ticket: Ticket) -> None:
        """A ticket is about to be stored with its order: file it as soon as the order is there."""
        self._expected[ticket.order_id] = ticket

    def forget(self, ticket: Ticket) -> None:
        """It was not stored after all, or is filed."""
        self._expected.pop(ticket.order_id, None)

    async def file(self, ticket: Ticket, trade: Trade) -> Filed:
        """Remember a ticket that was stored with a change of `trade`."""
        self.forget(ticket)
        filed = self._of(ticket, trade) or await self._read(ticket)
        if filed is None:
            raise LookupError(f"ticket {ticket.id}: no order {ticket.order_id}")
        self._note(filed)
        return filed

    def _note(self, filed: Filed) -> None:
        self._keep(filed)
        for hear in self.on_change:
            hear(filed)

    def _keep(self, filed: Filed) -> None:
        self._filed[filed.ticket.id] = filed
        self._by_trade.setdefault(filed.trade.id, set()).add(filed.ticket.id)
        if len(self._filed) > MOST_KEPT:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        for filed in self._filed.values():
            if not filed.is_open and not filed.trade.is_live:
                del self._filed[filed.ticket.id]
                self._by_trade.get(filed.trade.id, set()).discard(filed.ticket.id)
                return

    def _of(self, ticket: Ticket, trade: Trade) -> Filed | None:
        held = self.register.get(trade.id)
        orders = () if held is None else held.of_intent(intent_id_of(ticket))
        return None if held is None or not orders else Filed(ticket=ticket, trade=held.trade, orders=orders)

    async def _read(self, ticket: Ticket) -> Filed | None:
        intent_id = intent_id_of(ticket)
        trade = await self.books.by_intent(intent_id)
        if trade is None:
            return None
        of_trade = await self.books.orders(trade.id)
        orders = tuple(order for order in of_trade if order.intent.id == intent_id)
        return Filed(ticket=ticket, trade=trade, orders=orders) if orders else None

    def _hear(self, held: Held) -> None:
        for order in held.orders if self._expected else ():
            if (expected := self._expected.pop(order.id, None)) is not None:
                orders = held.of_intent(order.intent.id)
                self._note(Filed(ticket=expected, trade=held.trade, orders=orders))
        for ticket_id in tuple(self._by_trade.get(held.trade.id, ())):
            before = self._filed[ticket_id]
            orders = held.of_intent(before.intent.id) or before.orders
            if orders != before.orders or held.trade.version != before.trade.version:
                self._note(replace(before, trade=held.trade, orders=orders))
