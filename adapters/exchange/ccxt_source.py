"""Public market data of a venue through ccxt."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np

from adapters.exchange.dialect import Dialect, Page
from adapters.exchange.fault import translated
from adapters.exchange.listing import candles_of, instruments_of, kind_of
from adapters.exchange.ticker_stream import TickerStream
from engines.core.candle import Bar, Candles
from engines.core.depth import Depth
from engines.core.instrument import Instrument, MarketKind
from engines.core.perp import Funding, PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import PriceOf

MOST_CANDLES = 1000
"""Longest history in one answer; longer requests get this many."""


class Streams(Protocol):
    """Streams of a venue that ccxt is too slow for. Methods as those of `ports.markets.MarketSource`."""

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None: ...

    async def watch_perps(self, symbols: Collection[str], tell: Callable[[PerpTicker], None]) -> None: ...

    async def watch_candles(
        self, symbols: Collection[str], timeframe: Timeframe, tell: Callable[[Bar], None]
    ) -> None: ...

    async def close(self) -> None: ...


class CcxtMarketSource:
    """A `ports.markets.MarketSource` over one ccxt.pro client, which it owns.

    The client must be built with `{"number": str}`. Tickers over REST carry no time of their own; they
    are dated when they were asked for, in market time. `streams` replaces ccxt's, which know tickers only
    and are slow.
    """

    def __init__(
        self,
        client: Any,
        dialect: Dialect,
        clock: Clock,
        *,
        quiet_s: float = 60.0,
        streams: Streams | None = None,
    ) -> None:
        self._client = client
        self._dialect = dialect
        self._clock = clock
        self._stream = TickerStream(client, dialect, clock, quiet_s=quiet_s)
        self._streams = streams

    @property
    def venue(self) -> str:
        """Short name of the venue."""
        return self._dialect.venue

    async def instruments(self) -> Sequence[Instrument]:
        """All spot markets that can be traded now."""
        with translated(self.venue):
            found = instruments_of(await self._listing(is_anew=True), MarketKind.SPOT)
        if not found:
            raise Transient(f"{self.venue} lists no markets", kind="nonsense")
        return found

    async def tickers(self) -> Mapping[str, Ticker]:
        """Latest ticker of every spot market that ever traded, by symbol."""
        asked_at = self._clock.now()
        with translated(self.venue):
            rows = await self._dialect.rows(self._client)
            read = [self._dialect.ticker(row, asked_at) for row in rows]
        found = {ticker.symbol: ticker for ticker in read if ticker is not None}
        if not found:
            raise Transient(f"{self.venue} sent no tickers", kind="nonsense")
        return found

    async def candles(self, symbol: str, timeframe: Timeframe, *, limit: int) -> Candles:
        """The last `limit` candles, at most `MOST_CANDLES`; the last may be forming."""
        unified = await self._unified(symbol, MarketKind.SPOT)
        with translated(self.venue):
            candles = candles_of(
                await self._client.fetch_ohlcv(unified, timeframe.value, limit=min(limit, MOST_CANDLES))
            )
        if not len(candles):
            raise Transient(f"{self.venue} sent no candles of {symbol}", kind="nonsense")
        return candles.rows(max(len(candles) - limit, 0))

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None:
        """Stream tickers of these symbols to `tell` until cancelled or the stream breaks."""
        unified = [await self._unified(symbol, MarketKind.SPOT) for symbol in symbols]
        if self._streams is None:
            await self._stream.watch(unified, tell)
        else:
            await self._streams.watch_tickers(symbols, tell)

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
        """Candles that open in `[start_ms, stop_ms)`, at most `MOST_CANDLES` and then the oldest of them."""
        await self._unified(symbol, kind)
        first_ms = -(-start_ms // timeframe.ms) * timeframe.ms
        limit = min(-(-(stop_ms - first_ms) // timeframe.ms), MOST_CANDLES)
        page = Page(
            symbol=symbol,
            kind=kind,
            price_of=price_of,
            timeframe=timeframe,
            start_ms=first_ms,
            limit=max(limit, 1),
        )
        with translated(self.venue):
            candles = candles_of(await self._dialect.candle_rows(self._client, page))
        start, stop = np.searchsorted(candles.time_ms, (first_ms, stop_ms)).tolist()
        return candles.rows(start, stop)

    async def depth(self, symbol: str, kind: MarketKind, *, levels: int = 50) -> Depth:
        """The order book, as deep as asked or as the venue tells."""
        await self._unified(symbol, kind)
        asked_at = self._clock.now()
        with translated(self.venue):
            return await self._dialect.depth(self._client, symbol, kind, levels, asked_at)

    async def perps(self) -> Sequence[Instrument]:
        """All linear perpetuals in USDT that can be traded now."""
        with translated(self.venue):
            return instruments_of(await self._listing(is_anew=True), MarketKind.PERP)

    async def perp_tickers(self) -> Mapping[str, PerpTicker]:
        """Latest ticker of every linear perpetual that has a price, by symbol."""
        asked_at = self._clock.now()
        with translated(self.venue):
            rows = await self._dialect.perp_rows(self._client)
            read = [self._dialect.perp_ticker(row, asked_at) for row in rows]
        return {ticker.symbol: ticker for ticker in read if ticker is not None}

    async def fundings(self, symbol: str, *, since: datetime) -> Sequence[Funding]:
        """Funding settled after `since`, oldest first."""
        await self._unified(symbol, MarketKind.PERP)
        with translated(self.venue):
            found = await self._dialect.fundings(self._client, symbol, since)
        return sorted(found, key=lambda one: one.at)

    async def watch_perps(self, symbols: Collection[str], tell: Callable[[PerpTicker], None]) -> None:
        """As `watch_tickers`, for linear perpetuals."""
        for symbol in symbols:
            await self._unified(symbol, MarketKind.PERP)
        await self._own_streams().watch_perps(symbols, tell)

    async def watch_candles(
        self, symbols: Collection[str], timeframe: Timeframe, tell: Callable[[Bar], None]
    ) -> None:
        """Stream spot candles, forming and closed, until cancelled or the stream breaks."""
        for symbol in symbols:
            await self._unified(symbol, MarketKind.SPOT)
        await self._own_streams().watch_candles(symbols, timeframe, tell)

    async def server_time(self) -> datetime:
        """The venue's own wire clock."""
        with translated(self.venue):
            return datetime.fromtimestamp(await self._client.fetch_time() / 1000, UTC)

    async def close(self) -> None:
        """Release connections. May be called twice."""
        if self._streams is not None:
            await self._streams.close()
        await self._client.close()

    def _own_streams(self) -> Streams:
        if self._streams is None:
            raise Transient(f"{self.venue}: only tickers are streamed there", kind="refused")
        return self._streams

    async def _listing(self, *, is_anew: bool) -> Mapping[str, Mapping[str, Any]]:
        """All markets. Who asks at the same time shares one request of ccxt's, and one who gives up must not
        take it from the others."""
        markets: Mapping[str, Mapping[str, Any]] = await asyncio.shield(self._client.load_markets(is_anew))
        return markets

    async def _unified(self, symbol: str, kind: MarketKind) -> str:
        """ccxt's own name of a market: for `"BTCUSDT"` it is `"BTC/USDT"` or `"BTC/USDT:USDT"`."""
        if not self._client.markets:  # a list that is being read anew holds up nobody who has the old one
            with translated(self.venue):
                await self._listing(is_anew=False)
        for market in self._client.markets_by_id.get(symbol, ()):
            if kind_of(market) is kind:
                unified: str = market["symbol"]
                return unified
        raise Refused("unknown_symbol", text=symbol, near=[])
