"""The road of orders over a fake venue with real money: engines' trades, no Telegram."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engines.core.side import Direction
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Intent, Order, OrderKind, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from engines.risk.latch import Latch
from ports.books import Books
from ports.people import Role
from services.ordering.findings import Finding
from services.ordering.judging import Judge
from services.orders import Orders
from services.people import People
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.books import MemoryBooks
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue
from tests.build.killing import Countdown, KillingBooks, KillingVenue
from tests.build.orders import PERP
from tests.build.paper_desk import FEES
from tests.build.people import a_person
from tests.build.stores import MemoryFacts, MemoryPeople

LIVE = SubAccount(engine=EngineName.MANUAL, account="bybit")


@dataclass(slots=True, repr=False)
class MemoryBreakers:
    """Latches in a dictionary. `stops` is the one that forbids entries."""

    pulled: dict[str, Latch] = field(default_factory=dict)
    stops: Latch | None = None

    async def pull(self, latch: Latch) -> None:
        self.pulled[latch.id] = latch

    async def release(self, latch_id: str) -> None:
        self.pulled.pop(latch_id, None)

    def stopping(self, intent: Intent) -> Latch | None:
        return None if self.stops is None or not self.stops.stops(intent, is_person=False) else self.stops


@dataclass(slots=True, kw_only=True, repr=False)
class LiveDesk:
    """BTC stands at 100 at the venue."""

    clock: HandClock
    venue: FakeVenue
    books: Books
    orders: Orders
    breakers: MemoryBreakers
    findings: list[Finding]
    count: int = 0

    async def trade(self, direction: Direction = Direction.LONG) -> Trade:
        """The desk's position, or a new one."""
        return await self.orders.trade_for(LIVE, PERP, direction)

    def intent(self, trade: Trade, quantity: str = "1", **changes: Any) -> Intent:
        """To buy at the market what the trade is made of, unless told otherwise."""
        self.count += 1
        return an_entry(trade, f"wish {self.count}", quantity, **changes)

    async def place(self, quantity: str = "1", *, is_heard: bool = True, **changes: Any) -> Trade:
        """Place one intent, and let the stream tell what came of it."""
        trade = await self.trade()
        await self.orders.place(trade, [self.intent(trade, quantity, **changes)])
        if is_heard:
            await self.hear()
        return await self.see(trade)

    async def hear(self) -> None:
        """Hand over what the stream has to tell, in order."""
        told, self.venue.stream = self.venue.stream, []
        for report in told:
            self.orders.hearing.hear(self.venue.account, report)
        await self.orders.hearing.work_off()

    async def look_up(self, rounds: int = 1, *, after_s: float = 1.0) -> None:
        """Time passes, and what is in doubt is looked up."""
        for _ in range(rounds):
            self.clock.move(after_s)
            await self.orders.resolver.round(self.venue.account)

    async def see(self, trade: Trade) -> Trade:
        """The trade as it is in the books."""
        stored = await self.books.trade(trade.id)
        assert stored is not None
        return stored

    async def all_orders(self, trade: Trade) -> list[Order]:
        """Its orders as they are in the books."""
        return list(await self.books.orders(trade.id))


def an_entry(trade: Trade, cause: str, quantity: str = "1", **changes: Any) -> Intent:
    """An intent of the desk's own hand."""
    is_exit = changes.pop("is_exit", False)
    usual: dict[str, Any] = {
        "owner": trade.owner,
        "account": LIVE.account,
        "engine": LIVE.engine,
        "trade_id": trade.id,
        "instrument": trade.instrument,
        "side": trade.direction.exit if is_exit else trade.direction.entry,
        "quantity": Decimal(quantity),
        "kind": OrderKind.MARKET,
        "purpose": Purpose.CLOSE if is_exit else Purpose.ENTRY,
        "reduce_only": is_exit,
        "style": ExecutionStyle.SINGLE,
        "created_at": trade.created_at,
    }
    return Intent(**{"id": intent_name("manual", cause)} | usual | changes)


async def a_live_desk(
    *,
    books: Books | None = None,
    venue: FakeVenue | None = None,
    clock: HandClock | None = None,
    gate: Judge | None = None,
    countdown: Countdown | None = None,
) -> LiveDesk:
    """A desk that has just started; over what an earlier one left, after a restart. With a `countdown` it is
    killed on the way."""
    clock = clock or (venue.clock if venue else HandClock())
    venue, books = venue or FakeVenue(clock), books or MemoryBooks()
    person = a_person(11, name="Tom", role=Role.ADMIN, is_onboarded=True)
    people = People(MemoryPeople(person), MemoryFacts(), clock, lambda: "code")
    await people.load()
    kept: Books = books if countdown is None else KillingBooks(books, countdown)
    register = Register(kept, clock, Decimal(1000))
    breakers, findings = MemoryBreakers(), list[Finding]()

    async def tell(finding: Finding) -> None:
        findings.append(finding)

    door: Any = venue if countdown is None else KillingVenue(venue, countdown)
    orders = Orders.over(
        {venue.account: door},
        {venue.account: venue},
        register,
        Funds(register, FEES),
        Teller(people, clock, lambda event, person: None, lambda: None),
        clock,
        gate=gate,
        quotes=venue.quotes,
        breakers=breakers,
        tell=tell,
    )
    await register.load()
    await orders.start()
    if countdown is None:
        await orders.returning.recover(venue.account)
    return LiveDesk(
        clock=clock, venue=venue, books=books, orders=orders, breakers=breakers, findings=findings
    )
