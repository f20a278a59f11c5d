"""Builders of market data, and a venue in memory."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.errors import Refused, Transient
from tests.build.clock import NOON


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


class FakeMarketSource:
    """A venue in memory.

    `failure`, while set, is raised by every request; `failures` makes that many fail; `delay_s` slows
    them; `asked` lists them. `push` streams a ticker to whoever watches it; `break_stream` ends the
    running streams with an error.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument] = (),
        tickers: Iterable[Ticker] = (),
        *,
        venue: str = "bybit",
        candles: Candles | None = None,
    ) -> None:
        self._venue = venue
        self.listed = list(instruments)
        self.prices = {ticker.symbol: ticker for ticker in tickers}
        self.history = candles or some_candles()
        self.failure: Exception | None = None
        self.failures = 0
        self.delay_s = 0.0
        self.asked: list[str] = []
        self.streams: list[frozenset[str]] = []
        self.is_closed = False
        self._watchers: dict[asyncio.Future[None], tuple[frozenset[str], Callable[[Ticker], None]]] = {}

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
        if all(one.symbol != symbol for one in self.listed):
            raise Refused("unknown_symbol", text=symbol, near=[])
        return self.history.rows(max(len(self.history) - limit, 0))

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None:
        self.streams.append(frozenset(symbols))
        await self._answer("watch")
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watchers[broken] = (frozenset(symbols), tell)
        try:
            await broken
        finally:
            del self._watchers[broken]

    async def server_time(self) -> datetime:
        await self._answer("time")
        return datetime.now(UTC)

    async def close(self) -> None:
        self.is_closed = True
        self.break_stream(Transient("closed"))

    @property
    def watched(self) -> frozenset[str]:
        """Symbols streamed right now."""
        return frozenset().union(*(symbols for symbols, _ in self._watchers.values()))

    def push(self, ticker: Ticker) -> None:
        """Stream a ticker."""
        for symbols, tell in list(self._watchers.values()):
            if ticker.symbol in symbols:
                tell(ticker)

    def break_stream(self, error: Exception) -> None:
        """End the running streams."""
        for broken in list(self._watchers):
            if not broken.done():
                broken.set_exception(error)

    def end_stream(self) -> None:
        """Let the running streams return, as no venue should."""
        for broken in list(self._watchers):
            if not broken.done():
                broken.set_result(None)

    async def _answer(self, request: str) -> None:
        self.asked.append(request)
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        if self.failures:
            self.failures -= 1
            raise Transient("a hiccup")
