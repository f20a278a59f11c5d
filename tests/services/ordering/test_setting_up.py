"""Before the desk enters somewhere the venue is set up: position mode and leverage."""

from decimal import Decimal

import pytest

from engines.orders.order import OrderKind, OrderState
from engines.orders.trade import TradeState
from ports.errors import Refused
from tests.build.fake_venue import FakeVenue
from tests.build.live_desk import LIVE, LiveDesk, a_live_desk
from tests.build.orders import PERP


def wanting(desk: LiveDesk, *, is_hedged: bool) -> FakeVenue:
    """The desk wants that mode of an account that is not open yet."""
    desk.orders.setting_up.hedged = {"gate": is_hedged}
    return FakeVenue(desk.clock, "gate")


async def test_the_mode_is_set_when_an_account_is_opened() -> None:
    desk = await a_live_desk()
    venue = wanting(desk, is_hedged=True)
    await desk.orders.open("gate", venue, venue)
    assert venue.is_hedged
    assert "gate" in desk.orders.venues


async def test_a_mode_that_cannot_be_changed_is_refused_and_the_account_stays_closed() -> None:
    desk = await a_live_desk()
    await desk.place("1", kind=OrderKind.LIMIT, limit_price=Decimal(90))
    venue = wanting(desk, is_hedged=True)
    venue.orders = desk.venue.orders
    with pytest.raises(Refused) as refused:
        await desk.orders.open("gate", venue, venue)
    assert (refused.value.code, refused.value.params) == (
        "account_position_mode",
        {"account": "gate", "is_hedged": True},
    )
    assert (venue.is_hedged, "gate" in desk.orders.venues) == (False, False)


async def test_a_mode_that_is_as_wanted_is_left_alone() -> None:
    desk = await a_live_desk()
    venue = wanting(desk, is_hedged=False)
    venue.is_fixed = True
    await desk.orders.open("gate", venue, venue)
    assert "gate" in desk.orders.venues


async def test_a_desk_that_holds_something_there_is_let_in_but_enters_nothing() -> None:
    desk = await a_live_desk()
    await desk.place("1", kind=OrderKind.LIMIT, limit_price=Decimal(90))
    again = await a_live_desk(books=desk.books, venue=desk.venue)
    again.orders.setting_up.hedged = {"bybit": True}
    await again.orders.open("bybit", desk.venue, desk.venue)
    assert await again.orders.returning.recover("bybit")
    assert not await again.orders.returning.finish("bybit")
    assert "starting:bybit" in again.breakers.pulled
    desk.venue.orders.clear()
    assert await again.orders.returning.finish("bybit")
    assert desk.venue.is_hedged
    assert "starting:bybit" not in again.breakers.pulled


async def test_the_first_entry_brings_its_leverage() -> None:
    desk = await a_live_desk()
    trade = await desk.orders.trade_for(LIVE, PERP, (await desk.trade()).direction, leverage=Decimal(3))
    await desk.orders.place(trade, [desk.intent(trade)])
    assert desk.venue.leverages == {"BTCUSDT": Decimal(3)}
    await desk.hear()
    desk.venue.is_fixed = True  # what is known to be set is not set again
    await desk.orders.place(await desk.see(trade), [desk.intent(trade)])
    await desk.hear()
    assert (await desk.see(trade)).quantity == 2


async def test_a_leverage_that_is_not_taken_denies_the_entry_and_nothing_is_sent() -> None:
    desk = await a_live_desk()
    desk.venue.is_fixed = True
    trade = await desk.orders.trade_for(LIVE, PERP, (await desk.trade()).direction, leverage=Decimal(3))
    after = await desk.orders.place(trade, [desk.intent(trade)])
    [order] = await desk.all_orders(trade)
    assert (order.state, order.reason) == (OrderState.DENIED, "leverage_not_set")
    assert (after.state, desk.venue.submits) == (TradeState.CANCELED, [])


async def test_a_market_is_given_with_the_grids_of_its_venue() -> None:
    desk = await a_live_desk()
    assert await desk.orders.instrument("bybit", PERP) == PERP
    desk.venue.grids = []
    with pytest.raises(Refused, match="not_traded_there"):
        await desk.orders.instrument("bybit", PERP)
