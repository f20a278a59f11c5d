"""kill -9 at every step of a real order's life, and again while recovering: the books end equal to the
venue's own, and nothing was sent twice."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from engines.orders.naming import first_order
from engines.orders.order import ExecutionStyle, OrderKind, OrderState
from ports.books import Conflict
from ports.errors import Refused
from ports.tickets import TicketState
from ports.venue_books import VenueOrderState
from tests.build.books import MemoryBooks
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue, Trouble
from tests.build.killing import Countdown, Killed
from tests.build.live_desk import LIVE, LiveDesk, a_live_desk, an_entry
from tests.build.tickets import a_ticket

Deed = Callable[[LiveDesk], Awaitable[None]]


async def enters(desk: LiveDesk) -> None:
    trade = replace(await desk.trade(), stop=Decimal(95))
    await desk.orders.place(trade, [an_entry(trade, "enter")])
    await desk.hear()
    await desk.orders.brackets.tend(trade.id)
    await desk.hear()


async def enters_unheard(desk: LiveDesk) -> None:
    desk.venue.on_submit.append(Trouble.LOST_AFTER)
    with suppress(Conflict):
        await enters(desk)


async def approves(desk: LiveDesk) -> None:
    trade = await desk.trade()
    intent = an_entry(trade, "ask", style=ExecutionStyle.GUARDED_MARKET, decision_price=Decimal("100.1"))
    ticket = a_ticket(order_id=first_order(intent.id))
    await desk.orders.propose(trade, intent, ticket)
    with suppress(Conflict):
        await desk.orders.approve(ticket.order_id, replace(ticket, state=TicketState.APPROVED))
    await desk.hear()


async def cancels(desk: LiveDesk) -> None:
    trade = await desk.trade()
    intent = an_entry(trade, "rest", kind=OrderKind.LIMIT, limit_price=Decimal(99))
    await desk.orders.place(trade, [intent])
    await desk.hear()
    if first_order(intent.id) in desk.venue.orders:
        desk.venue.fill(first_order(intent.id), "0.3")
    with suppress(Refused):
        await desk.orders.cancel(first_order(intent.id))
    await desk.hear()


async def leaves(desk: LiveDesk) -> None:
    await enters(desk)
    for held in desk.orders.register.live():
        leaving = an_entry(held.trade, "leave", is_exit=True)
        await desk.orders.place(held.trade, [leaving])
        await desk.hear()
        await desk.orders.brackets.tend(held.trade.id)


async def settled(desk: LiveDesk) -> None:
    """Everything that runs by itself, until nothing is left to do."""
    for _ in range(12):
        await desk.orders.returning.recover("bybit")
        await desk.look_up(after_s=3)
        for held in desk.orders.register.live():
            for intent_id in {order.intent.id for order in held.orders}:
                if held.of_intent(intent_id)[-1].state is OrderState.ABSENT:
                    await desk.orders.runner.step(held.trade.id, intent_id)
            await desk.orders.brackets.tend(held.trade.id)
        await desk.hear()
    for order in desk.orders.register.working("bybit"):
        await desk.orders.brackets.tend(order.intent.trade_id)
    await desk.look_up(3)


@pytest.mark.parametrize("kill_at", range(1, 12))
@pytest.mark.parametrize(
    "deed", [enters, enters_unheard, approves, cancels, leaves], ids=lambda one: one.__name__
)
async def test_killed_at_any_step_and_again_while_recovering(deed: Deed, kill_at: int) -> None:
    books, venue = MemoryBooks(), FakeVenue(HandClock())
    for at, work in ((kill_at, deed), (2, settled), (None, deed), (None, settled)):
        countdown = None if at is None else Countdown(at)
        with suppress(Killed):
            desk = await a_live_desk(books=books, venue=venue, countdown=countdown)
            await work(desk)
        venue.on_submit.clear()
        venue.stream.clear()
    desk = await a_live_desk(books=books, venue=venue)
    await settled(desk)

    sides = {told.id: told.side.sign * told.quantity for told in venue.executed}
    held = [one.trade for one in desk.orders.register.live()]
    assert sum((one.quantity for one in held), Decimal(0)) == sum(sides.values(), Decimal(0))
    assert len(venue.submits) == len(set(venue.submits))
    fills = [fill.id for _, fill in await books.fills(LIVE.owner)]
    assert sorted(fills) == sorted(sides)
    working = desk.orders.register.working("bybit")
    there = {told.client_id for told in venue.orders.values() if told.state is VenueOrderState.OPEN}
    assert {one.id for one in working} == there
    assert {one.state for one in working} <= {OrderState.ACKNOWLEDGED, OrderState.OPEN}
    assert not desk.findings
