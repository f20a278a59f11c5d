"""The road of orders to the sandbox's Bybit: durable books, ccxt, the private stream. No gate."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from adapters.clock import SystemClock
from adapters.exchange.address import redirect
from adapters.sql.desk import SqlDesk
from adapters.venues.build import Wiring, build_account
from adapters.venues.ccxt_books import CcxtBooks
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction, Side
from engines.orders.naming import first_order, intent_name
from engines.orders.order import Intent, OrderKind, OrderState, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.simulate.costs import Fees
from ports.people import Person
from services.orders import Orders
from services.people import People
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller

_SECRETS = {
    "BYBIT_API_KEY": "SANDBOXTRADE000000",
    "BYBIT_API_SECRET": "sandbox-trade-secret-for-loopback-only",
}
MARKETS = 20
_NO_QUOTA = 1_000_000.0
_PATIENCE_MS = 60_000
"""A request is signed before it waits for the twin, which has one core at most."""
_ENGINES = (EngineName.MANUAL, EngineName.TREND, EngineName.SIGNALS)
_FEES = Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055"))
_FAR = Decimal("0.8")
"""Of the price: what is bid there rests."""
_HELD = (OrderState.ACKNOWLEDGED, OrderState.OPEN)


@dataclass(slots=True, kw_only=True)
class Road:
    """An open road. `begun` and `wired` are when an intent was wanted and when its order was signed, which is
    the last thing that ccxt does before it writes to the socket; by the order's id."""

    orders: Orders
    books: CcxtBooks
    desk: SqlDesk
    bids: Sequence[tuple[Instrument, Decimal, Decimal]]
    begun: dict[str, float] = field(default_factory=dict)
    wired: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)

    async def place(self, number: int) -> None:
        """Want a small bid far below the market, of one of some sixty positions; back once it is known that
        the venue has it."""
        instrument, quantity, price = self.bids[number % len(self.bids)]
        engine = _ENGINES[number // len(self.bids) % len(_ENGINES)]
        begun = time.perf_counter()
        trade = await self.orders.trade_for(
            SubAccount(engine=engine, account="bybit"), instrument, Direction.LONG, leverage=Decimal(10)
        )
        intent = Intent(
            id=intent_name(engine, f"bid {number}"),
            owner=trade.owner,
            account="bybit",
            engine=engine,
            trade_id=trade.id,
            instrument=instrument,
            side=Side.BUY,
            quantity=quantity,
            kind=OrderKind.LIMIT,
            purpose=Purpose.ENTRY,
            limit_price=price,
            decision_price=price,
            created_at=self.orders.clock.now(),
        )
        self.begun[first_order(intent.id)] = begun
        await self.orders.place(trade, [intent])
        self.acknowledged[first_order(intent.id)] = time.perf_counter()

    async def lost_or_doubled(self) -> int:
        """Orders wanted of which the venue has none or several, or the books have not as resting; and orders
        at the venue that nobody wanted."""
        at_venue = [order.client_id for order in await self.books.open_orders()]
        in_books = {order.id for order in await self.desk.books.unfinished() if order.state in _HELD}
        strange = set(at_venue) - self.begun.keys()
        wrong = [one for one in self.begun if at_venue.count(one) != 1 or one not in in_books]
        return len(wrong) + len(strange)

    def wire_ms(self) -> tuple[float, float]:
        """From wanted to signed, in milliseconds: the middle and the 99th percentile."""
        took = [(self.wired[one] - begun) * 1000 for one, begun in self.begun.items()]
        return median(took), quantiles(took, n=100)[-1]

    def burst_s(self) -> float:
        """From the first wish to the last answer."""
        return max(self.acknowledged.values()) - min(self.begun.values())


@asynccontextmanager
async def open_road(url: str, folder: Path) -> AsyncIterator[Road]:
    """The road over an empty database in `folder`, hearing the venue's stream; the twin lifts its quotas."""
    clock, begun, wired = SystemClock(), dict[str, float](), dict[str, float]()
    wiring = Wiring(
        base_url=f"{url}/bybit",
        timeout_ms=_PATIENCE_MS,
        recv_window_ms=_PATIENCE_MS,
        acts_per_s=_NO_QUOTA,
        reads_per_s=_NO_QUOTA,
    )
    venue, books = build_account("bybit", wiring, _SECRETS.get, clock)
    _watch_signing(wired)
    desk = await SqlDesk.open(f"sqlite:///{folder}/desk.sqlite3", world="bench", mode="paper")
    register = Register(desk.books, clock, Decimal(10_000))
    people = People(desk.people, desk.facts, clock, lambda: "code")
    orders = Orders.over(
        {"bybit": venue},
        {"bybit": books},
        register,
        Funds(register, _FEES),
        Teller(people, clock, _silent, lambda: None),
        clock,
    )
    await people.load()
    await register.load()
    await orders.start()
    hearing = asyncio.create_task(orders.run())
    gc.freeze()  # as the desk does
    try:
        bids = await _bids(books)
        yield Road(orders=orders, books=books, desk=desk, bids=bids, begun=begun, wired=wired)
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        await books.close()
        await desk.close()


async def place_at(road: Road, numbers: range, per_s: float) -> None:
    """Want one after the other at a steady rate, whatever becomes of the earlier ones; back when all are
    answered."""
    loop = asyncio.get_running_loop()
    start, under_way = loop.time(), []
    for place, number in enumerate(numbers):
        await asyncio.sleep(max(start + place / per_s - loop.time(), 0))
        under_way.append(asyncio.create_task(road.place(number)))
    await asyncio.gather(*under_way)


async def bare_ccxt(url: str, bids: Sequence[tuple[Instrument, Decimal, Decimal]], count: int) -> float:
    """CPU seconds that ccxt alone takes for as many such orders, all at once and none written down."""
    from adapters.exchange.library import ccxt

    raw = ccxt.async_support.bybit(
        {
            "apiKey": _SECRETS["BYBIT_API_KEY"],
            "secret": _SECRETS["BYBIT_API_SECRET"],
            "enableRateLimit": False,
            "number": str,
        }
    )
    redirect(raw, f"{url}/bybit")
    raw.timeout = raw.options["recvWindow"] = _PATIENCE_MS
    raw.options["fetchMarkets"] = {"types": ["linear"]}
    raw.has["fetchCurrencies"] = False
    async with raw:
        await raw.load_markets()
        wanted = [bids[number % len(bids)] for number in range(count)]
        symbols = [f"{one.base}/{one.quote}:{one.quote}" for one, _, _ in wanted]
        await raw.create_order(symbols[0], "limit", "buy", str(wanted[0][1]), str(wanted[0][2]))
        start = time.process_time()
        await asyncio.gather(
            *(
                raw.create_order(symbol, "limit", "buy", str(quantity), str(price))
                for symbol, (_, quantity, price) in zip(symbols, wanted, strict=True)
            )
        )
        return time.process_time() - start


def _watch_signing(wired: dict[str, float]) -> None:
    """Note when ccxt signs an order."""
    from adapters.exchange.library import ccxt

    bybit = ccxt.async_support.bybit
    sign = bybit.sign

    def watched(
        raw: Any, path: str, api: Any = "public", method: str = "GET", params: Any = None, *rest: Any
    ) -> Any:
        signed = sign(raw, path, api, method, {} if params is None else params, *rest)
        if params and "orderLinkId" in params:
            wired.setdefault(params["orderLinkId"], time.perf_counter())
        return signed

    bybit.sign = watched


async def _bids(books: CcxtBooks) -> list[tuple[Instrument, Decimal, Decimal]]:
    """Market, size and price of bids that rest."""
    perps = [one for one in await books.instruments() if one.kind is MarketKind.PERP][:MARKETS]
    found = []
    for instrument in perps:
        price = instrument.price((await books.mark(instrument)).mark * _FAR)
        size = max(instrument.quantity(instrument.min_notional * 2 / price), instrument.lot)
        found.append((instrument, size, price))
    return found


def _silent(event: object, person: Person) -> None:
    return None
