"""Worlds in which the contract of venues is tried: paper over a book in memory, and the accounts of the
sandbox's exchanges over the wire, with the adapters as they ship."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from adapters.paper.venue import PaperVenue
from adapters.venues.build import Wiring, build_account
from adapters.venues.ccxt_books import CcxtBooks
from engines.core.instrument import Instrument, MarketKind
from engines.core.moment import utc
from engines.core.move import Move
from engines.core.side import Direction, Side
from engines.orders.lifecycle import apply
from engines.orders.order import Order, OrderKind, OrderState, Purpose, Terms
from engines.simulate.costs import Fees
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import Wish
from engines.simulate.exchange.rules import POINTS
from ports.clock import Clock
from ports.trading import Venue
from ports.venue_books import VenueReport
from sandbox.accounts import MAIN, TRADING, ApiKey
from sandbox.bybit.routes import bybit_routes
from sandbox.bybit.venue import bybit_exchange
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults, faults_middleware
from sandbox.gate.exchange import gate_exchange
from sandbox.gate.routes import gate_routes
from sandbox.market.market import Market
from sandbox.market.source import Origin
from sandbox.telegram.keep import ForgetfulKeep
from sandbox.wiretap import Wiretap, wiretap_middleware
from services.ordering.reports import found
from tests.build.clock import NOON, HandClock
from tests.build.markets import FakeMarketSource, a_depth, a_perp, an_instrument
from tests.build.orders import an_intent

PAPER, BYBIT, GATE = VENUES = ("paper", "bybit", "gate")

_PRICE = Decimal(60_000)
_FAR = Decimal("0.05")


class World(Protocol):
    """A venue and the market before it."""

    name: str
    venue: Venue

    @property
    def clock(self) -> Clock: ...

    def instrument(self, kind: MarketKind = MarketKind.PERP) -> Instrument:
        """Bitcoin, with this venue's grid."""
        ...

    def last(self, kind: MarketKind = MarketKind.PERP) -> Decimal:
        """Its last price."""
        ...

    async def send(self, order: Order, direction: Direction = Direction.LONG) -> Order:
        """Submit it; the order as it is known then."""
        ...

    async def seen(self, order: Order) -> Order:
        """The order as it is known by now: looked up, where there is somebody to ask."""
        ...

    async def serve(self, order: Order, quantity: Decimal) -> Order:
        """Let somebody trade so much with a resting order; the order then."""
        ...

    async def touch(self, order: Order) -> Order:
        """Let the price reach the order's trigger; the order then."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Let the market go on."""
        ...

    def thin(self) -> None:
        """Leave little in the book."""
        ...


@dataclass(slots=True)
class Drafts:
    """Orders that a test sends."""

    world: World
    _drawn: int = 0

    def __call__(
        self,
        *,
        kind: MarketKind = MarketKind.PERP,
        side: Side = Side.BUY,
        quantity: str = "0.01",
        at: Decimal | None = None,
        intent: dict[str, Any] | None = None,
        **terms: Any,
    ) -> Order:
        """A purchase of a hundredth of a coin: a limit at the price `at`, or at the market without one."""
        self._drawn += 1
        now = self.world.clock.now()
        order_kind = OrderKind.MARKET if at is None else OrderKind.LIMIT
        wish = an_intent(
            id=f"case{self._drawn}",
            account=self.world.name,
            instrument=self.world.instrument(kind),
            side=side,
            quantity=Decimal(quantity),
            kind=order_kind,
            limit_price=at,
            created_at=now,
            **intent or {},
        )
        asked = Terms(quantity=Decimal(quantity), kind=order_kind, limit_price=at, **terms)
        return Order(
            id=f"case{self._drawn}-1",
            intent=wish,
            terms=asked,
            state=OrderState.SENT,
            created_at=now,
            updated_at=now,
        )

    def resting(self, *, side: Side = Side.BUY, **changes: Any) -> Order:
        """A limit five per cent away from the market."""
        kind = changes.get("kind", MarketKind.PERP)
        return self(side=side, at=self.beside(-side.sign * _FAR, kind), **changes)

    def crossing(self, *, side: Side = Side.BUY, **changes: Any) -> Order:
        """A limit five per cent beyond the market."""
        kind = changes.get("kind", MarketKind.PERP)
        return self(side=side, at=self.beside(side.sign * _FAR, kind), **changes)

    def stop(self, below: str = "0.05", **changes: Any) -> Order:
        """A sale that sleeps below the market."""
        kind = changes.get("kind", MarketKind.PERP)
        wish = {"purpose": Purpose.STOP, **changes.pop("intent", {})}
        trigger_price = self.beside(-Decimal(below), kind)
        return self(side=Side.SELL, trigger_price=trigger_price, intent=wish, **changes)

    def beside(self, fraction: Decimal, kind: MarketKind = MarketKind.PERP) -> Decimal:
        """A price of the grid, that far from the last one."""
        return self.world.instrument(kind).price(self.world.last(kind) * (1 + fraction))


class PaperWorld:
    """Paper, over a book in memory."""

    name = PAPER

    def __init__(self) -> None:
        self.clock = HandClock(NOON)
        self._instruments = {MarketKind.SPOT: an_instrument(), MarketKind.PERP: a_perp()}
        self._source = FakeMarketSource(
            [self._instruments[MarketKind.SPOT]], perps=[self._instruments[MarketKind.PERP]]
        )
        for kind in MarketKind:
            self._source.books[kind, "BTCUSDT"] = a_depth(price=str(_PRICE))
        fees = Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055"))
        self.venue: Venue = PaperVenue(self._source, self.clock, fees, latency_s=0.0, stale_after_s=3600)

    def instrument(self, kind: MarketKind = MarketKind.PERP) -> Instrument:
        return self._instruments[kind]

    def last(self, kind: MarketKind = MarketKind.PERP) -> Decimal:
        return _PRICE

    async def send(self, order: Order, direction: Direction = Direction.LONG) -> Order:
        for event in await self.venue.submit(order, direction):
            order = apply(order, event)
        return order

    async def seen(self, order: Order) -> Order:
        return order

    async def serve(self, order: Order, quantity: Decimal) -> Order:
        limit_price = order.terms.limit_price
        assert limit_price is not None
        return self._meet(order, self._move(_PRICE, limit_price, volume=quantity + order.queue_ahead))

    async def pass_time(self, seconds: float) -> None:
        self.clock.move(seconds)

    async def touch(self, order: Order) -> Order:
        trigger_price = order.terms.trigger_price
        assert trigger_price is not None
        return self._meet(order, self._move(_PRICE, trigger_price, volume=None))

    def thin(self) -> None:
        for kind in MarketKind:
            book = self._source.books[kind, "BTCUSDT"]
            thinned = tuple((price, Decimal("0.001")) for price, _ in book.asks)
            self._source.books[kind, "BTCUSDT"] = replace(book, asks=thinned)

    def _meet(self, order: Order, move: Move) -> Order:
        for event in self.venue.moved(move, [order]).get(order.id, ()):
            order = apply(order, event)
        return order

    def _move(self, opened: Decimal, closed: Decimal, *, volume: Decimal | None) -> Move:
        low, high = min(opened, closed), max(opened, closed)
        return Move(
            symbol="BTCUSDT",
            kind=MarketKind.PERP,
            since=self.clock.now(),
            at=self.clock.now() + timedelta(minutes=1),
            open=opened,
            high=high,
            low=low,
            close=closed,
            mark=closed,
            mark_low=low,
            mark_high=high,
            volume=volume,
        )


class _FollowedClock:
    """The desk's clock: the sandbox's, read at once."""

    speed = 1.0

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return utc(self._clock.now_ms())

    def wire_now(self) -> datetime:
        return utc(self._clock.wire_ms())

    def age_s(self, at: datetime) -> float:
        return max((self.now() - at).total_seconds(), 0.0)

    async def sleep(self, market_s: float) -> None:
        raise AssertionError("adapters of venues wait in wire time")


@dataclass(slots=True)
class WireWorld:
    """An account at an exchange of the sandbox, over loopback."""

    name: str
    url: str
    faults: Faults
    exchange: VenueExchange
    server: BaseTestServer
    sandbox_clock: SandboxClock
    clock: Clock
    began_at: datetime
    venue: Venue = field(init=False)
    books: CcxtBooks = field(init=False)
    grids: dict[MarketKind, Instrument] = field(default_factory=dict)
    _opened: list[CcxtBooks] = field(default_factory=list)

    async def prepare(self) -> None:
        """Open the account, and learn its markets."""
        self.venue, self.books = self.open_account()
        for one in await self.books.instruments():
            if one.symbol == "BTCUSDT":
                self.grids[one.kind] = one

    def open_account(self, key: ApiKey = TRADING, **wiring: Any) -> tuple[Venue, CcxtBooks]:
        """The adapters with another key or other wires."""
        secrets = {f"{self.name.upper()}_API_KEY": key.key, f"{self.name.upper()}_API_SECRET": key.secret}
        usual = Wiring(
            base_url=self.url,
            timeout_ms=10_000,
            acts_per_s=10_000,
            reads_per_s=10_000,
            pauses_s=(0.0, 0.0),
            ping_s=0.5,
        )
        venue, books = build_account(self.name, replace(usual, **wiring), secrets.get, self.clock)
        self._opened.append(books)
        return venue, books

    def hurry(self) -> None:
        """Go on with adapters that wait for an answer for a second only."""
        self.venue, self.books = self.open_account(timeout_ms=1_000)

    async def close(self) -> None:
        """Hang up."""
        for books in self._opened:
            await books.close()

    @property
    def account(self) -> Account:
        """The account as the exchange has it."""
        return self.exchange.exchange.account(MAIN)

    def instrument(self, kind: MarketKind = MarketKind.PERP) -> Instrument:
        return self.grids[kind]

    def last(self, kind: MarketKind = MarketKind.PERP) -> Decimal:
        return self.exchange.quotes.last(self.grids[kind], self.exchange.now())

    def fault(self, **fields: Any) -> None:
        """Let something be wrong with the venue."""
        self.faults.merge({self.name: fields})

    def mend(self) -> None:
        """All is well again."""
        self.faults.clear()

    async def send(self, order: Order, direction: Direction = Direction.LONG) -> Order:
        for event in await self.venue.submit(order, direction):
            order = apply(order, event)
        return await self.seen(order)

    async def seen(self, order: Order) -> Order:
        told = await self.books.order(order.id, order.intent.instrument)
        if told is None:
            return order
        fills = await self.books.fills(self.began_at, order.intent.instrument)
        for event in found(order, told, fills, self.clock.now()).events:
            order = apply(order, event)
        return order

    async def serve(self, order: Order, quantity: Decimal) -> Order:
        theirs, at = self.account.orders[self.venue_id(order)], self.exchange.now()
        assert theirs.limit_price is not None
        self.exchange.exchange.fill(self.account, theirs, quantity, theirs.limit_price, at)
        return await self.seen(order)

    async def touch(self, order: Order) -> Order:
        for _ in range(24 * 12):
            await self.pass_time(300)
            order = await self.seen(order)
            if order.state is not OrderState.OPEN:
                return order
        raise AssertionError("the market never came there")

    async def pass_time(self, seconds: float) -> None:
        await self.sandbox_clock.advance(seconds)
        self.exchange.now()

    def thin(self) -> None:
        self.fault(thin=0.0005)

    def endow(self, asset: str, amount: Decimal) -> None:
        """Let somebody deposit."""
        treasury, wallet = self.exchange.exchange.treasury, self.account.setup.perp_wallet
        treasury.deposit(self.account, wallet, asset, amount, self.exchange.now())

    def pay_in_points(self, amount: Decimal) -> None:
        """Let fees be taken from points."""
        self.account.setup = replace(self.account.setup, pays_in_points=True)
        self.endow(POINTS, amount)

    def withdraw(self, asset: str, amount: Decimal) -> None:
        """Let somebody withdraw, elsewhere."""
        treasury, wallet = self.exchange.exchange.treasury, self.account.setup.perp_wallet
        treasury.withdraw(self.account, wallet, asset, amount, self.exchange.now())

    def place_by_hand(self, limit_price: Decimal) -> None:
        """Let somebody place an order elsewhere, without an id of ours."""
        wish = Wish(
            instrument=self.instrument(),
            side=Side.BUY,
            kind=OrderKind.LIMIT,
            quantity=Decimal("0.01"),
            limit_price=limit_price,
        )
        self.exchange.exchange.place(self.account, wish, self.exchange.now())

    def age(self, orders: Sequence[Order], age: timedelta) -> None:
        """Let orders have been there for so long."""
        for order in orders:
            theirs = self.account.orders[self.venue_id(order)]
            self.account.keep(replace(theirs, created_at=theirs.created_at - age))
        self.exchange.exchange.expire(self.exchange.now())

    def cancel_by_hand(self, order: Order) -> None:
        """Let somebody cancel an order of ours elsewhere."""
        theirs = self.account.orders[self.venue_id(order)]
        self.exchange.exchange.cancel(self.account, theirs, self.exchange.now())

    async def hang_up(self) -> None:
        """The venue is out of reach from now on."""
        await self.server.close()

    def venue_id(self, order: Order) -> str:
        """The exchange's id of an order of ours."""
        names = (order.id, f"t-{order.id}")  # Gate's ids begin so
        [one] = [theirs.id for theirs in self.account.orders.values() if theirs.wish.client_id in names]
        return one

    @property
    def count(self) -> int:
        """How many orders the exchange has seen of the account."""
        return len(self.account.orders)


class Ear:
    """Hears a private stream."""

    def __init__(self) -> None:
        self.heard: list[VenueReport] = []
        self._news = asyncio.Event()

    def __call__(self, report: VenueReport) -> None:
        self.heard.append(report)
        self._news.set()

    async def until(self, is_enough: Callable[[list[VenueReport]], bool]) -> None:
        """Wait for reports."""
        async with asyncio.timeout(10):
            while not is_enough(self.heard):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running_wire_world(name: str, origin: Origin, now_ms: int) -> AsyncIterator[WireWorld]:
    """The account `name` over the wire; the market stands still until it is told to go on."""
    clock = SandboxClock(start_ms=now_ms, wall=time.time, monotonic=lambda: 0.0, end_ms=origin.end_ms)
    market, faults = Market(origin, now_ms=clock.now_ms), Faults()
    build, routes = {BYBIT: (bybit_exchange, bybit_routes), GATE: (gate_exchange, gate_routes)}[name]
    exchange = build(market, clock, faults, ForgetfulKeep())
    wiretap = Wiretap()
    app = web.Application(middlewares=[faults_middleware(faults), wiretap_middleware(wiretap)])
    app.add_routes(routes(market, clock, faults, exchange, wiretap))
    async with TestServer(app) as server:
        followed = _FollowedClock(clock)
        world = WireWorld(
            name=name,
            url=str(server.make_url(f"/{name}")),
            faults=faults,
            exchange=exchange,
            server=server,
            sandbox_clock=clock,
            clock=followed,
            began_at=followed.now() - timedelta(seconds=1),
        )
        await world.prepare()
        try:
            yield world
        finally:
            faults.clear()
            await world.close()
            exchange.close()
