"""Orders that wait for a person: one decision counts, and it is checked against what is so by then."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from engines.orders.naming import first_order
from engines.orders.order import ExecutionStyle, Intent, OrderState
from engines.orders.trade import Trade, TradeState
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.verdict import Check, Ruling, Verdict
from ports.books import Change, Conflict
from ports.errors import Refused
from ports.tickets import Effect, Ticket, TicketState
from services.ordering.judging import FundsOnly
from tests.build.books import MemoryBooks
from tests.build.live_desk import LiveDesk, a_live_desk
from tests.build.tickets import a_ticket


class Strict(FundsOnly):
    """A gate that says what it is told to say."""

    def __init__(self) -> None:
        self.ruling, self.quantity = Ruling.ALLOW, Decimal(1)

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        decisive = None if self.ruling is Ruling.ALLOW else Check(code="per_order", is_kept=False)
        return Verdict(ruling=self.ruling, quantity=self.quantity, decisive=decisive)

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        raise NotImplementedError


async def proposed(desk: LiveDesk) -> tuple[Trade, Ticket]:
    """One coin at the market, seen at 100.1, waits."""
    trade = await desk.trade()
    intent = desk.intent(
        trade,
        style=ExecutionStyle.GUARDED_MARKET,
        decision_price=Decimal("100.1"),
        worst_price=Decimal("100.6"),
    )
    ticket = a_ticket(order_id=first_order(intent.id))
    return await desk.orders.propose(trade, intent, ticket), ticket


def decided(ticket: Ticket, state: TicketState = TicketState.APPROVED) -> Ticket:
    return replace(ticket, state=state, decided_by=11)


async def test_what_is_approved_is_sent_once() -> None:
    desk = await a_live_desk()
    trade, ticket = await proposed(desk)
    assert not desk.venue.submits
    await desk.orders.approve(ticket.order_id, decided(ticket))
    await desk.hear()
    with pytest.raises(Conflict):
        await desk.orders.approve(ticket.order_id, decided(ticket))
    with pytest.raises(Conflict):
        await desk.orders.decline(ticket.order_id, decided(ticket, TicketState.SKIPPED), "skipped")
    assert (await desk.see(trade)).quantity == 1
    assert len(desk.venue.submits) == 1


@pytest.mark.parametrize(
    ("state", "ending"),
    [(TicketState.SKIPPED, OrderState.DENIED), (TicketState.EXPIRED, OrderState.EXPIRED)],
)
async def test_what_is_declined_is_never_sent(state: TicketState, ending: OrderState) -> None:
    desk = await a_live_desk()
    trade, ticket = await proposed(desk)
    await desk.orders.decline(ticket.order_id, decided(ticket, state), "skipped")
    [order] = await desk.all_orders(trade)
    assert order.state is ending
    assert (await desk.see(trade)).state is TradeState.CANCELED
    with pytest.raises(Conflict):
        await desk.orders.approve(ticket.order_id, decided(ticket))
    assert not desk.venue.submits


async def test_a_market_that_ran_away_is_not_followed() -> None:
    desk = await a_live_desk()
    trade, ticket = await proposed(desk)
    desk.venue.set("101")
    with pytest.raises(Refused) as refusal:
        await desk.orders.approve(ticket.order_id, decided(ticket))
    assert refusal.value.code == "out_of_band"
    [order] = await desk.all_orders(trade)
    assert order.state is OrderState.AWAITING_APPROVAL
    desk.venue.set("100")
    await desk.orders.approve(ticket.order_id, decided(ticket))
    assert len(desk.venue.submits) == 1


async def test_the_gate_is_asked_again_when_it_is_approved() -> None:
    gate = Strict()
    desk = await a_live_desk(gate=gate)
    _, ticket = await proposed(desk)
    gate.ruling = Ruling.DENY
    with pytest.raises(Refused) as refusal:
        await desk.orders.approve(ticket.order_id, decided(ticket))
    assert refusal.value.code == "not_allowed"
    assert not desk.venue.submits


async def test_a_proposal_survives_a_restart_and_is_made_once() -> None:
    desk = await a_live_desk()
    trade, ticket = await proposed(desk)
    desk = await a_live_desk(books=desk.books, venue=desk.venue)
    [order] = await desk.all_orders(trade)
    await desk.orders.propose(await desk.trade(), order.intent, ticket)
    assert len(await desk.all_orders(trade)) == 1
    await desk.orders.approve(ticket.order_id, decided(ticket))
    assert len(desk.venue.submits) == 1


async def test_what_the_gate_forbids_is_written_down_and_not_sent() -> None:
    gate = Strict()
    gate.ruling, gate.quantity = Ruling.DENY, Decimal(0)
    desk = await a_live_desk(gate=gate)
    trade = await desk.place()
    [order] = await desk.all_orders(trade)
    assert (order.state, order.reason) == (OrderState.DENIED, "per_order")
    assert (await desk.see(trade)).state is TradeState.CANCELED
    assert not desk.venue.submits


async def test_what_is_too_large_goes_smaller_and_the_rest_is_not_wanted() -> None:
    gate = Strict()
    gate.ruling, gate.quantity = Ruling.SHRINK, Decimal("0.5")
    desk = await a_live_desk(gate=gate)
    trade = await desk.place("2")
    [order] = await desk.all_orders(trade)
    assert order.intent.quantity == order.filled == Decimal("0.5")
    assert (await desk.see(trade)).quantity == Decimal("0.5")


async def test_an_account_that_is_not_open_takes_no_order() -> None:
    desk = await a_live_desk()
    trade = await desk.place(account="gate")
    [order] = await desk.all_orders(trade)
    assert (order.state, order.reason) == (OrderState.DENIED, "account_closed")


@dataclass(slots=True)
class KilledMeanwhile(MemoryBooks):
    """Books that take so long that a kill comes in between."""

    kill: Callable[[], None] = lambda: None

    async def commit(self, change: Change) -> None:
        await MemoryBooks.commit(self, change)
        self.kill()


async def test_what_is_latched_while_it_is_written_down_never_leaves() -> None:
    books = KilledMeanwhile()
    desk = await a_live_desk(books=books)
    trade, ticket = await proposed(desk)
    latch = Latch(id="kill", scope=Scope(), cause=Cause.KILL, pulled_at=desk.clock.now())

    def kill() -> None:
        desk.breakers.stops = latch

    books.kill = kill
    await desk.orders.approve(ticket.order_id, decided(ticket))

    assert not desk.venue.submits
    [order] = await desk.all_orders(trade)
    assert (order.state, order.reason) == (OrderState.REJECTED, "latch")


async def test_a_latch_keeps_no_exit_from_leaving() -> None:
    desk = await a_live_desk()
    trade = await desk.place()
    desk.breakers.stops = Latch(id="kill", scope=Scope(), cause=Cause.KILL, pulled_at=desk.clock.now())

    await desk.orders.place(trade, [desk.intent(trade, is_exit=True)])
    await desk.hear()

    assert (await desk.see(trade)).quantity == 0


async def test_the_stop_of_a_further_ticket_is_not_lost_on_a_trade_that_waits_without_one() -> None:
    desk = await a_live_desk()
    await proposed(desk)
    waiting = await desk.trade()
    intent = desk.intent(waiting)
    ticket = a_ticket("NEXT", order_id=first_order(intent.id))
    await desk.orders.propose(replace(waiting, stop=Decimal(90)), intent, ticket)
    await desk.orders.approve(ticket.order_id, decided(ticket))
    await desk.hear()
    assert (await desk.see(waiting)).stop == Decimal(90)


async def test_a_trade_keeps_the_stop_that_it_has() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    await desk.orders.place(replace(trade, stop=Decimal(95)), [desk.intent(trade)])
    held = await desk.see(trade)
    await desk.orders.place(replace(held, stop=Decimal(90)), [desk.intent(held)])
    assert (await desk.see(trade)).stop == Decimal(95)
