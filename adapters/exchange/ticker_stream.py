"""Tickers streamed through ccxt.pro.

ccxt wakes its watcher once for a flood of messages, with one symbol; the others are found in
`client.tickers`, so each wake looks through all of them.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from adapters.exchange.dialect import Dialect
from adapters.exchange.fault import translated
from adapters.exchange.race import first_failure
from engines.core.ticker import Ticker
from ports.clock import Clock
from ports.errors import Transient

_TOPICS_A_REQUEST = 10  # Bybit refuses longer subscriptions to spot topics
_LEFTOVERS = 20
_LOOKS_A_SPELL = 4

Tell = Callable[[Ticker], None]


class TickerStream:
    """The stream of one client. Symbols are ccxt's unified ones (`"BTC/USDT"`)."""

    def __init__(self, client: Any, dialect: Dialect, clock: Clock, *, quiet_s: float) -> None:
        self._client = client
        self._dialect = dialect
        self._clock = clock
        self._quiet_s = quiet_s
        self._heard_at = 0.0
        self._subscribed: set[str] = set()

    async def watch(self, symbols: Collection[str], tell: Tell) -> None:
        """Stream until cancelled; raises `Transient` when the stream breaks or falls silent."""
        wanted = sorted(symbols)
        if len(self._subscribed.difference(wanted)) > _LEFTOVERS:
            await self._hang_up()
        self._subscribed.update(wanted)
        self._heard_at = asyncio.get_running_loop().time()
        chunks = [wanted[at : at + _TOPICS_A_REQUEST] for at in range(0, len(wanted), _TOPICS_A_REQUEST)]
        try:
            await first_failure(self._listen_for_silence(), *(self._follow(chunk, tell) for chunk in chunks))
        except Transient:
            await self._hang_up()
            raise

    async def _follow(self, symbols: list[str], tell: Tell) -> None:
        seen = {symbol: self._client.tickers.get(symbol) for symbol in symbols}
        while True:
            with translated(self._dialect.venue):
                await self._client.watch_tickers(symbols)
                news = self._news(seen)
            for ticker in news:
                tell(ticker)

    def _news(self, seen: dict[str, Any]) -> list[Ticker]:
        """Tickers that changed since they were last `seen`, which is brought up to date."""
        changed = [
            (symbol, latest)
            for symbol, known in seen.items()
            if (latest := self._client.tickers.get(symbol)) is not None and latest is not known
        ]
        seen.update(changed)
        if changed:
            self._heard_at = asyncio.get_running_loop().time()
        read = [self._read(latest) for _, latest in changed]
        return [ticker for ticker in read if ticker is not None]

    def _read(self, message: Any) -> Ticker | None:
        at = datetime.fromtimestamp(message["timestamp"] / 1000, UTC)
        return self._dialect.ticker(message["info"], at)

    async def _listen_for_silence(self) -> None:
        """Raise `Transient` when nothing was said for a spell in which the market moved."""
        while True:
            await asyncio.sleep(self._quiet_s / _LOOKS_A_SPELL)
            quiet_s = asyncio.get_running_loop().time() - self._heard_at
            if quiet_s > self._quiet_s and self._clock.speed > 0:
                raise Transient(f"{self._dialect.venue}: no ticker for {quiet_s:.0f} s", kind="silent")

    async def _hang_up(self) -> None:
        """Drop the connection: the next watch dials anew, with nothing subscribed."""
        self._subscribed.clear()
        await self._client.close_ws_clients()
