"""Filling the store as deep as it should be: what people look at first, the rest by and by."""

import asyncio
from collections.abc import Sequence

import structlog

from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.gaps import Span, missing
from engines.market.plan import KEPT, PAGE, depth, without
from ports.candles import CandleStore, Series
from ports.clock import Clock
from ports.errors import Refused, Transient
from services.collect.absence import Absences
from services.collect.counts import Counts
from services.collect.options import CollectOptions
from services.collect.pages import Pages
from services.collect.progress import Pace, Progress
from services.market.retry import Backoff
from services.optional_work import OptionalWork

log = structlog.get_logger()

_COARSE_FIRST = tuple(sorted(KEPT, key=lambda one: one.ms, reverse=True))


class Backfill:
    """Works through the wanted series: coarse frames before fine ones, so that there is soon a picture of
    everything, and big markets before small ones. What the store has is not asked for again, so that it goes
    on wherever it was stopped."""

    def __init__(
        self,
        venue: str,
        store: CandleStore,
        pages: Pages,
        absences: Absences,
        counts: Counts,
        clock: Clock,
        options: CollectOptions,
        work: OptionalWork,
    ) -> None:
        self._venue = venue
        self._optional = work
        self._store = store
        self._pages = pages
        self._absences = absences
        self._counts = counts
        self._options = options
        self._rank: dict[str, int] = {}
        self._preferred: dict[str, None] = {}
        self._due: set[Series] = set()
        self._wanted: set[Series] = set()
        self._left: dict[Series, int] = {}
        self._listed_ms: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._pace = Pace(clock)

    def want(self, symbols: Sequence[str]) -> None:
        """Fill these markets, the most important first, and no others."""
        self._rank = {symbol: place for place, symbol in enumerate(symbols)}
        wanted = {self._series(symbol, timeframe) for symbol in symbols for timeframe in KEPT}
        self._due = self._due & wanted | wanted - self._wanted
        self._wanted = wanted
        self._changed.set()

    def prefer(self, symbol: str) -> None:
        """Somebody looks at that market: fill it before the others."""
        if symbol in self._rank:
            self._preferred.pop(symbol, None)
            self._preferred[symbol] = None

    def is_due(self, series: Series) -> bool:
        """Whether a series has not been filled yet."""
        return series in self._due or series in self._left

    def review(self) -> None:
        """Look for gaps in everything again."""
        self._due = set(self._wanted)
        self._changed.set()

    def progress(self) -> Progress:
        """How far it is."""
        unfinished = self._due | set(self._left)
        left = sum(self._left.get(one, self._pages_at_most(one)) for one in unfinished)
        rates = self._pace.rates() if unfinished else None
        return Progress(
            series=len(self._wanted),
            done=len(self._wanted) - len(unfinished & self._wanted),
            candles=self._counts.filled,
            candles_per_s=rates[1] if rates else None,
            left_s=left / rates[0] if rates else None,
        )

    async def run(self) -> None:
        """Endless: fill what is due."""
        async with asyncio.TaskGroup() as workers:
            for number in range(self._options.backfills):
                workers.create_task(self._work(), name=f"backfill {number + 1}")

    async def _work(self) -> None:
        backoff = Backoff(*self._options.backoff_s)
        while True:
            await self._optional.turn()
            series = self._next()
            if series is None:
                self._changed.clear()
                await self._changed.wait()
                continue
            try:
                await self.fill(series)
            except Transient as error:
                self._due.add(series)
                log.info("backfill_waits", symbol=series.symbol, error=str(error))
                await backoff.wait(error)
            except Refused as error:  # delisted meanwhile
                log.info("backfill_refused", symbol=series.symbol, error=str(error))
            else:
                backoff.reset()
            finally:
                self._left.pop(series, None)

    def _next(self) -> Series | None:
        """Take the most urgent series that is due."""
        if not self._due:
            return None
        last = len(self._preferred)
        order = {symbol: last - place for place, symbol in enumerate(self._preferred)}

        def urgency(series: Series) -> tuple[int, int, int]:
            frame = _COARSE_FIRST.index(series.timeframe)
            return -order.get(series.symbol, 0), frame, self._rank.get(series.symbol, len(self._rank))

        series = min(self._due, key=urgency)
        self._due.remove(series)
        self._left[series] = self._pages_at_most(series)
        return series

    async def fill(self, series: Series) -> None:
        """Fetch what the store lacks of a series, the newest first.

        Raises `Transient` and `Refused` as the venue does; what was fetched until then is kept.
        """
        wanted = depth(series.timeframe, self._pages.now_ms())
        kept = await self._store.between(series, wanted.start_ms, wanted.stop_ms)
        since_listing = wanted if series.timeframe is Timeframe.D1 else self._listed(series, wanted)
        lacking = missing(kept.time_ms, series.timeframe, since_listing)
        todo = without(lacking, self._absences.known(series))
        pages = [page for span in reversed(todo) for page in span.pages(series.timeframe, PAGE)]
        first_ms = int(kept.time_ms[0]) if len(kept) else wanted.stop_ms
        for number, page in enumerate(pages):
            self._left[series] = len(pages) - number
            got = await self._pages.fetch(series, page)
            self._counts.filled += len(got)
            self._pace.add(len(got))
            if len(got):
                first_ms = min(first_ms, int(got.time_ms[0]))
            elif page.stop_ms <= first_ms:
                self._absences.note(series, pages[number + 1 :])
                break
            await asyncio.sleep(self._options.page_pause_s)
        if series.timeframe is Timeframe.D1 and first_ms < wanted.stop_ms:
            self._listed_ms[series.symbol] = first_ms

    def _listed(self, series: Series, wanted: Span) -> Span:
        """Not before the market's first day, where that is known."""
        first_ms = self._listed_ms.get(series.symbol, wanted.start_ms)
        return Span(min(max(wanted.start_ms, first_ms), wanted.stop_ms), wanted.stop_ms)

    def _series(self, symbol: str, timeframe: Timeframe) -> Series:
        return Series(venue=self._venue, kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)

    def _pages_at_most(self, series: Series) -> int:
        return depth(series.timeframe, self._pages.now_ms()).count(series.timeframe) // PAGE + 1
