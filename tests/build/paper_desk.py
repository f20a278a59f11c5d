"""A whole trading room over a venue in memory: the real road of orders, a paper venue, a clock by hand."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from adapters.paper.venue import PaperVenue
from engines.core.candle import Candles
from engines.core.depth import Depth
from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.orders.trade import Trade
from engines.simulate.costs import Fees
from ports.books import Books
from ports.markets import PriceOf
from ports.messages import Screen
from ports.people import Noise, Person, Role
from services.market.options import MarketOptions
from services.market.perps import Perps
from services.markets import Markets
from services.orders import Orders
from services.people import People
from services.trades import Trades
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from services.trading.wish import Standing, TradeEvent, Wish
from tests.build.books import MemoryBooks
from tests.build.clock import NOON, HandClock
from tests.build.killing import Countdown, KillingBooks, KillingVenue
from tests.build.markets import (
    FakeMarketSource,
    a_perp,
    a_perp_ticker,
    a_ticker,
    an_instrument,
)
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_person
from tests.build.stores import MemoryFacts, MemoryOutbox, MemoryPeople

FEES = Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055"))
PERP, SPOT = (MarketKind.PERP, "BTCUSDT"), (MarketKind.SPOT, "SOLUSDT")
TOM = 11
MINUTE_MS = Timeframe.M1.ms


@dataclass(slots=True, kw_only=True, repr=False)
class PaperDesk:
    """BTC and ETH have perpetuals, SOL is spot only; BTC and ETH stand at 100 and 10, SOL at 20."""

    clock: HandClock
    source: FakeMarketSource
    books: Books
    outbox: MemoryOutbox
    messenger: RecordingMessenger
    markets: Markets
    perps: Perps
    people: People
    trades: Trades
    keys: list[str] = field(default_factory=list)

    @property
    def tom(self) -> Person:
        """The person who trades."""
        person = self.people.get(TOM)
        assert person is not None
        return person

    def key(self) -> str:
        """A key never used before."""
        self.keys.append(f"key-{len(self.keys)}")
        return self.keys[-1]

    async def open(self, symbol: str = "BTC", notional: str = "100", **fields: object) -> Trade:
        """Open a trade of Tom's in his own chat."""
        return await self.trades.open(
            self.tom, a_wish(symbol, notional, **fields), key=self.key(), chat_id=TOM, message_id=500
        )

    async def see(self, trade: Trade) -> Trade:
        """The trade as it is in the books."""
        stored = await self.books.trade(trade.id)
        assert stored is not None
        return stored

    def set(self, price: str, symbol: str = "BTCUSDT", mark: str | None = None) -> None:
        """The market stands at a price now; nobody was told."""
        at, value = self.clock.now(), Decimal(price)
        is_spot = symbol == SPOT[1]
        if is_spot:
            self.source.prices[symbol] = a_ticker(symbol, price, at=at)
        else:
            ticker = a_perp_ticker(symbol, price, at=at)
            self.source.perp_prices[symbol] = replace(ticker, mark=Decimal(mark or price))
        kind = MarketKind.SPOT if is_spot else MarketKind.PERP
        self.source.books[kind, symbol] = _book(symbol, value, at)

    async def tick(
        self, price: str, symbol: str = "BTCUSDT", *, after_s: float = 1, mark: str | None = None
    ) -> None:
        """Market time passes, and a ticker comes."""
        self.clock.move(after_s)
        self.set(price, symbol, mark)
        self.trades.tape.follow()
        if symbol == SPOT[1]:
            await self.markets.quote(symbol)
        else:
            await self.perps.fresh(symbol)
        await self.rounds()

    async def recover(self) -> None:
        """What `run` does first."""
        for held in self.trades.register.live():
            await self.trades.orders.recover(held.trade.id)

    async def refresh(self) -> None:
        """Bring every living message up to date."""
        for trade in self.trades.living.due():
            await self.trades.living.refresh(trade)

    async def rounds(self) -> None:
        """Let every followed market take what came in."""
        self.trades.tape.follow()
        for key in list(self.trades.register.markets()):
            await self.trades.tape.round(key)

    def minutes(self, *bars: tuple[str, str, str, str], until: datetime, symbol: str = "BTCUSDT") -> None:
        """The last minutes before `until` as candles (open, high, low, close), traded and mark alike."""
        kind = MarketKind.SPOT if symbol == SPOT[1] else MarketKind.PERP
        columns = np.array([[float(value) for value in bar] for bar in bars]).T
        last_ms = int(until.timestamp() * 1000) - MINUTE_MS
        candles = Candles(
            time_ms=last_ms - MINUTE_MS * np.arange(len(bars) - 1, -1, -1, dtype=np.int64),
            open=columns[0],
            high=columns[1],
            low=columns[2],
            close=columns[3],
            volume=np.full(len(bars), 5.0),
        )
        for price_of in (PriceOf.TRADES, PriceOf.MARK):
            self.source.past[kind, symbol, Timeframe.M1, price_of] = candles
        self.source.past[kind, symbol, Timeframe.M5, PriceOf.TRADES] = candles


def a_wish(symbol: str = "BTC", notional: str = "100", **fields: object) -> Wish:
    """A long of 100 USDT at the market, unless told otherwise."""
    usual: dict[str, object] = {"direction": Direction.LONG, "notional": Decimal(notional)}
    values = {name: _decimal(value) for name, value in {**usual, **fields}.items()}
    return Wish(symbol=symbol, **values)  # type: ignore[arg-type]  # fields of a wish, typed at their use


def _decimal(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_decimal(one) for one in value)
    is_number = isinstance(value, str) and not isinstance(value, Direction)
    return Decimal(str(value)) if is_number else value


def _book(symbol: str, price: Decimal, at: datetime) -> Depth:
    """A deep book with no spread: what is asked for is had at the price."""
    return Depth(
        symbol=symbol,
        bids=tuple((price * (10_000 - step) / 10_000, Decimal(10_000)) for step in range(5)),
        asks=tuple((price * (10_000 + step) / 10_000, Decimal(10_000)) for step in range(5)),
        at=at,
    )


async def a_paper_desk(
    *,
    books: Books | None = None,
    outbox: MemoryOutbox | None = None,
    clock: HandClock | None = None,
    source: FakeMarketSource | None = None,
    messenger: RecordingMessenger | None = None,
    noise: Noise = Noise.NORMAL,
    countdown: Countdown | None = None,
) -> PaperDesk:
    """A desk that has just started; over what an earlier one left, after a restart. With a `countdown` it is
    killed on the way."""
    outbox = outbox or MemoryOutbox()
    books, clock = books or MemoryBooks(outbox), clock or HandClock()
    source = source or _a_source()
    person = a_person(TOM, name="Tom", role=Role.TRADER, is_onboarded=True, noise=noise)
    people = People(MemoryPeople(person), MemoryFacts(), clock, lambda: "code")
    await people.load()
    options = MarketOptions(
        ask_again_after_s=0, answer_within_s=0.5, patience_s=(), person_patience_s=(), stale_after_s=30
    )
    markets, perps = Markets(source, None, clock, options), Perps(source, clock, options)
    kept: Books = books if countdown is None else KillingBooks(books, countdown)
    register = Register(kept, clock, Decimal(1000))
    funds, teller = Funds(register, FEES), Teller(people, clock, _notice, lambda: None)
    venue: Any = PaperVenue(source, clock, FEES, latency_s=0, stale_after_s=30)
    if countdown is not None:
        venue = KillingVenue(venue, countdown)
    messenger = messenger or RecordingMessenger()
    trades = Trades.over(
        Orders.over({"paper": venue}, {}, register, funds, teller, clock),
        markets=markets,
        perps=perps,
        source=source,
        messenger=messenger,
        view=_view,
        most_leverage=Decimal(5),
        stale_after_s=30,
    )
    desk = PaperDesk(
        clock=clock,
        source=source,
        books=books,
        outbox=outbox,
        messenger=messenger,
        markets=markets,
        perps=perps,
        people=people,
        trades=trades,
    )
    await trades.start()
    return desk


def _a_source() -> FakeMarketSource:
    grid: dict[str, Any] = {"tick": Decimal("0.01"), "lot": Decimal("0.001")}
    source = FakeMarketSource(
        [an_instrument(base, **grid) for base in ("BTC", "ETH", "SOL")],
        [a_ticker("BTCUSDT", "100"), a_ticker("ETHUSDT", "10"), a_ticker("SOLUSDT", "20")],
        perps=[a_perp(base, **grid) for base in ("BTC", "ETH")],
        perp_tickers=[a_perp_ticker("BTCUSDT", "100"), a_perp_ticker("ETHUSDT", "10")],
    )
    source.books = {
        (MarketKind.PERP, "BTCUSDT"): _book("BTCUSDT", Decimal(100), NOON),
        (MarketKind.PERP, "ETHUSDT"): _book("ETHUSDT", Decimal(10), NOON),
        (MarketKind.SPOT, "SOLUSDT"): _book("SOLUSDT", Decimal(20), NOON),
    }
    return source


def _view(standing: Standing, person: Person) -> Screen:
    trade = standing.trade
    return Screen(html=f"#{trade.id} {trade.state} v{trade.version} at {standing.mark} for {person.name}")


def _notice(event: TradeEvent, person: Person) -> Screen | None:
    return Screen(html=f"{event.code} #{event.trade.id}")
