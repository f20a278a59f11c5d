"""Orders that wait for their turn at a venue: looked at once more right before they leave."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engines.core.instrument import Instrument
from engines.orders.execution import CALLED_BACK, Cancel, Done
from engines.orders.order import Canceled, ExecutionStyle, Order, OrderEvent, OrderKind, OrderState
from engines.orders.trade import Trade
from engines.risk.latch import Cause, Latch, Scope
from ports.venue_books import VenueOrder
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue, Trouble
from tests.build.live_desk import LiveDesk, a_live_desk


async def queued(desk: LiveDesk, trade: Trade, **changes: Any) -> "asyncio.Task[Trade]":
    """An order that is written down and waits for its turn."""
    desk.venue.queue = asyncio.Event()
    placing = asyncio.create_task(desk.orders.place(trade, [desk.intent(trade, **changes)]))
    while not any(one.state is OrderState.SENT for one in desk.orders.register.working("bybit")):
        await asyncio.sleep(0)
    for _ in range(9):
        await asyncio.sleep(0)
    return placing


async def let_go(desk: LiveDesk, placing: "asyncio.Task[Trade]") -> None:
    """Its turn has come."""
    assert desk.venue.queue is not None
    desk.venue.queue.set()
    await placing
    await desk.hear()


def a_kill(desk: LiveDesk) -> Latch:
    return Latch(id="kill", scope=Scope(), cause=Cause.KILL, pulled_at=desk.clock.now())


async def test_an_entry_that_waits_while_a_latch_is_pulled_never_leaves() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    placing = await queued(desk, trade)
    desk.breakers.stops = a_kill(desk)
    await let_go(desk, placing)
    [order] = await desk.all_orders(trade)
    assert (order.state, order.reason) == (OrderState.REJECTED, "latch")
    assert not desk.venue.submits


async def test_an_exit_that_waits_while_a_latch_is_pulled_leaves() -> None:
    desk = await a_live_desk()
    trade = await desk.place()
    placing = await queued(desk, trade, is_exit=True)
    desk.breakers.stops = a_kill(desk)
    await let_go(desk, placing)
    assert (await desk.see(trade)).quantity == 0


async def test_an_order_whose_time_runs_out_while_it_waits_never_leaves() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    placing = await queued(desk, trade, expires_at=desk.clock.now() + timedelta(seconds=5))
    desk.clock.move(6)
    await let_go(desk, placing)
    assert [one.state for one in await desk.all_orders(trade)] == [OrderState.EXPIRED]
    assert not desk.venue.submits


async def test_an_order_that_is_called_back_while_it_waits_never_leaves() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    placing = await queued(desk, trade, kind=OrderKind.LIMIT, limit_price=Decimal(99))
    [order] = desk.orders.register.working("bybit")
    await desk.orders.cancel(order.id)
    await let_go(desk, placing)
    assert [one.state for one in await desk.all_orders(trade)] == [OrderState.CANCELED]
    assert not desk.venue.submits


class PromptVenue(FakeVenue):
    """Says at once, as our own does, that an order is canceled."""

    async def cancel(self, order: Order) -> Sequence[OrderEvent]:
        return [Canceled(at=self.clock.now())]


@pytest.mark.parametrize("has_position", [False, True])
async def test_an_order_whose_cancel_is_certain_before_its_turn_never_leaves(has_position: bool) -> None:
    desk = await a_live_desk(venue=PromptVenue(HandClock()))
    trade = await desk.place() if has_position else await desk.trade()
    before = list(desk.venue.submits)
    placing = await queued(desk, trade)
    [order] = desk.orders.register.working("bybit")
    await desk.orders.cancel(order.id)
    await let_go(desk, placing)
    assert (await states(desk, trade))[-1] is OrderState.CANCELED
    assert desk.venue.submits == before


@pytest.mark.parametrize("style", [ExecutionStyle.SINGLE, ExecutionStyle.MAKER_THEN_MARKET])
async def test_what_is_called_back_and_never_arrived_is_not_sent_again(style: ExecutionStyle) -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    trade = await desk.place(style=style, is_heard=False)
    [order] = await desk.all_orders(trade)
    assert order.state is OrderState.UNKNOWN
    await desk.orders.cancel(order.id)
    await desk.look_up(9)
    desk.clock.move(5)
    assert isinstance(await desk.orders.runner.step(trade.id, order.intent.id), Done)
    assert [(one.state, one.reason) for one in await desk.all_orders(trade)] == [
        (OrderState.CANCELED, CALLED_BACK)
    ]
    assert desk.venue.submits == [order.id]


async def test_a_maker_that_is_called_back_before_its_turn_is_followed_by_nothing() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    placing = await queued(desk, trade, style=ExecutionStyle.MAKER_THEN_MARKET)
    [order] = desk.orders.register.working("bybit")
    desk.clock.move(8)
    await desk.orders.cancel(order.id)
    await let_go(desk, placing)
    desk.clock.move(5)
    assert isinstance(await desk.orders.runner.step(trade.id, order.intent.id), Done)
    assert not desk.venue.submits


async def test_a_maker_that_a_person_calls_back_late_is_followed_by_nothing() -> None:
    """Its end is certain only when its time in the book is over, too."""
    desk = await a_live_desk()
    trade = await desk.place(style=ExecutionStyle.MAKER_THEN_MARKET)
    [maker] = await desk.all_orders(trade)
    desk.clock.move(4)
    await desk.orders.cancel(maker.id)
    desk.clock.move(2)
    await desk.hear()
    await desk.look_up(4)
    assert isinstance(await desk.orders.runner.step(trade.id, maker.intent.id), Done)
    assert await states(desk, trade) == [OrderState.CANCELED]
    assert desk.venue.submits == [maker.id]


async def test_a_maker_that_is_called_back_while_it_is_cancelled_already_is_followed_by_nothing() -> None:
    desk = await a_live_desk()
    trade = await desk.place(style=ExecutionStyle.MAKER_THEN_MARKET)
    [maker] = await desk.all_orders(trade)
    desk.clock.move(6)
    assert isinstance(await desk.orders.runner.step(trade.id, maker.intent.id), Cancel)
    assert await states(desk, trade) == [OrderState.CANCEL_PENDING]
    await desk.orders.cancel(maker.id)
    await desk.hear()
    await desk.look_up(2)
    assert isinstance(await desk.orders.runner.step(trade.id, maker.intent.id), Done)
    assert [(one.state, one.reason) for one in await desk.all_orders(trade)] == [
        (OrderState.CANCELED, CALLED_BACK)
    ]
    assert desk.venue.submits == [maker.id]


async def states(desk: LiveDesk, trade: Trade) -> list[OrderState]:
    return [one.state for one in await desk.all_orders(trade)]


async def test_absence_counts_from_when_the_request_was_over_and_not_from_an_earlier_doubt() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    placing = await queued(desk, trade)
    desk.clock.move(1)
    await desk.orders.hearing.compare("bybit")
    desk.clock.move(25)
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    await let_go(desk, placing)
    await desk.look_up(5)
    assert await states(desk, trade) == [OrderState.UNKNOWN]
    await desk.look_up(2)
    assert await states(desk, trade) == [OrderState.ABSENT]


async def test_what_was_only_written_down_may_have_left_until_the_desk_was_killed() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    placing = await queued(desk, trade)
    desk.clock.move(25)
    again = await a_live_desk(books=desk.books, venue=desk.venue)
    await again.look_up(5)
    assert await states(again, trade) == [OrderState.SENT]
    await again.look_up(2)
    assert await states(again, trade) == [OrderState.ABSENT]
    placing.cancel()
    await asyncio.gather(placing, return_exceptions=True)


async def test_what_was_over_in_another_life_does_not_wait_again() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    trade = await desk.place(is_heard=False)
    desk.clock.move(25)
    again = await a_live_desk(books=desk.books, venue=desk.venue)
    await again.look_up(2)
    assert await states(again, trade) == [OrderState.ABSENT]


class Slow(FakeVenue):
    """Takes ten seconds to look for an order."""

    async def order(
        self, client_id: str, instrument: Instrument, venue_id: str | None = None
    ) -> VenueOrder | None:
        found = await FakeVenue.order(self, client_id, instrument, venue_id)
        self.clock.move(10)
        return found


async def test_what_was_asked_before_a_request_had_expired_proves_nothing_however_long_it_took() -> None:
    desk = await a_live_desk(venue=Slow(HandClock()))
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    trade = await desk.place(is_heard=False)
    await desk.look_up(2)
    assert await states(desk, trade) == [OrderState.UNKNOWN]
    await desk.look_up()
    assert await states(desk, trade) == [OrderState.ABSENT]
