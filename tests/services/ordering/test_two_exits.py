"""Coins are sold once, however many exits are wanted at the same time."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.order import OrderKind, OrderState, Purpose
from engines.orders.trade import Trade
from tests.build.fake_venue import Trouble
from tests.build.live_desk import LIVE, LiveDesk, a_live_desk
from tests.build.orders import PERP, SPOT

D = Decimal


async def holding(desk: LiveDesk, instrument: Instrument) -> Trade:
    """Two coins, or as many contracts."""
    new = await desk.orders.trade_for(LIVE, instrument, Direction.LONG)
    await desk.orders.place(new, [desk.intent(new, "2", instrument=instrument)])
    await desk.hear()
    return await desk.see(new)


async def leave(desk: LiveDesk, trade: Trade, quantity: str, **changes: Any) -> None:
    wish = desk.intent(trade, quantity, instrument=trade.instrument, is_exit=True, **changes)
    await desk.orders.place(trade, [wish])


async def states(desk: LiveDesk, trade: Trade) -> list[OrderState]:
    return [one.state for one in await desk.all_orders(trade) if one.intent.reduce_only]


async def test_of_two_exits_at_once_one_is_sent() -> None:
    desk = await a_live_desk()
    trade = await holding(desk, SPOT)
    desk.venue.slow = asyncio.Event()
    both = [asyncio.create_task(leave(desk, trade, "2")) for _ in range(2)]
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(desk.venue.submits) == 2
    desk.venue.slow.set()
    await asyncio.gather(*both)
    await desk.hear()
    assert sorted(await states(desk, trade)) == [OrderState.FILLED, OrderState.REJECTED]
    assert sum(fill.quantity for fill in desk.venue.executed) == 4
    assert (await desk.see(trade)).quantity == 0


async def test_exits_of_parts_are_all_sent() -> None:
    desk = await a_live_desk()
    trade = await holding(desk, SPOT)
    await asyncio.gather(leave(desk, trade, "0.5"), leave(desk, trade, "1.5"))
    await desk.hear()
    assert await states(desk, trade) == [OrderState.FILLED, OrderState.FILLED]


async def test_a_stop_takes_back_what_rests_and_sells() -> None:
    desk = await a_live_desk()
    trade = await holding(desk, SPOT)
    await leave(desk, trade, "1.5", kind=OrderKind.LIMIT, limit_price=D(120))
    await desk.hear()
    stop = asyncio.create_task(leave(desk, trade, "1", purpose=Purpose.STOP))
    while not stop.done():
        await asyncio.sleep(0)
        await desk.hear()
        await desk.look_up()
    await desk.hear()
    assert await states(desk, trade) == [OrderState.CANCELED, OrderState.FILLED]
    assert (await desk.see(trade)).quantity == 1


async def test_a_stop_that_cannot_take_it_back_is_said_once_and_tried_again() -> None:
    desk = await a_live_desk()
    desk.orders.brackets.room.patience_s = 0.01
    trade = await holding(desk, SPOT)
    await leave(desk, trade, "1.5", kind=OrderKind.LIMIT, limit_price=D(120))
    await desk.hear()
    desk.venue.on_cancel.extend([Trouble.LOST_BEFORE] * 2)
    await leave(desk, trade, "1", purpose=Purpose.STOP)
    assert await states(desk, trade) == [OrderState.CANCEL_PENDING, OrderState.ABSENT]
    [stop] = [one for one in await desk.all_orders(trade) if one.intent.purpose is Purpose.STOP]
    await desk.orders.runner.step(trade.id, stop.intent.id)
    assert [finding.code for finding in desk.findings] == ["exit_blocked"]
    await desk.look_up(4)
    await desk.orders.runner.step(trade.id, stop.intent.id)
    await desk.hear()
    assert (await desk.see(trade)).quantity == 1


@pytest.mark.parametrize(("instrument", "sent"), [(SPOT, 2), (PERP, 3)])
async def test_of_perpetuals_the_venue_sees_to_it(instrument: Instrument, sent: int) -> None:
    desk = await a_live_desk()
    trade = await holding(desk, instrument)
    await leave(desk, trade, "2", kind=OrderKind.LIMIT, limit_price=D(120))
    await leave(desk, trade, "2")
    assert len(desk.venue.submits) == sent
