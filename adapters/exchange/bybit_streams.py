"""What of Bybit is streamed: spot tickers and candles over one connection, perpetuals over another."""

from collections.abc import Callable, Collection, Mapping

from adapters.exchange.bybit import CATEGORIES, INTERVALS
from adapters.exchange.bybit_socket import BybitSocket
from engines.core.candle import Bar
from engines.core.instrument import MarketKind
from engines.core.perp import PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.clock import Clock


class BybitStreams:
    """`urls` holds the address of each category's stream by Bybit's name of it (`"spot"`, `"linear"`)."""

    def __init__(self, urls: Mapping[str, str], clock: Clock, *, quiet_s: float) -> None:
        self._sockets = {
            kind: BybitSocket(urls[category], kind, clock, quiet_s=quiet_s)
            for kind, category in CATEGORIES.items()
        }

    async def watch_tickers(self, symbols: Collection[str], tell: Callable[[Ticker], None]) -> None:
        """Stream spot tickers."""
        await self._sockets[MarketKind.SPOT].watch([f"tickers.{symbol}" for symbol in symbols], tell)

    async def watch_perps(self, symbols: Collection[str], tell: Callable[[PerpTicker], None]) -> None:
        """Stream tickers of perpetuals."""
        await self._sockets[MarketKind.PERP].watch([f"tickers.{symbol}" for symbol in symbols], tell)

    async def watch_candles(
        self, symbols: Collection[str], timeframe: Timeframe, tell: Callable[[Bar], None]
    ) -> None:
        """Stream spot candles."""
        topics = [f"kline.{INTERVALS[timeframe]}.{symbol}" for symbol in symbols]
        await self._sockets[MarketKind.SPOT].watch(topics, tell)

    async def close(self) -> None:
        """Hang up. May be called twice."""
        for socket in self._sockets.values():
            await socket.close()
