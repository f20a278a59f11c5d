"""Comparing the candles that we added up with the venue's own."""

from collections.abc import Callable, Sequence

import structlog

from engines.market.derive import differing
from engines.market.plan import FIVE
from ports.candles import CandleStore, Series
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from services.collect.counts import Counts
from services.collect.options import CollectOptions
from services.collect.shelf import Shelf

log = structlog.get_logger()


class Audit:
    """Where the two differ the venue is right, and the difference is counted and logged. Volumes are sums
    of rounded numbers: they may be a `lot` off for each part."""

    def __init__(
        self,
        source: MarketSource,
        store: CandleStore,
        shelf: Shelf,
        lot: Callable[[str], float],
        counts: Counts,
        clock: Clock,
        options: CollectOptions,
    ) -> None:
        self._source = source
        self._store = store
        self._shelf = shelf
        self._lot = lot
        self._counts = counts
        self._clock = clock
        self._options = options

    async def run(self, series: Sequence[Series]) -> None:
        """Compare the last candles of each series; a venue that does not answer ends it for this time."""
        try:
            for one in series:
                await self._compare(one)
        except Transient as error:
            log.warning("audit_ended", error=str(error))

    async def _compare(self, series: Series) -> None:
        now_ms = int(self._clock.now().timestamp() * 1000)
        try:
            answer = await self._source.candles(series.symbol, series.timeframe, limit=self._options.audited)
        except Refused as error:  # delisted meanwhile
            log.info("audit_refused", symbol=series.symbol, error=str(error))
            return
        theirs = answer.closed_before(now_ms, series.timeframe.ms)
        if not len(theirs):
            return
        await self._shelf.flush()
        ours = await self._store.between(series, int(theirs.time_ms[0]), int(theirs.time_ms[-1]) + 1)
        parts = series.timeframe.ms // FIVE.ms
        wrong = differing(ours, theirs, volume_slack=parts * self._lot(series.symbol))
        self._counts.audited += len(ours)
        if len(wrong):
            self._counts.differing += len(wrong)
            log.warning(
                "candles_differ",
                symbol=series.symbol,
                timeframe=series.timeframe.value,
                count=len(wrong),
                first_ms=int(wrong.time_ms[0]),
            )
            await self._shelf.keep(series, wrong)
