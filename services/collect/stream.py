"""Keeping the stream of candles up, whatever happens to it."""

import asyncio
from collections.abc import Callable

from engines.core.candle import Bar
from engines.market.plan import FIVE
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from services.collect.options import CollectOptions
from services.market.feed import FeedMeter
from services.market.retry import Backoff


class CandleStream:
    """Streams the markets that `wanted` names, and follows it when it changes."""

    def __init__(
        self,
        source: MarketSource,
        wanted: Callable[[], frozenset[str]],
        tell: Callable[[Bar], None],
        meter: FeedMeter,
        options: CollectOptions,
    ) -> None:
        self._source = source
        self._wanted = wanted
        self._tell = tell
        self._meter = meter
        self._backoff = Backoff(*options.backoff_s)
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """The wanted set may have changed."""
        self._nudged.set()

    async def run(self) -> None:
        """Endless: stream, resubscribe on changes, back off when the stream breaks."""
        while True:
            symbols = self._wanted()
            self._meter.count = len(symbols)
            try:
                await self._follow(symbols)
            except Transient as error:
                await self._lost(error)
            except Refused as error:  # a market vanished, or nothing is streamed at that venue
                await self._lost(Transient(str(error), kind="refused"))

    async def _follow(self, symbols: frozenset[str]) -> None:
        """Stream until the wanted set changes; raises as the stream does when it breaks."""
        stream = asyncio.create_task(self._watch(symbols), name="candle stream")
        try:
            while self._wanted() == symbols:
                await self._nudge_or(stream)
                if stream.done():
                    stream.result()
                    raise Transient("the candle stream ended", kind="silent")
        finally:
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)

    async def _watch(self, symbols: frozenset[str]) -> None:
        if symbols:
            await self._source.watch_candles(symbols, FIVE, self._hear)
        else:
            await asyncio.Event().wait()

    async def _nudge_or(self, stream: "asyncio.Task[None]") -> None:
        nudge = asyncio.create_task(self._nudged.wait())
        try:
            await asyncio.wait({nudge, stream}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nudge.cancel()
        self._nudged.clear()

    async def _lost(self, error: Transient) -> None:
        self._meter.failed(error)
        await self._backoff.wait(error)

    def _hear(self, bar: Bar) -> None:
        self._meter.heard()
        self._backoff.reset()
        self._tell(bar)
