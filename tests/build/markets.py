"""Builders of market data, and a venue in memory."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import Bar, Candles
from engines.core.depth import Depth
from engines.core.instrument import Instrument, MarketKind
from engines.core.perp import Funding, PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.errors import Refused, Transient
from ports.markets import PriceOf
from tests.build.clock import NOON

LONGEST_HISTORY = 1000


def an_instrument(base: str = "BTC", quote: str = "USDT", **fields: Any) -> Instrument:
    """A spot market with a grid of cents and millionths."""
    usual: dict[str, Any] = {
        "symbol": f"{base}{quote}",
        "kind": MarketKind.SPOT,
        "tick": Decimal("0.01"),
        "lot": Decimal("0.000001"),
        "min_notional": Decimal(5),
    }
    return Instrument(base=base, quote=quote, **usual | fields)


def a_ticker(symbol: str = "BTCUSDT", last: str = "87210.50", **fields: Any) -> Ticker:
    """A ticker of noon, up 1.2 % on the day, with a turnover of 900 million."""
    price = Decimal(last)
    usual: dict[str, Any] = {
        "bid": price * Decimal("0.9999"),
        "ask": price * Decimal("1.0001"),
        "change_24h": Decimal("0.012"),
        "high_24h": price * Decimal("1.02"),
        "low_24h": price * Decimal("0.97"),
        "turnover_24h": Decimal(900_000_000),
        "at": NOON,
    }
    return Ticker(symbol=symbol, last=price, **usual | fields)


def some_candles(
    count: int = 120,
    timeframe: Timeframe = Timeframe.H1,
    *,
    end: datetime = NOON,
    start_price: float = 87_000.0,
    seed: int = 7,
) -> Candles:
    """A seeded random walk whose last candle holds `end`, forming."""
    rng = np.random.default_rng(seed)
    close = start_price * np.exp(np.cumsum(rng.normal(0, 0.004, count)))
    open_ = np.concatenate([[start_price], close[:-1]])
    last_ms = timeframe.floor(int(end.timestamp() * 1000))
    return Candles(
        time_ms=last_ms - timeframe.ms * np.arange(count - 1, -1, -1, dtype=np.int64),
        open=open_,
        high=np.maximum(open_, close) * (1 + rng.uniform(0, 0.002, count)),
        low=np.minimum(open_, close) * (1 - rng.uniform(0, 0.002, count)),
        close=close,
        volume=rng.uniform(1, 50, count),
    )


def a_perp(base: str = "BTC", quote: str = "USDT", **fields: Any) -> Instrument:
    """A linear perpetual with a grid of dimes and thousandths."""
    usual: dict[str, Any] = {"tick": Decimal("0.10"), "lot": Decimal("0.001")}
    return an_instrument(base, quote, kind=MarketKind.PERP, **usual | fields)


def a_perp_ticker(symbol: str = "BTCUSDT", last: str = "87210.50", **fields: Any) -> PerpTicker:
    """A perpetual's ticker of noon, mark and index at the last price, settling 0.01 % in four hours."""
    price = Decimal(last)
    usual: dict[str, Any] = {
        "bid": price * Decimal("0.9999"),
        "ask": price * Decimal("1.0001"),
        "mark": price,
        "index": price,
        "funding_rate": Decimal("0.0001"),
        "next_funding_at": NOON + timedelta(hours=4),
        "turnover_24h": Decimal(4_000_000_000),
        "at": NOON,
    }
    return PerpTicker(symbol=symbol, last=price, **usual | fields)


def a_depth(symbol: str = "BTCUSDT", price: str = "87210.50", *, levels: int = 5, **fields: Any) -> Depth:
    """A book with one coin every basis point on both sides of `price`."""
    steps = [Decimal(price) * number / 10_000 for number in range(1, levels + 1)]
    usual: dict[str, Any] = {
        "bids": tuple((Decimal(price) - step, Decimal(1)) for step in steps),
        "asks": tuple((Decimal(price) + step, Decimal(1)) for step in steps),
        "at": NOON,
    }
    return Depth(symbol=symbol, **usual | fields)


def a_bar(symbol: str = "BTCUSDT", close: float = 87_210.5, **fields: Any) -> Bar:
    """The five-minute spot candle that closed at noon."""
    noon_ms = int(NOON.timestamp() * 1000)
    usual: dict[str, Any] = {
        "kind": MarketKind.SPOT,
        "timeframe": Timeframe.M5,
        "time_ms": noon_ms - Timeframe.M5.ms,
        "open": close,
        "high": close * 1.001,
        "low": close * 0.999,
        "volume": 10.0,
        "is_closed": True,
        "at_ms": noon_ms,
    }
    return Bar(symbol=symbol, close=close, **usual | fields)


@dataclass(frozen=True, slots=True)
class _Watch:
    """A running stream: which road, which symbols, and who hears it."""

    road: str
    symbols: frozenset[str]
    tell: Callable[[Any], None]


class FakeMarketSource:
    """A venue in memory.

    `failure`, while set, is raised by every request; `failures` makes that many fail; `delay_s` slows
    them; `asked` lists them. `bars` answers `candles`, `past` answers `history` by kind, symbol, timeframe
    and price. A book that is not in `books` stands around the last price. `push`, `push_perp` and
    `push_bar` stream to whoever watches; `break_stream` ends the running streams with an error.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument] = (),
        tickers: Iterable[Ticker] = (),
        *,
        venue: str = "bybit",
        candles: Candles | None = None,
        perps: Iterable[Instrument] = (),
        perp_tickers: Iterable[PerpTicker] = (),
    ) -> None:
        self._venue = venue
        self.listed = list(instruments)
        self.prices = {ticker.symbol: ticker for ticker in tickers}
        self.bars = candles or some_candles()
        self.past: dict[tuple[MarketKind, str, Timeframe, PriceOf], Candles] = {}
        self.books: dict[tuple[MarketKind, str], Depth] = {}
        self.perps_listed = list(perps)
        self.perp_prices = {ticker.symbol: ticker for ticker in perp_tickers}
        self.settled: list[Funding] = []
        self.failure: Exception | None = None
        self.failures = 0
        self.delay_s = 0.0
        self.asked: list[str] = []
        self.streams: list[frozenset[str]] = []
        self.is_closed = False
        self._watches: dict[asyncio.Future[None], _Watch] = {}

    @property
    def venue(self) -> str:
        return self._venue

    async def instruments(self) -> Sequence[Instrument]:
        await self._answer("instruments")
        return list(self.listed)

    async def tickers(self) -> Mapping[str, Ticker]:
        await self._answer("tickers")
        return dict(self.prices)

    async def candles(self, symbol: str, timeframe: Timeframe, *, limit: int) -> Candles:
        await self._answer(f"candles {symbol} {timeframe} {limit}")
        self._check(symbol, MarketKind.SPOT)
        return self.bars.rows(max(len(self.bars) - limit, 0))

    async def history(
        self,
        symbol: str,
        timeframe: Timeframe,
        *,
        start_ms: int,
        stop_ms: int,
        kind: MarketKind = MarketKind.SPOT,
        price_of: PriceOf = PriceOf.TRADES,
    ) -> Candles:
        await self._answer(f"history {kind} {symbol} {timeframe} {price_of} {start_ms} {stop_ms}")
        self._check(symbol, kind)
        candles = self.past.get((kind, symbol, timeframe, price_of), self.bars.rows(0, 0))
        start, stop = np.searchsorted(candles.time_ms, [start_ms, stop_ms]).tolist()
        return candles.rows(start, min(stop, start + LONGEST_HISTORY))

    async def depth(self, symbol: str, kind: MarketKind, *, levels: int = 50) -> Depth:
        await self._answer(f"depth {kind} {symbol} {levels}")
        self._check(symbol, kind)
        prices: Mapping[str, Ticker | PerpTicker] = (
            self.prices if kind is MarketKind.SPOT else self.perp_prices
        )
        if (book := self.books.get((kind, symbol))) is None:
            book = a_depth(symbol, str(prices[symbol].last), at=prices[symbol].at)
        return Depth(symbol=symbol, bids=book.bids[:levels], asks=book.asks[:levels], at=book.at)

    async def perps(self) -> Sequence[Instrument]:
        await self._answer("perps")
        return list(self.perps_listed)

    async def perp_tickers(self) -> Mapping[str, PerpTicker]:
        await self._answer("perp_tickers")
        return dict(self.perp_prices)

    async def fundings(self, symbol: str, *, since: datetime) -> Sequence[Funding]:
        await self._answer(f"fundings {symbol}")
        self._check(symbol, MarketKind.PERP)
        return [one for one in self.settled if one.symbol == symbol and one.at > since]

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None:
        self.streams.append(frozenset(symbols))
        await self._watch("tickers", symbols, tell)

    async def watch_perps(self, symbols: Collection[str], tell: Callable[[PerpTicker], None]) -> None:
        await self._watch("perps", symbols, tell)

    async def watch_candles(
        self, symbols: Collection[str], timeframe: Timeframe, tell: Callable[[Bar], None]
    ) -> None:
        await self._watch(f"candles {timeframe}", symbols, tell)

    async def server_time(self) -> datetime:
        await self._answer("time")
        return datetime.now(UTC)

    async def close(self) -> None:
        self.is_closed = True
        self.break_stream(Transient("closed"))

    @property
    def watched(self) -> frozenset[str]:
        """Spot symbols whose tickers are streamed right now."""
        return self.watched_on("tickers")

    def watched_on(self, road: str) -> frozenset[str]:
        """Symbols streamed right now on `"tickers"`, `"perps"` or `"candles 5m"`."""
        return frozenset().union(*(watch.symbols for watch in self._watches.values() if watch.road == road))

    def push(self, ticker: Ticker) -> None:
        """Stream a ticker."""
        self._push("tickers", ticker.symbol, ticker)

    def push_perp(self, ticker: PerpTicker) -> None:
        """Stream a perpetual's ticker."""
        self._push("perps", ticker.symbol, ticker)

    def push_bar(self, bar: Bar) -> None:
        """Stream a candle."""
        self._push(f"candles {bar.timeframe}", bar.symbol, bar)

    def break_stream(self, error: Exception) -> None:
        """End the running streams."""
        for broken in list(self._watches):
            if not broken.done():
                broken.set_exception(error)

    def end_stream(self) -> None:
        """Let the running streams return, as no venue should."""
        for broken in list(self._watches):
            if not broken.done():
                broken.set_result(None)

    async def _watch(self, road: str, symbols: Collection[str], tell: Callable[[Any], None]) -> None:
        await self._answer(f"watch {road}")
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watches[broken] = _Watch(road, frozenset(symbols), tell)
        try:
            await broken
        finally:
            del self._watches[broken]

    def _push(self, road: str, symbol: str, news: Any) -> None:
        for watch in list(self._watches.values()):
            if watch.road == road and symbol in watch.symbols:
                watch.tell(news)

    def _check(self, symbol: str, kind: MarketKind) -> None:
        listed = self.listed if kind is MarketKind.SPOT else self.perps_listed
        if all(one.symbol != symbol for one in listed):
            raise Refused("unknown_symbol", text=symbol, near=[])

    async def _answer(self, request: str) -> None:
        self.asked.append(request)
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        if self.failures:
            self.failures -= 1
            raise Transient("a hiccup")
