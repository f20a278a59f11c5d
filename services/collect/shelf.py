"""Where closed candles go: into memory at once, onto the disk in the next write."""

import asyncio
from collections.abc import Callable
from functools import reduce

import structlog

from engines.core.candle import Candles
from engines.market.aggregation import overlay
from ports.candles import CandleStore, Series
from ports.errors import Transient
from services.collect.counts import Counts
from services.collect.options import CollectOptions
from services.market.retry import Backoff
from services.market.ring import Rings

log = structlog.get_logger()


class Shelf:
    """Rings and the store under them. What the store could not take stays here and is offered again."""

    def __init__(self, store: CandleStore, rings: Rings, counts: Counts, options: CollectOptions) -> None:
        self._store = store
        self._rings = rings
        self._counts = counts
        self._options = options
        self._waiting: dict[Series, list[Candles]] = {}
        self._arrived = asyncio.Event()
        self.listeners: list[Callable[[Series, Candles], None]] = []
        """Hear of closed candles once they are in their ring, on whatever way they came; must be quick."""

    @property
    def waiting(self) -> int:
        """Series with candles that are not on the disk yet."""
        return len(self._waiting)

    def put(self, series: Series, candles: Candles) -> None:
        """Take candles that were heard; `run` writes them."""
        self._remember(series, candles)
        self._waiting.setdefault(series, []).append(candles)
        self._arrived.set()

    async def keep(self, series: Series, candles: Candles) -> None:
        """Write candles that were fetched. Raises `Transient` when the store is in trouble."""
        if len(candles):
            self._counts.stored += await self._store.upsert(series, candles)
            self._remember(series, candles)

    async def run(self) -> None:
        """Endless: write what arrives, together what arrives together."""
        backoff = Backoff(*self._options.backoff_s)
        while True:
            await self._arrived.wait()
            try:
                await self.flush()
            except Transient as error:
                log.warning("candles_not_written", series=self.waiting, error=str(error))
                await backoff.wait(error)
            else:
                backoff.reset()
                await asyncio.sleep(self._options.write_pause_s)

    async def flush(self) -> None:
        """Write everything that waits. Raises `Transient`, and keeps what is not written yet."""
        self._arrived.clear()
        while self._waiting:
            series, parts = next(iter(self._waiting.items()))
            del self._waiting[series]
            try:
                self._counts.stored += await self._store.upsert(series, _joined(parts))
            except BaseException:
                self._waiting[series] = parts + self._waiting.get(series, [])
                self._arrived.set()
                raise

    def _remember(self, series: Series, candles: Candles) -> None:
        ring = self._rings.get(series)
        if ring is not None:
            ring.take(candles)
            for hear in self.listeners:
                hear(series, candles)


def _joined(parts: list[Candles]) -> Candles:
    """As one series; the later part wins."""
    return reduce(lambda earlier, later: overlay(later, earlier), parts)
