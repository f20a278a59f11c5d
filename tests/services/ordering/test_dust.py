"""A fee kept in coins leaves a size that no order can have: it is sold in whole lots."""

from dataclasses import replace
from decimal import Decimal

from engines.core.side import Direction
from engines.orders.order import Purpose
from engines.orders.trade import Trade, TradeState
from services.trading.intents import intent_of
from tests.build.live_desk import LIVE, LiveDesk, a_live_desk
from tests.build.orders import SPOT

FEE = Decimal("0.0010005")


async def coins(desk: LiveDesk) -> Trade:
    """A coin of Bitcoin, less a fee that is no whole number of lots."""
    new = await desk.orders.trade_for(LIVE, SPOT, Direction.LONG)
    trade = await desk.orders.place(new, [desk.intent(new, "1", instrument=SPOT)])
    is_fill = [hasattr(one, "fee") for one in desk.venue.stream]
    paid = replace(desk.venue.executed[0], fee=FEE, fee_asset="BTC")
    desk.venue.executed[0] = desk.venue.stream[is_fill.index(True)] = paid
    await desk.hear()
    return await desk.see(trade)


async def test_all_of_it_can_be_sold() -> None:
    desk = await a_live_desk()
    trade = await coins(desk)
    assert trade.quantity == 1 - FEE != SPOT.quantity(trade.quantity)
    whole = SPOT.quantity(trade.quantity)
    wish = intent_of(trade, "ppleave", Purpose.CLOSE, trade.quantity, desk.clock.now(), account="bybit")
    await desk.orders.place(trade, [wish])
    await desk.hear()
    after = await desk.see(trade)
    assert (after.state, after.quantity, after.exited) == (TradeState.CLOSED, Decimal(0), whole)
