"""What we ask of a venue's public market data."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engines.core.candle import Bar, Candles
from engines.core.depth import Depth
from engines.core.instrument import Instrument, MarketKind
from engines.core.perp import Funding, PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe


class PriceOf(StrEnum):
    """Which price candles of a perpetual are made of."""

    TRADES = "trades"
    MARK = "mark"
    INDEX = "index"


class MarketSource(Protocol):
    """Public data of one venue. Every method raises `ports.errors.Transient` when the venue cannot be
    reached or answers nonsense, and `ports.errors.Refused` when it does not know the symbol."""

    @property
    def venue(self) -> str:
        """Short name: `"bybit"`, `"binance"`."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """All markets that can be traded now."""
        ...

    async def tickers(self) -> Mapping[str, Ticker]:
        """Latest ticker of every spot market, by symbol."""
        ...

    async def candles(self, symbol: str, timeframe: Timeframe, *, limit: int) -> Candles:
        """The last `limit` spot candles, fewer where the venue has fewer; the last may be forming."""
        ...

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None:
        """Stream tickers of these symbols to `tell` until cancelled or the stream breaks (`Transient`)."""
        ...

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
        """Candles that open in `[start_ms, stop_ms)`, at most 1000 and then the oldest of them; the last may
        be forming. Empty where the venue has none. Mark and index candles have no volume."""
        ...

    async def depth(self, symbol: str, kind: MarketKind, *, levels: int = 50) -> Depth:
        """The order book."""
        ...

    async def perps(self) -> Sequence[Instrument]:
        """All linear perpetuals in USDT that can be traded now; none where the venue has none."""
        ...

    async def perp_tickers(self) -> Mapping[str, PerpTicker]:
        """Latest ticker of every linear perpetual, by symbol."""
        ...

    async def fundings(self, symbol: str, *, since: datetime) -> Sequence[Funding]:
        """Funding settled after `since`, oldest first."""
        ...

    async def watch_perps(self, symbols: Collection[str], tell: Callable[[PerpTicker], None]) -> None:
        """As `watch_tickers`, for linear perpetuals."""
        ...

    async def watch_candles(
        self, symbols: Collection[str], timeframe: Timeframe, tell: Callable[[Bar], None]
    ) -> None:
        """Stream spot candles, forming and closed, until cancelled or the stream breaks (`Transient`)."""
        ...

    async def server_time(self) -> datetime:
        """The venue's own wire clock, for measuring skew."""
        ...

    async def close(self) -> None:
        """Release connections. May be called twice."""
        ...
