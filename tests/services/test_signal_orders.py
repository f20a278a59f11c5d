"""A pushed signal becomes one proposal of the signals' engine, while that trades real money."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engines.core.instrument import Instrument
from engines.orders.order import OrderKind, OrderState
from engines.orders.subaccount import EngineName
from engines.orders.trade import TradeState
from engines.signals.signal import Course, Signal, SignalState
from ports.desk_state import Approval
from ports.tickets import TicketState
from services.signal_orders import SignalOrders
from tests.build.approval_room import ApprovalRoom, an_approval_room
from tests.build.desk_state import a_policy
from tests.build.orders import PERP
from tests.build.signals import a_proposal

ENGINE = EngineName.SIGNALS


async def a_room(approval: Approval = Approval.ASK) -> tuple[ApprovalRoom, SignalOrders]:
    room = await an_approval_room()
    await room.stores.policies.put(a_policy(ENGINE, approval=approval))
    await room.proposals.policies.load()

    async def instrument(symbol: str) -> Instrument:
        return PERP

    async def capital(owner: int) -> Decimal | None:
        return Decimal(10_000)

    return room, SignalOrders(
        proposals=room.proposals, instrument=instrument, capital=capital, live=lambda: [a_signal()]
    )


async def unknown(owner: int) -> Decimal | None:
    return None


def a_signal(**fields: Any) -> Signal:
    """To buy between 99 and 101, with a fifth of the capital."""
    levels: dict[str, Any] = {
        "entry_low": Decimal(99),
        "entry_high": Decimal(101),
        "stop": Decimal(95),
        "targets": (Decimal(105), Decimal(110), Decimal(115)),
        "price": Decimal(100),
        "size": 0.2,
        "confidence": 0.74,
    }
    proposal = a_proposal(**levels | fields)
    return Signal(id=12, proposal=proposal, course=Course(state=SignalState.NEW, seen_ms=0, stop=95.0))


async def test_a_signal_is_asked_once_with_its_levels() -> None:
    room, orders = await a_room()
    signal = a_signal()
    assert await orders.propose(signal)
    assert await orders.propose(signal)
    [filed] = room.proposals.tickets.latest(5)

    assert (filed.intent.engine, filed.intent.quantity) == ("signals", Decimal("19.980"))
    assert (filed.trade.stop, [one.price for one in filed.trade.targets]) == (
        Decimal(95),
        [Decimal(105), Decimal(110), Decimal(115)],
    )
    assert filed.ticket.reason.startswith("#12 ")
    assert filed.is_open


@pytest.mark.parametrize(("price", "limit"), [("98", "99"), ("103", "101")])
async def test_outside_its_zone_it_waits_at_the_nearer_edge(price: str, limit: str) -> None:
    room, orders = await a_room()
    room.set(price)
    await orders.propose(a_signal())
    [filed] = room.proposals.tickets.latest(5)

    assert (filed.intent.kind, filed.intent.limit_price) == (OrderKind.LIMIT, Decimal(limit))


async def test_on_paper_and_below_the_confidence_of_a_push_nothing_is_heard() -> None:
    room, orders = await a_room(Approval.PAPER)
    orders.hear(a_signal())
    assert orders._waiting.empty()
    await room.stores.policies.put(a_policy(ENGINE))
    await room.proposals.policies.load()
    orders.hear(a_signal(confidence=0.6))
    assert orders._waiting.empty()
    orders.hear(a_signal())
    assert orders._waiting.qsize() == 1


async def test_where_signals_are_traded_on_paper_they_go_by_themselves() -> None:
    room, orders = await a_room(Approval.PAPER)
    orders.is_on_paper = True
    signal = a_signal()
    orders.hear(signal)
    assert orders._waiting.get_nowait() is signal
    assert await orders.propose(signal)
    [filed] = room.proposals.tickets.latest(5)

    assert (filed.ticket.state, filed.trade.owner) == (TicketState.PAPER, -107)
    assert filed.trade.quantity == filed.intent.quantity == Decimal("19.980")
    assert room.venue.submits == []


async def test_what_waits_for_its_entry_is_taken_back_when_its_signal_is_over() -> None:
    room, orders = await a_room(Approval.PAPER)
    room.set("103")
    await orders.propose(a_signal())
    [filed] = room.proposals.tickets.latest(5)
    assert await orders.take_back()
    [order] = await room.orders_of(filed.ticket)
    assert order.state is OrderState.OPEN

    over = replace(a_signal(), course=Course(state=SignalState.EXPIRED, seen_ms=0, stop=95.0), version=2)
    orders.hear(over)
    assert orders._waiting.get_nowait() is over
    orders.live = list
    assert await orders.take_back()
    [order] = await room.orders_of(filed.ticket)
    assert order.state is OrderState.CANCELED
    assert await orders.take_back()


async def test_what_is_held_of_a_signal_stays_when_it_is_over() -> None:
    room, orders = await a_room(Approval.PAPER)
    await orders.propose(a_signal())
    orders.live = list
    assert await orders.take_back()
    [filed] = room.proposals.tickets.latest(5)
    assert (filed.trade.state, filed.trade.quantity) == (TradeState.OPEN, Decimal("19.980"))


async def test_without_a_price_it_is_tried_again_and_without_capital_it_is_not() -> None:
    room, orders = await a_room()
    room.source.failures = 1
    assert not await orders.propose(a_signal())
    orders.capital = unknown
    assert await orders.propose(a_signal())
    assert room.proposals.tickets.latest(5) == []
