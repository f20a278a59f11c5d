"""A market source that is built when it is first asked: its library takes a while to import."""

import asyncio
import importlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from engines.core.candle import Bar, Candles
from engines.core.depth import Depth
from engines.core.instrument import Instrument, MarketKind
from engines.core.perp import Funding, PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.markets import MarketSource, PriceOf


class DeferredSource:
    """Stands for the source that `build` makes once `library` is imported, away from the event loop."""

    def __init__(
        self, venue: str, build: Callable[[], MarketSource], *, library: str = "adapters.exchange.library"
    ) -> None:
        self.venue = venue
        self._build = build
        self._library = library
        self._source: MarketSource | None = None
        self._building = asyncio.Lock()

    async def instruments(self) -> Sequence[Instrument]:
        return await (await self._ready()).instruments()

    async def tickers(self) -> Mapping[str, Ticker]:
        return await (await self._ready()).tickers()

    async def candles(self, symbol: str, timeframe: Timeframe, *, limit: int) -> Candles:
        return await (await self._ready()).candles(symbol, timeframe, limit=limit)

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None:
        await (await self._ready()).watch_tickers(symbols, tell)

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
        source = await self._ready()
        return await source.history(
            symbol, timeframe, start_ms=start_ms, stop_ms=stop_ms, kind=kind, price_of=price_of
        )

    async def depth(self, symbol: str, kind: MarketKind, *, levels: int = 50) -> Depth:
        return await (await self._ready()).depth(symbol, kind, levels=levels)

    async def perps(self) -> Sequence[Instrument]:
        return await (await self._ready()).perps()

    async def perp_tickers(self) -> Mapping[str, PerpTicker]:
        return await (await self._ready()).perp_tickers()

    async def fundings(self, symbol: str, *, since: datetime) -> Sequence[Funding]:
        return await (await self._ready()).fundings(symbol, since=since)

    async def watch_perps(self, symbols: Collection[str], tell: Callable[[PerpTicker], None]) -> None:
        await (await self._ready()).watch_perps(symbols, tell)

    async def watch_candles(
        self, symbols: Collection[str], timeframe: Timeframe, tell: Callable[[Bar], None]
    ) -> None:
        await (await self._ready()).watch_candles(symbols, timeframe, tell)

    async def server_time(self) -> datetime:
        return await (await self._ready()).server_time()

    async def close(self) -> None:
        if self._source is not None:
            await self._source.close()

    async def _ready(self) -> MarketSource:
        if self._source is None:
            async with self._building:
                if self._source is None:
                    await asyncio.to_thread(importlib.import_module, self._library)
                    self._source = self._build()
        return self._source
