"""The road of orders over the wire: the desk's orders at the sandbox's exchanges, with the adapters as they
ship, the private stream and everything that goes wrong with it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from engines.core.side import Direction
from engines.orders.execution import Quote
from engines.orders.order import ExecutionStyle, Order, OrderKind, OrderState, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade, TradeState
from ports.errors import Rejected
from services.ordering.findings import Finding
from services.orders import Orders
from services.people import People
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.books import MemoryBooks
from tests.build.live_desk import MemoryBreakers, an_entry
from tests.build.paper_desk import FEES
from tests.build.stores import MemoryFacts, MemoryPeople
from tests.build.venue_worlds import BYBIT, GATE, WireWorld

both = pytest.mark.parametrize("world", [BYBIT, GATE], indirect=True)
CREATE = {BYBIT: "/v5/order/create", GATE: "/futures/usdt/orders"}


@dataclass(slots=True)
class Desk:
    """The road to a venue of the sandbox, hearing its stream."""

    world: WireWorld
    books: MemoryBooks
    orders: Orders
    breakers: MemoryBreakers
    findings: list[Finding]
    count: int = 0

    async def trade(self) -> Trade:
        sub_account = SubAccount(engine=EngineName.MANUAL, account=self.world.name)
        return await self.orders.trade_for(sub_account, self.world.instrument(), Direction.LONG)

    async def place(self, quantity: str = "0.02", *, stop: Decimal | None = None, **changes: object) -> Trade:
        """An order for a long of Bitcoin."""
        self.count += 1
        trade = replace(await self.trade(), stop=stop)
        intent = an_entry(trade, f"{self.count}", quantity, account=self.world.name, **changes)
        return await self.orders.place(trade, [intent])

    def all(self) -> list[Order]:
        """Every order, in the order in which they were written down."""
        latest = {order.id: order for change in self.books.changes for order in change.orders}
        return list(latest.values())

    async def until(self, is_so: Callable[[], bool], *, passing_s: float = 0.0) -> None:
        """Wait for it; so much market time passes with every look."""
        async with asyncio.timeout(20):
            while not is_so():
                await asyncio.sleep(0.02)
                if passing_s:
                    await self.world.pass_time(passing_s)

    def states(self) -> list[OrderState]:
        return [order.state for order in self.all()]

    def held(self) -> Decimal:
        """What the books say that is held."""
        return sum((one.trade.quantity for one in self.orders.register.live()), Decimal(0))

    async def there(self) -> Decimal:
        """What the venue says that is held."""
        return sum((one.quantity for one in await self.world.books.positions()), Decimal(0))


@asynccontextmanager
async def a_desk(world: WireWorld, books: MemoryBooks | None = None) -> AsyncIterator[Desk]:
    """A desk that runs, over the books of an earlier one where there was one."""
    books = books or MemoryBooks()
    register = Register(books, world.clock, Decimal(1000))
    people = People(MemoryPeople(), MemoryFacts(), world.clock, lambda: "code")
    breakers, findings = MemoryBreakers(), list[Finding]()

    async def tell(finding: Finding) -> None:
        findings.append(finding)

    async def quotes(account: str, instrument: object) -> Quote:
        last = world.last()
        return Quote(bid=last - 1, ask=last + 1, at=world.clock.now())

    orders = Orders.over(
        {world.name: world.venue},
        {world.name: world.books},
        register,
        Funds(register, FEES),
        Teller(people, world.clock, lambda event, person: None, lambda: None),
        world.clock,
        quotes=quotes,
        breakers=breakers,
        tell=tell,
    )
    await register.load()
    await orders.start()
    running = asyncio.create_task(orders.run())
    desk = Desk(world, books, orders, breakers, findings)
    try:
        await desk.until(lambda: not breakers.pulled and orders.hearing.up.get(world.name, False))
        yield desk
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


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
