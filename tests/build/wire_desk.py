"""The road of orders to a venue of the sandbox over the wire, with books in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from engines.core.side import Direction
from engines.orders.order import Order, OrderState
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from services.ordering.findings import Finding
from services.orders import Orders
from tests.build.books import MemoryBooks
from tests.build.live_desk import MemoryBreakers, an_entry
from tests.build.venue_worlds import BYBIT, GATE, WireWorld
from tests.build.wire_road import a_wire_road

both = pytest.mark.parametrize("world", [BYBIT, GATE], indirect=True)


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
    road = a_wire_road(world, books)
    orders, breakers = road.orders, road.breakers
    await road.start()
    running = asyncio.create_task(orders.run())
    desk = Desk(world, books, orders, breakers, road.findings)
    try:
        await desk.until(lambda: not breakers.pulled and orders.hearing.up.get(world.name, False))
        yield desk
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
