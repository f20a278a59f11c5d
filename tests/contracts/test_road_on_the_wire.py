"""The road of orders over the wire: the desk's orders at the sandbox's exchanges, with the adapters as they
ship, the private stream and everything that goes wrong with it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engines.core.side import Direction
from engines.orders.order import ExecutionStyle, OrderKind, OrderState, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import TradeState
from ports.errors import Rejected
from tests.build.live_desk import an_entry
from tests.build.venue_worlds import BYBIT, GATE, WireWorld
from tests.build.wire_desk import a_desk, both

CREATE = {BYBIT: "/v5/order/create", GATE: "/futures/usdt/orders"}


@both
async def test_an_order_is_filled_and_the_stream_says_so(world: WireWorld) -> None:
    async with a_desk(world) as desk:
        await desk.place()
        await desk.until(lambda: desk.states() == [OrderState.FILLED])
        assert desk.held() == await desk.there() == Decimal("0.02")


@both
@pytest.mark.parametrize("is_there", [True, False])
async def test_a_lost_answer_is_looked_up(world: WireWorld, is_there: bool) -> None:
    async with a_desk(world) as desk:
        desk.orders.resolver.expiry_s = 0.5
        world.fault(methods=[CREATE[world.name]], count=1, down=True, after=is_there)
        await desk.place()
        await desk.until(lambda: desk.states()[-1:] == [OrderState.FILLED], passing_s=0.02)
        assert desk.held() == await desk.there() == Decimal("0.02")
        assert desk.states().count(OrderState.FILLED) == world.count == 1


@both
async def test_a_maker_gives_up_and_takes(world: WireWorld) -> None:
    async with a_desk(world) as desk:
        desk.orders.placing.pace = replace(desk.orders.placing.pace, maker_s=0.0, settle_s=0.0)
        await desk.place(style=ExecutionStyle.MAKER_THEN_MARKET)
        await desk.until(lambda: desk.states()[-1:] == [OrderState.FILLED])
        assert desk.held() == await desk.there() == Decimal("0.02")


@both
async def test_a_stop_rests_there_and_goes_with_the_position(world: WireWorld) -> None:
    async with a_desk(world) as desk:
        instrument = world.instrument()
        trade = await desk.place(stop=instrument.price(world.last() * Decimal("0.9")))
        await desk.until(lambda: desk.held() == Decimal("0.02"))
        await desk.until(lambda: OrderState.OPEN in desk.states())
        [stop] = [one for one in await world.books.open_orders() if one.trigger_price is not None]
        assert (stop.quantity, stop.is_reduce_only) == (Decimal("0.02"), True)
        held = desk.orders.register.get(trade.id)
        assert held is not None
        leaving = an_entry(held.trade, "leave", "0.02", account=world.name, is_exit=True)
        await desk.orders.place(held.trade, [leaving])
        await desk.until(lambda: not desk.orders.register.working(world.name))
        assert not await world.books.open_orders()
        assert await desk.there() == 0
        assert (await desk.books.trade(trade.id) or trade).state is TradeState.CLOSED


@both
async def test_a_desk_that_was_away_finds_what_happened(world: WireWorld) -> None:
    async with a_desk(world) as desk:
        price = world.instrument().price(world.last() * Decimal("0.95"))
        await desk.place(kind=OrderKind.LIMIT, limit_price=price)
        await desk.until(lambda: desk.states() == [OrderState.OPEN])
    await world.serve(desk.all()[0], Decimal("0.01"))
    async with a_desk(world, desk.books) as again:
        await again.until(lambda: again.states() == [OrderState.PARTIALLY_FILLED])
        assert again.held() == await again.there() == Decimal("0.01")
        await again.orders.cancel(again.all()[0].id)
        await again.until(lambda: again.states() == [OrderState.CANCELED])
        assert again.all()[0].filled == Decimal("0.01")
        assert again.all()[0].intent.purpose is Purpose.ENTRY


@both
async def test_a_strangers_order_is_told_of_once_and_left_alone(world: WireWorld) -> None:
    async with a_desk(world) as desk:
        world.place_by_hand(world.instrument().price(world.last() * Decimal("0.9")))
        await desk.until(lambda: bool(desk.findings))
        await desk.orders.hearing.compare(world.name)
        assert [finding.code for finding in desk.findings] == ["foreign_order"]
        assert len(await world.books.open_orders()) == 1


@both
async def test_an_account_is_set_up_before_the_desk_enters(world: WireWorld) -> None:
    async with a_desk(world) as desk:
        setting_up = desk.orders.setting_up
        setting_up.hedged = {world.name: True}
        await setting_up.prepare(world.name)
        assert (await world.books.terms()).is_hedged
        sub_account = SubAccount(engine=EngineName.MANUAL, account=world.name)
        instrument = await desk.orders.instrument(world.name, world.instrument())
        trade = await desk.orders.trade_for(sub_account, instrument, Direction.LONG, leverage=Decimal(3))
        await desk.orders.place(trade, [an_entry(trade, "first", "0.02", account=world.name)])
        await desk.until(lambda: desk.states() == [OrderState.FILLED])
        assert await world.books.leverage(instrument) == 3
        setting_up.hedged = {world.name: False}
        with pytest.raises(Rejected, match="positions or orders"):
            await setting_up.prepare(world.name)
        assert (await world.books.terms()).is_hedged
