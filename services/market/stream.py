"""Keeping a stream up, whatever happens to it."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from ports.errors import Refused, Transient
from services.market.feed import FeedMeter
from services.market.options import MarketOptions
from services.market.retry import Backoff


class Dated(Protocol):
    """News with the market time of its event."""

    @property
    def at(self) -> datetime: ...


T = TypeVar("T", bound=Dated)


class KeptStream(Generic[T]):
    """Streams the markets that `wanted` names, and follows it when it changes.

    `watch` streams them to whom it is given until it is cancelled or breaks.
    """

    def __init__(
        self,
        watch: Callable[[frozenset[str], Callable[[T], None]], Coroutine[Any, Any, None]],
        wanted: Callable[[], frozenset[str]],
        tell: Callable[[T], None],
        meter: FeedMeter,
        options: MarketOptions,
    ) -> None:
        self._watch = watch
        self._wanted = wanted
        self._tell = tell
        self._meter = meter
        self._review_s = options.stream_review_s
        self._backoff = Backoff(*options.backoff_s)
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Look at the wanted set soon."""
        self._nudged.set()

    async def run(self) -> None:
        """Endless: stream, resubscribe on changes, back off when the stream breaks."""
        while True:
            symbols = self._wanted()
            self._meter.count = len(symbols)
            if not symbols:
                await self._changed()
                continue
            try:
                await self._follow(symbols)
            except Transient as error:
                await self._lost(error)
            except Refused as error:  # a market vanished between two looks at the list
                await self._lost(Transient(str(error), kind="refused"))

    async def _follow(self, symbols: frozenset[str]) -> None:
        """Stream until the wanted set changes; raises `Transient` when the stream breaks."""
        stream = asyncio.create_task(self._watch(symbols, self._hear), name="stream")
        try:
            while not stream.done():
                await self._changed(stream)
                if self._wanted() != symbols:
                    break
            else:
                stream.result()
                raise Transient("the stream ended", kind="silent")
        finally:
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)

    async def _lost(self, error: Transient) -> None:
        self._meter.failed(error)
        await self._backoff.wait(error)

    async def _changed(self, *until: asyncio.Task[None]) -> None:
        """Wait for a nudge, the next review, or the end of a task."""
        nudge = asyncio.create_task(self._nudged.wait())
        try:
            await asyncio.wait({nudge, *until}, timeout=self._review_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nudge.cancel()
        self._nudged.clear()

    def _hear(self, news: T) -> None:
        self._meter.heard(news.at)
        self._backoff.reset()
        self._tell(news)
