"""Stops of coins at the exchanges of the sandbox, over the wire, whether a venue keeps coins for orders that
sleep or not: what the real ones do is documented, and nothing here relies on it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.orders.order import Order, OrderKind, OrderState, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import CloseReason, Trade, TradeState
from engines.simulate.exchange.order import ExchangeOrder, State
from tests.build.live_desk import an_entry
from tests.build.venue_worlds import GATE, WireWorld
from tests.build.wire_desk import Desk, a_desk, both

D = Decimal
SPOT = MarketKind.SPOT


@pytest.fixture(params=[False, True], ids=["leaves coins free", "keeps coins"])
async def desk(world: WireWorld, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """Nothing is held."""
    world.account.setup = replace(world.account.setup, holds_asleep=request.param)
    async with a_desk(world) as running:
        yield running


async def holding(desk: Desk, below: str = "0.05") -> Trade:
    """All the coins there are and a few more, with a stop so far below the market, which stands."""
    world, instrument = desk.world, desk.world.instrument(SPOT)
    world.withdraw("BTC", D(1))
    sub_account = SubAccount(engine=EngineName.MANUAL, account=world.name)
    new = await desk.orders.trade_for(sub_account, instrument, Direction.LONG)
    trade = replace(new, stop=instrument.price(world.last(SPOT) * (1 - D(below))))
    await desk.orders.place(trade, [an_entry(trade, "enter", "0.02", account=world.name)])
    await desk.until(lambda: [one.left for one in stops(desk)] == [whole(desk)])
    return held(desk)


async def sell(desk: Desk, quantity: Decimal, cause: str) -> None:
    trade = held(desk)
    await desk.orders.place(
        trade, [an_entry(trade, cause, str(quantity), account=desk.world.name, is_exit=True)]
    )


def held(desk: Desk) -> Trade:
    return desk.orders.register.live()[0].trade


def whole(desk: Desk) -> Decimal:
    """What is held, in whole lots."""
    live = desk.orders.register.live()
    return live[0].trade.instrument.quantity(live[0].trade.quantity) if live else D(0)


def stops(desk: Desk) -> list[Order]:
    """Our stops that stand."""
    guards = [one for one in desk.all() if one.intent.purpose is Purpose.STOP]
    return [one for one in guards if one.state in (OrderState.ACKNOWLEDGED, OrderState.OPEN)]


def asleep(desk: Desk) -> list[ExchangeOrder]:
    """The venue's."""
    return [one for one in desk.world.account.live_in() if one.state is State.SLEEPING]


def coins(desk: Desk) -> Decimal:
    return desk.world.account.balance(desk.world.account.setup.spot_wallet, "BTC")


@both
async def test_the_desk_sells_a_part_and_then_all(desk: Desk) -> None:
    trade = await holding(desk)
    await sell(desk, D("0.005"), "a part")
    await desk.until(lambda: [one.left for one in stops(desk)] == [whole(desk)] != [D("0.02")])
    assert [one.left for one in asleep(desk)] == [whole(desk)]
    assert coins(desk) == held(desk).quantity
    await sell(desk, whole(desk), "the rest")
    await desk.until(lambda: not desk.orders.register.live() and not asleep(desk))
    stored = await desk.books.trade(trade.id)
    assert stored is not None
    assert (stored.state, stored.close_reason) == (TradeState.CLOSED, CloseReason.PERSON)
    assert coins(desk) < trade.instrument.lot
    assert desk.findings == []


@both
async def test_it_fires_and_is_booked_as_it_was(desk: Desk) -> None:
    trade = await holding(desk, "0.001")
    await desk.until(lambda: not desk.orders.register.live(), passing_s=300)
    stored = await desk.books.trade(trade.id)
    assert stored is not None
    assert stored.close_reason is CloseReason.STOP
    [sale] = [one for one in desk.world.account.executions if one.side is Direction.LONG.exit]
    assert (stored.exited, stored.exit_price) == (sale.quantity, sale.price)
    assert [one.state for one in desk.all()] == [OrderState.FILLED, OrderState.FILLED]
    assert desk.findings == []


@both
async def test_it_is_moved(desk: Desk) -> None:
    trade = await holding(desk)
    stop = trade.instrument.price(desk.world.last(SPOT) * D("0.97"))
    await desk.orders.place(replace(held(desk), stop=stop), [], is_exact=True)
    await desk.until(lambda: [one.trigger_price for one in asleep(desk)] == [stop])
    await desk.until(lambda: [one.terms.trigger_price for one in stops(desk)] == [stop])


@both
async def test_an_exit_that_rests_and_a_stop_share_the_coins(desk: Desk) -> None:
    trade = await holding(desk)
    price = trade.instrument.price(desk.world.last(SPOT) * D("1.05"))
    rests = an_entry(
        trade, "rest", "0.01", account=desk.world.name, is_exit=True, kind=OrderKind.LIMIT, limit_price=price
    )
    await desk.orders.place(trade, [rests])
    await desk.until(lambda: [one.left for one in stops(desk)] == [whole(desk) - D("0.01")])
    assert len(desk.world.account.live_in()) == 2


@pytest.mark.parametrize("world", [GATE], indirect=True)
async def test_without_its_name_it_is_known_all_the_same(desk: Desk) -> None:
    trade = await holding(desk, "0.001")
    [there] = asleep(desk)
    desk.world.account.keep(replace(there, wish=replace(there.wish, client_id="")))
    await desk.orders.hearing.compare(desk.world.name)
    await desk.until(lambda: desk.orders.resolver.doubted(desk.world.name) == 0)
    assert [one.id for one in asleep(desk)] == [there.id]
    await desk.until(lambda: not desk.orders.register.live(), passing_s=300)
    stored = await desk.books.trade(trade.id)
    assert stored is not None
    assert stored.close_reason is CloseReason.STOP
    assert desk.findings == []
