"""Between the gate and the books an order is reserved: two at once cannot pass one limit together."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from engines.orders.naming import first_order
from engines.orders.order import OrderKind, OrderState, Terms
from engines.orders.subaccount import PAPER, EngineName
from engines.orders.trade import Trade
from ports.books import Change, Conflict
from ports.errors import Refused, Transient
from ports.tickets import Ticket, TicketState
from tests.build.books import MemoryBooks
from tests.build.gates import GateRoom, a_gate_room
from tests.build.live_desk import LiveDesk, a_live_desk
from tests.build.paper_desk import a_paper_desk
from tests.build.tickets import a_ticket


class SlowBooks(MemoryBooks):
    """Books that take a while to store a change, and may fail."""

    is_down = False

    async def commit(self, change: Change) -> None:
        await asyncio.sleep(0)
        if self.is_down:
            raise Transient("locked", kind="database")
        await MemoryBooks.commit(self, change)


async def proposed(room: GateRoom, name: str, quantity: str) -> tuple[Trade, Ticket]:
    """So many BTC wait for a person, of ten at 100 that the limits leave room for."""
    trade = await room.trade(EngineName.MANUAL, leverage=5)
    intent = room.entry(trade, quantity, kind=OrderKind.LIMIT, limit_price=Decimal(99), worst_price=None)
    ticket = a_ticket(name, order_id=first_order(intent.id))
    return await room.orders.propose(trade, intent, ticket), ticket


async def approve(room: GateRoom, ticket: Ticket) -> Trade:
    return await room.orders.approve(ticket.order_id, replace(ticket, state=TicketState.APPROVED))


async def test_two_approvals_at_once_do_not_pass_one_limit_together() -> None:
    room = await a_gate_room(await a_paper_desk(books=SlowBooks()))
    first = await proposed(room, "AAAA", "9.5")
    second = await proposed(room, "BBBB", "9.5")
    done = await asyncio.gather(*(approve(room, one[1]) for one in (first, second)), return_exceptions=True)
    assert [type(one) for one in done] == [Trade, Refused]
    sent = [one for one in room.orders.register.working(PAPER) if one.state is OrderState.OPEN]
    assert [one.terms.quantity for one in sent] == [Decimal("9.5")]


async def test_an_approval_that_could_not_be_stored_leaves_the_order_waiting() -> None:
    books = SlowBooks()
    room = await a_gate_room(await a_paper_desk(books=books))
    trade, ticket = await proposed(room, "AAAA", "9.5")
    books.is_down = True
    with pytest.raises(Transient):
        await approve(room, ticket)
    books.is_down = False
    held = room.orders.register.get(trade.id)
    assert held is not None
    assert [one.state for one in held.orders] == [OrderState.AWAITING_APPROVAL]
    await approve(room, ticket)
    assert [one.state for one in room.orders.register.working(PAPER)] == [OrderState.OPEN]


async def test_a_trade_that_is_over_by_then_does_not_come_back_to_memory() -> None:
    books = SlowBooks()
    desk = await a_live_desk(books=books)
    trade = await desk.place()
    more = desk.intent(trade)
    await desk.place(is_exit=True)
    books.is_down = True
    with pytest.raises(Conflict):
        await desk.orders.place(trade, [more])
    assert trade.quantity == 1
    assert not desk.orders.register.live()


class ForgetfulBooks(MemoryBooks):
    """Books whose next answers are lost although the change was stored."""

    lost = 0

    async def commit(self, change: Change) -> None:
        await MemoryBooks.commit(self, change)
        if self.lost:
            self.lost -= 1
            raise Conflict(f"trade {change.trade.id} at version {change.trade.version}")


def names(desk: LiveDesk, trade: Trade) -> set[str]:
    """Orders of a trade that memory has."""
    held = desk.orders.register.get(trade.id)
    assert held is not None
    return set(held.by_id)


async def test_what_another_has_reserved_stays_when_a_trade_is_read_again() -> None:
    books = ForgetfulBooks()
    desk = await a_live_desk(books=books)
    trade = await desk.place()
    register, intent = desk.orders.register, desk.intent(trade)
    order = desk.orders.placing.created(intent, Terms.of(intent))
    register.reserve(trade, [order])
    books.lost = 1
    with pytest.raises(Conflict):
        await register.commit(Change(trade=replace(trade, version=trade.version + 1)))
    assert order.id in names(desk, trade)
    register.release(trade.id, [order])
    assert order.id not in names(desk, trade)


async def test_what_is_in_the_books_by_then_is_not_taken_for_reserved() -> None:
    books = ForgetfulBooks()
    desk = await a_live_desk(books=books)
    trade = await desk.place()
    intent = desk.intent(trade)
    order = desk.orders.placing.created(intent, Terms.of(intent))
    denied = replace(order, state=OrderState.DENIED)
    desk.orders.register.reserve(trade, [order])
    books.lost = 1
    with pytest.raises(Conflict):
        await desk.orders.register.commit(
            Change(trade=replace(trade, version=trade.version + 1), orders=(denied,))
        )
    assert desk.orders.register.find(order.id) == denied
    desk.orders.register.release(trade.id, [order])
    assert desk.orders.register.find(order.id) == denied


async def test_a_new_trade_that_could_not_be_stored_stays_while_another_has_reserved_in_it() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    first, second = (
        desk.orders.placing.created(intent, Terms.of(intent))
        for intent in (desk.intent(trade), desk.intent(trade))
    )
    for order in (first, second):
        desk.orders.register.reserve(trade, [order])
    with pytest.raises(Conflict):
        await desk.orders.register.commit(Change(trade=replace(trade, version=7), orders=(first,)))
    desk.orders.register.release(trade.id, [first])
    assert names(desk, trade) == {second.id}
    desk.orders.register.release(trade.id, [second])
    assert desk.orders.register.get(trade.id) is None
