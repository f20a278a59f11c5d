"""A desk with real money at an exchange of the sandbox, and its comparison with it: no Telegram."""

from dataclasses import dataclass, field
from decimal import Decimal

from engines.core.side import Direction, Side
from engines.orders.order import OrderKind
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from engines.simulate.exchange.order import ExchangeOrder, Wish
from ports.books import Books
from services.ordering.findings import Finding
from services.orders import Orders
from services.reconciliation import Reconciliation
from tests.build.books import MemoryBooks
from tests.build.killing import Countdown, KillingBooks
from tests.build.live_desk import MemoryBreakers, an_entry
from tests.build.stores import MemoryFacts
from tests.build.venue_worlds import WireWorld
from tests.build.wire_road import a_wire_road


@dataclass(slots=True, kw_only=True)
class Outlasting:
    """What a desk leaves behind when it is killed."""

    books: MemoryBooks = field(default_factory=MemoryBooks)
    facts: MemoryFacts = field(default_factory=MemoryFacts)


@dataclass(slots=True, kw_only=True)
class MoneyDesk:
    """The road and its comparison; nothing runs by itself."""

    world: WireWorld
    orders: Orders
    reconciliation: Reconciliation
    breakers: MemoryBreakers
    findings: list[Finding]

    @property
    def mismatch(self) -> str:
        """What the latch says that differs; empty while none is pulled."""
        latch = self.breakers.pulled.get(f"mismatch:{self.world.name}")
        return "" if latch is None else latch.detail

    async def begin(self) -> bool:
        """What a start does at the account; whether entries are let in."""
        returning, name = self.orders.returning, self.world.name
        return await returning.recover(name) and await returning.finish(name)

    async def trade(self, quantity: str = "0.02", direction: Direction = Direction.LONG) -> Trade:
        """A position, opened at the market; everything about it is booked."""
        sub_account = SubAccount(engine=EngineName.MANUAL, account=self.world.name)
        trade = await self.orders.trade_for(sub_account, self.world.instrument(), direction)
        intent = an_entry(trade, f"{trade.id}:{trade.version}", quantity, account=self.world.name)
        await self.orders.place(trade, [intent])
        assert await self.begin()
        return await self.see(trade)

    async def rest(self, trade: Trade, quantity: str = "0.01") -> str:
        """An order five per cent below the market; its id."""
        price = self.world.instrument().price(self.world.last() * Decimal("0.95"))
        cause, limit = f"rest:{trade.version}", {"kind": OrderKind.LIMIT, "limit_price": price}
        intent = an_entry(trade, cause, quantity, account=self.world.name, **limit)
        await self.orders.place(trade, [intent])
        return f"{intent.id}-1"

    async def see(self, trade: Trade) -> Trade:
        """As it is in the books."""
        stored = await self.orders.register.books.trade(trade.id)
        assert stored is not None
        return stored

    def by_hand(
        self,
        side: Side,
        quantity: str,
        *,
        price: Decimal | None = None,
        direction: Direction | None = None,
    ) -> ExchangeOrder:
        """What somebody does at the venue without the desk; it opens a position unless told of which."""
        world = self.world
        opened = Direction.LONG if side is Side.BUY else Direction.SHORT
        wish = Wish(
            instrument=world.instrument(),
            side=side,
            kind=OrderKind.MARKET if price is None else OrderKind.LIMIT,
            quantity=Decimal(quantity),
            limit_price=price,
            direction=(direction or opened) if world.account.is_hedged else None,
        )
        return world.exchange.exchange.place(world.account, wish, world.exchange.now())

    async def agrees(self) -> bool:
        """Whether venue and books are the same, to the last digit."""
        return not (await self.reconciliation.compare(self.world.name)).differences


async def a_money_desk(
    world: WireWorld,
    left: Outlasting,
    *,
    engine: EngineName | None = EngineName.MANUAL,
    countdown: Countdown | None = None,
) -> MoneyDesk:
    """A desk that has just started over what an earlier one left; killed on the way with a `countdown`."""
    books: Books = left.books if countdown is None else KillingBooks(left.books, countdown)
    road = a_wire_road(world, books)
    orders, breakers = road.orders, road.breakers
    orders.resolver.expiry_s = 0.0
    made = Reconciliation.over(orders, left.facts, breakers, road.tell, world.clock, lambda account: engine)
    made.settle_s = 0.0
    await road.start()
    return MoneyDesk(
        world=world, orders=orders, reconciliation=made, breakers=breakers, findings=road.findings
    )
