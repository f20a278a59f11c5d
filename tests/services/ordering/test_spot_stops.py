"""Coins are protected at the venue, too: the stop rests there, and makes way when the desk itself sells."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.bracket import Sleep
from engines.orders.execution import Quote
from engines.orders.order import Order, OrderKind, OrderState, Purpose
from engines.orders.trade import CloseReason, Target, Trade, TradeState
from engines.risk.kill import Closing
from ports.venue_books import VenueOrderState
from services.guard import Guard
from services.stopping.road import OrderRoad
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue, Trouble
from tests.build.live_desk import LIVE, LiveDesk, a_live_desk
from tests.build.orders import SPOT, a_move

D = Decimal
FIXED = Sleep(can_change=False, lasts=timedelta(days=30))
"""As Gate keeps them."""


@pytest.fixture(params=[Sleep(), FIXED], ids=["changes", "does not change"])
async def desk(request: pytest.FixtureRequest) -> LiveDesk:
    """At a venue that changes orders that sleep, and at one that does not."""
    venue = FakeVenue(HandClock(), sleep=request.param)
    return await a_live_desk(venue=venue)


async def holding(desk: LiveDesk, quantity: str = "2", **levels: Any) -> Trade:
    """Two coins with a stop at 95, unless told otherwise."""
    new = await desk.orders.trade_for(LIVE, SPOT, Direction.LONG)
    trade = replace(new, **({"stop": D(95)} | levels))
    await desk.orders.place(trade, [desk.intent(trade, quantity, instrument=SPOT)])
    await desk.hear()
    await tended(desk, trade)
    return await desk.see(trade)


async def tended(desk: LiveDesk, trade: Trade) -> None:
    for _ in range(4):
        await desk.orders.brackets.tend(trade.id)
        await desk.hear()
        await desk.look_up()


async def sell(desk: LiveDesk, trade: Trade, quantity: str, **changes: Any) -> None:
    wish = desk.intent(trade, quantity, instrument=SPOT, is_exit=True, **changes)
    await until_done(desk, desk.orders.place(trade, [wish]))
    await desk.hear()


async def until_done(desk: LiveDesk, deed: Awaitable[object]) -> None:
    """Do it, while the stream speaks and what is in doubt is looked up."""
    task = asyncio.ensure_future(deed)
    for _ in range(400):
        await asyncio.sleep(0.005)
        if task.done():
            break
        await desk.hear()
        await desk.orders.resolver.round(desk.venue.account)
    await task


async def exits(desk: LiveDesk, trade: Trade, purpose: Purpose = Purpose.CLOSE) -> list[Order]:
    return [one for one in await desk.all_orders(trade) if one.intent.purpose is purpose]


def asleep(desk: LiveDesk) -> list[tuple[Decimal | None, Decimal]]:
    """Where stops sleep at the venue, and for how much."""
    there = [one for one in desk.venue.orders.values() if one.state is VenueOrderState.OPEN]
    return [(one.trigger_price, one.quantity) for one in there if one.trigger_price is not None]


async def test_the_stop_rests_and_targets_are_watched(desk: LiveDesk) -> None:
    trade = await holding(desk, targets=(Target(price=D(110), share=D(1)),))
    assert asleep(desk) == [(D(95), D(2))]
    assert [one.kind for one in desk.venue.orders.values()] == [OrderKind.MARKET, OrderKind.MARKET]
    held = desk.orders.register.get(trade.id)
    assert held is not None
    assert desk.orders.is_seen_to(held, Purpose.STOP)
    assert not desk.orders.is_seen_to(held, Purpose.TARGET)


async def test_a_stop_that_is_moved_moves_at_the_venue(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await desk.orders.place(replace(trade, stop=D(98)), [], is_exact=True)
    await tended(desk, trade)
    assert asleep(desk) == [(D(98), D(2))]


async def test_it_goes_when_all_is_sold(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await sell(desk, trade, "2")
    assert [one.state for one in await exits(desk, trade)] == [OrderState.FILLED]
    assert (await desk.see(trade)).state is TradeState.CLOSED
    assert asleep(desk) == []


async def test_it_is_back_for_what_is_left(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await sell(desk, trade, "0.5")
    await tended(desk, trade)
    assert (await desk.see(trade)).quantity == D("1.5")
    assert asleep(desk) == [(D(95), D("1.5"))]


async def test_it_is_back_for_all_when_the_sale_is_refused(desk: LiveDesk) -> None:
    trade = await holding(desk)
    desk.venue.on_submit.append(Trouble.REFUSED)
    await sell(desk, trade, "2")
    assert [one.state for one in await exits(desk, trade)] == [OrderState.REJECTED]
    await tended(desk, trade)
    assert asleep(desk) == [(D(95), D(2))]


async def test_beside_an_exit_that_rests_it_is_for_the_rest(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await sell(desk, trade, "0.5", kind=OrderKind.LIMIT, limit_price=D(120))
    await tended(desk, trade)
    assert asleep(desk) == [(D(95), D("1.5"))]


async def test_more_coins_are_protected_too(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await desk.orders.place(trade, [desk.intent(trade, "1", instrument=SPOT)])
    await desk.hear()
    await tended(desk, trade)
    assert sum(quantity for _, quantity in asleep(desk)) == 3


async def test_a_little_more_goes_into_one_new_order(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await desk.orders.place(trade, [desk.intent(trade, "0.01", instrument=SPOT)])
    await desk.hear()
    await tended(desk, trade)
    assert asleep(desk) == [(D(95), D("2.01"))]


async def test_too_little_for_an_order_is_watched(desk: LiveDesk) -> None:
    trade = await holding(desk, "0.05")
    assert asleep(desk) == []
    assert desk.findings == []
    held = desk.orders.register.get(trade.id)
    assert held is not None
    assert not desk.orders.is_seen_to(held, Purpose.STOP)


async def test_coins_kept_as_a_fee_are_not_stopped(desk: LiveDesk) -> None:
    desk.venue.fee = D("0.0020005"), "BTC"
    trade = await holding(desk)
    assert (await desk.see(trade)).quantity == D("1.9979995")
    assert asleep(desk) == [(D(95), D("1.997999"))]
    held = desk.orders.register.get(trade.id)
    assert held is not None
    assert desk.orders.is_seen_to(held, Purpose.STOP)


async def test_it_fires_while_the_desk_sells(desk: LiveDesk) -> None:
    trade = await holding(desk)
    [stop] = [one for one in desk.venue.orders.values() if one.trigger_price is not None]
    desk.venue.fill(stop.client_id)  # the cancel comes too late
    await sell(desk, trade, "2")
    assert [one.state for one in await exits(desk, trade)] == [OrderState.REJECTED]
    assert (await desk.see(trade)).state is TradeState.CLOSED
    assert sum(fill.quantity for fill in desk.venue.executed) == 4


async def test_it_fires_in_part_while_the_desk_sells(desk: LiveDesk) -> None:
    trade = await holding(desk)
    [stop] = [one for one in desk.venue.orders.values() if one.trigger_price is not None]
    desk.venue.fill(stop.client_id, "0.5")
    await sell(desk, trade, "2")
    assert [one.state for one in await exits(desk, trade)] == [OrderState.REJECTED]
    await tended(desk, trade)
    assert (await desk.see(trade)).quantity == D("1.5")
    assert sum(quantity for _, quantity in asleep(desk)) == D("1.5")


async def test_what_the_venue_does_not_take_back_blocks_the_sale_and_is_told_once(desk: LiveDesk) -> None:
    trade = await holding(desk)
    desk.orders.brackets.room.patience_s = 0.05
    desk.venue.on_cancel.extend([Trouble.LOST_BEFORE] * 1000)
    for _ in range(2):
        await sell(desk, trade, "2")
    assert [one.state for one in await exits(desk, trade)] == [OrderState.REJECTED] * 2
    assert [finding.code for finding in desk.findings] == ["exit_blocked"]
    assert sum(fill.quantity for fill in desk.venue.executed) == 2


async def test_a_refused_stop_is_told_once_and_watched(desk: LiveDesk) -> None:
    new = await desk.orders.trade_for(LIVE, SPOT, Direction.LONG)
    trade = replace(new, stop=D(95))
    await desk.orders.place(trade, [desk.intent(trade, "2", instrument=SPOT)])
    await desk.hear()
    desk.venue.on_submit.extend([Trouble.REFUSED] * 3)
    for _ in range(3):
        await desk.orders.brackets.tend(trade.id)
        desk.clock.move(6)
    assert [finding.code for finding in desk.findings] == ["unprotected"]
    await fall(desk, "94")
    assert [one.state for one in await exits(desk, trade, Purpose.STOP)][-1] is OrderState.FILLED
    assert (await desk.see(trade)).state is TradeState.CLOSED


async def fall(desk: LiveDesk, *prices: str) -> None:
    """The market goes from 100 through these prices."""
    desk.venue.set(prices[-1])
    desk.clock.move(60)
    move = a_move("100", *prices, kind=MarketKind.SPOT, since=desk.clock.now() - timedelta(seconds=1))
    move = replace(move, at=desk.clock.now())
    await until_done(desk, Guard(desk.orders.register, desk.orders).apply(move))
    await desk.hear()


async def test_the_venue_sells_when_the_price_falls_through_it(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await fall(desk, "94")
    assert len(desk.venue.submits) == 2
    [stop] = [one for one in desk.venue.orders.values() if one.trigger_price is not None]
    desk.venue.fill(stop.client_id)
    await desk.hear()
    assert (await desk.see(trade)).close_reason is CloseReason.STOP


async def test_a_stop_that_did_not_fire_is_found_out_and_the_desk_sells(desk: LiveDesk) -> None:
    trade = await holding(desk)
    [stop] = [one for one in desk.venue.orders.values() if one.trigger_price is not None]
    desk.venue.end(stop.client_id, VenueOrderState.REJECTED, reason="insufficient_funds")
    desk.venue.stream.clear()
    await fall(desk, "94")
    assert (await desk.see(trade)).quantity == 2
    await desk.look_up(2)
    assert [one.state for one in await exits(desk, trade, Purpose.STOP)] == [OrderState.REJECTED]
    await fall(desk, "94")
    assert (await desk.see(trade)).close_reason is CloseReason.STOP


async def test_none_is_put_where_the_market_has_been_already(desk: LiveDesk) -> None:
    desk.venue.set("94")
    trade = await holding(desk)
    assert asleep(desk) == []
    await fall(desk, "94")
    assert (await desk.see(trade)).close_reason is CloseReason.STOP


async def test_one_is_put_there_while_the_market_is_not_known(desk: LiveDesk) -> None:
    async def blind(account: str, instrument: Instrument) -> Quote | None:
        return None

    desk.orders.placing.quotes = blind
    trade = await holding(desk)
    assert asleep(desk) == [(D(95), D(2))]
    held = desk.orders.register.get(trade.id)
    assert held is not None
    assert desk.orders.is_seen_to(held, Purpose.STOP)


async def test_one_that_was_touched_days_ago_is_the_venues_when_it_is_touched_again(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await fall(desk, "94")
    await fall(desk, "101")
    await fall(desk, "94")
    assert await exits(desk, trade, Purpose.STOP) != []
    assert len(desk.venue.submits) == 2
    assert asleep(desk) == [(D(95), D(2))]


async def test_an_old_candle_does_not_take_a_touch_back(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await fall(desk, "94")
    early = desk.clock.now() - timedelta(seconds=30)
    old = a_move("101", "100", kind=MarketKind.SPOT, since=early, at=early + timedelta(seconds=1))
    await Guard(desk.orders.register, desk.orders).apply(old)
    await fall(desk, "94")
    assert (await desk.see(trade)).close_reason is CloseReason.STOP


async def test_one_that_was_touched_and_does_not_fire_is_taken_back_and_the_desk_sells(
    desk: LiveDesk,
) -> None:
    trade = await holding(desk)
    await fall(desk, "94")
    assert len(asleep(desk)) == 1
    await fall(desk, "94")
    assert (await desk.see(trade)).close_reason is CloseReason.STOP
    assert asleep(desk) == []
    assert sum(fill.quantity for fill in desk.venue.executed) == 4


async def test_a_target_sells_its_part_and_the_stop_is_back(desk: LiveDesk) -> None:
    aims = (Target(price=D(110), share=D("0.5")), Target(price=D(120), share=D("0.5")))
    trade = await holding(desk, targets=aims)
    await fall(desk, "111")
    await tended(desk, trade)
    seen = await desk.see(trade)
    assert (seen.quantity, seen.stop) == (D(1), D("100.10"))
    assert asleep(desk) == [(D("100.10"), D(1))]


async def test_a_stop_that_trails_is_moved_where_that_is_free_and_else_now_and_then(desk: LiveDesk) -> None:
    trade = await holding(desk, stop=D(90), trail_distance=D(10))
    for price, there in (("100.5", D("90.5")), ("102", D(92))):
        await fall(desk, price)
        await tended(desk, trade)
        is_free = desk.venue.sleep.can_change or price == "102"
        assert asleep(desk) == [(there if is_free else D(90), D(2))]


async def test_a_stop_that_the_venue_would_soon_drop_is_put_there_anew() -> None:
    desk = await a_live_desk(venue=FakeVenue(HandClock(), sleep=FIXED))
    trade = await holding(desk)
    [before] = await exits(desk, trade, Purpose.STOP)
    desk.clock.move(17 * 86_400)
    await tended(desk, trade)
    assert [one.id for one in await exits(desk, trade, Purpose.STOP)] == [before.id]
    desk.clock.move(2 * 86_400)
    await tended(desk, trade)
    assert asleep(desk) == [(D(95), D(2))]
    old, new = await exits(desk, trade, Purpose.STOP)
    assert (old.state, new.state) == (OrderState.CANCELED, OrderState.OPEN)


async def test_a_restart_knows_it(desk: LiveDesk) -> None:
    trade = await holding(desk)
    again = await a_live_desk(books=desk.books, venue=desk.venue)
    await tended(again, trade)
    assert asleep(again) == [(D(95), D(2))]
    assert [finding.code for finding in again.findings] == []


async def test_a_desk_that_was_dead_finds_what_the_venue_sold(desk: LiveDesk) -> None:
    trade = await holding(desk)
    [stop] = [one for one in desk.venue.orders.values() if one.trigger_price is not None]
    desk.venue.fill(stop.client_id)
    again = await a_live_desk(books=desk.books, venue=desk.venue)
    seen = await again.see(trade)
    assert (seen.state, seen.close_reason, seen.exit_price) == (TradeState.CLOSED, CloseReason.STOP, D(95))


async def test_a_move_whose_answer_was_lost_is_learnt() -> None:
    desk = await a_live_desk()
    trade = await holding(desk)
    [stop] = await exits(desk, trade, Purpose.STOP)
    await desk.venue.amend(stop, replace(stop.terms, trigger_price=D(98)))
    desk.venue.stream.clear()
    desk.clock.move(1)
    await desk.orders.hearing.compare(desk.venue.account)
    assert [one.terms.trigger_price for one in await exits(desk, trade, Purpose.STOP)] == [D(98)]


async def test_a_kill_knows_it_for_a_stop(desk: LiveDesk) -> None:
    trade = await holding(desk)
    await sell(desk, trade, "0.5", kind=OrderKind.LIMIT, limit_price=D(120))
    await tended(desk, trade)
    road = OrderRoad(desk.orders, desk.orders.register, desk.venue.quotes, desk.clock)
    there = await desk.venue.open_orders()
    assert {one.trigger_price is not None: road.protects(one) for one in there} == {True: True, False: False}


async def test_a_kill_sells_coins_that_a_stop_protects(desk: LiveDesk) -> None:
    trade = await holding(desk)
    road = OrderRoad(desk.orders, desk.orders.register, desk.venue.quotes, desk.clock)
    [leg] = road.legs(has_paper=False)
    await until_done(desk, road.close(Closing(leg=leg, quantity=leg.quantity), tries=0))
    await desk.hear()
    assert (await desk.see(trade)).state is TradeState.CLOSED
    assert asleep(desk) == []


async def test_what_it_sold_is_no_strangers_when_it_is_told_again_without_our_name(desk: LiveDesk) -> None:
    await holding(desk)
    [stop] = [one for one in desk.venue.orders.values() if one.trigger_price is not None]
    desk.venue.fill(stop.client_id)
    desk.venue.executed = [
        replace(one, client_id="") if one.venue_order_id == stop.venue_id else one
        for one in desk.venue.executed
    ]
    for _ in range(2):
        again = await a_live_desk(books=desk.books, venue=desk.venue)
        assert again.findings == []
        assert again.orders.register.live() == []
