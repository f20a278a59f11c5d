"""What we ask of a venue's public market data."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe


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

    async def server_time(self) -> datetime:
        """The venue's own wire clock, for measuring skew."""
        ...

    async def close(self) -> None:
        """Release connections. May be called twice."""
        ...
