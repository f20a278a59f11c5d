"""What a venue tells only after an order was cancelled is not traded a second time."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engines.orders.execution import Done, Wait
from engines.orders.order import ExecutionStyle, Order, OrderState
from engines.orders.trade import Trade
from ports.venue_books import VenueOrderState
from tests.build.fake_venue import Trouble
from tests.build.live_desk import LiveDesk, a_live_desk


async def a_cancelled_maker(desk: LiveDesk) -> tuple[Trade, Order]:
    """A maker that nobody met in its time, gone from the book by what the venue says."""
    trade = await desk.place(style=ExecutionStyle.MAKER_THEN_MARKET)
    [maker] = await desk.all_orders(trade)
    desk.clock.move(8)
    desk.venue.end(maker.id)
    await desk.hear()
    await desk.look_up(2, after_s=0.1)
    [maker] = await desk.all_orders(trade)
    assert (maker.state, maker.filled) == (OrderState.CANCELED, Decimal(0))
    return trade, maker


def fill_late(desk: LiveDesk, order: Order, quantity: str) -> None:
    """The venue had met a part of it after all."""
    told = desk.venue.orders[order.id]
    desk.venue.orders[order.id] = replace(told, state=VenueOrderState.OPEN)
    desk.venue.fill(order.id, quantity)
    desk.venue.end(order.id)


@pytest.mark.parametrize("is_heard", [True, False], ids=["the stream tells", "nobody tells"])
async def test_a_late_fill_of_a_cancelled_maker_is_not_bought_again(is_heard: bool) -> None:
    desk = await a_live_desk()
    trade, maker = await a_cancelled_maker(desk)
    runner, intent_id = desk.orders.runner, maker.intent.id
    assert isinstance(await runner.step(trade.id, intent_id), Wait)
    fill_late(desk, maker, "0.4")
    if is_heard:
        await desk.hear()
    desk.venue.stream.clear()
    desk.clock.move(1)
    while isinstance(await runner.step(trade.id, intent_id), Wait):
        desk.clock.move(1)
    await desk.hear()
    assert (await desk.see(trade)).quantity == 1
    assert [one.filled for one in await desk.all_orders(trade)] == [Decimal("0.4"), Decimal("0.6")]
    assert isinstance(await runner.step(trade.id, intent_id), Done)


async def test_nothing_follows_while_the_venue_cannot_say_what_was_filled() -> None:
    desk = await a_live_desk()
    trade, maker = await a_cancelled_maker(desk)
    desk.clock.move(1)
    desk.venue.on_read.append(Trouble.BUSY)
    assert isinstance(await desk.orders.runner.step(trade.id, maker.intent.id), Wait)
    assert len(await desk.all_orders(trade)) == 1
    await desk.orders.runner.step(trade.id, maker.intent.id)
    assert len(await desk.all_orders(trade)) == 2
