"""Public market data of a venue through ccxt."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.exchange.dialect import Dialect
from adapters.exchange.fault import translated
from adapters.exchange.listing import candles_of, instruments_of
from adapters.exchange.ticker_stream import TickerStream
from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.clock import Clock
from ports.errors import Refused, Transient

MOST_CANDLES = 1000
"""Longest history in one answer; longer requests get this many."""


class CcxtMarketSource:
    """A `ports.markets.MarketSource` over one ccxt.pro client, which it owns.

    The client must be built with `{"number": str}`. Tickers over REST carry no time of their own; they
    are dated when they were asked for, in market time.
    """

    def __init__(self, client: Any, dialect: Dialect, clock: Clock, *, quiet_s: float = 60.0) -> None:
        self._client = client
        self._dialect = dialect
        self._clock = clock
        self._stream = TickerStream(client, dialect, clock, quiet_s=quiet_s)

    @property
    def venue(self) -> str:
        """Short name of the venue."""
        return self._dialect.venue

    async def instruments(self) -> Sequence[Instrument]:
        """All spot markets that can be traded now."""
        with translated(self.venue):
            found = instruments_of(await self._client.load_markets(True))
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
        unified = await self._unified(symbol)
        with translated(self.venue):
            candles = candles_of(
                await self._client.fetch_ohlcv(unified, timeframe.value, limit=min(limit, MOST_CANDLES))
            )
        if not len(candles):
            raise Transient(f"{self.venue} sent no candles of {symbol}", kind="nonsense")
        return candles.rows(max(len(candles) - limit, 0))

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None:
        """Stream tickers of these symbols to `tell` until cancelled or the stream breaks."""
        await self._stream.watch([await self._unified(symbol) for symbol in symbols], tell)

    async def server_time(self) -> datetime:
        """The venue's own wire clock."""
        with translated(self.venue):
            return datetime.fromtimestamp(await self._client.fetch_time() / 1000, UTC)

    async def close(self) -> None:
        """Release connections. May be called twice."""
        await self._client.close()

    async def _unified(self, symbol: str) -> str:
        """ccxt's own name of a market (`"BTC/USDT"` for `"BTCUSDT"`)."""
        with translated(self.venue):
            await self._client.load_markets()
        for market in self._client.markets_by_id.get(symbol, ()):
            if market["spot"]:
                unified: str = market["symbol"]
                return unified
        raise Refused("unknown_symbol", text=symbol, near=[])
