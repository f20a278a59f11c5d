"""Candles of many markets, gap-free and with a known age: collected, checked, kept and forgotten."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from engines.core.candle import Bar, Candles
from engines.core.timeframe import Timeframe
from engines.market.plan import COARSE, FIVE, KEPT, forgotten_before
from ports.candles import CandleStore, Series
from ports.clock import Clock
from ports.errors import Transient
from ports.health import FeedHealth
from ports.markets import MarketSource
from services.collect.absence import Absences
from services.collect.audit import Audit
from services.collect.backfill import Backfill
from services.collect.counts import Counts
from services.collect.interval import Interval
from services.collect.live import Live
from services.collect.options import CollectOptions
from services.collect.pages import Pages
from services.collect.progress import Progress
from services.collect.shelf import Shelf
from services.market.feed import FeedMeter
from services.market.options import MarketOptions
from services.market.retry import Backoff
from services.market.ring import Rings
from services.market.stream import KeptStream
from services.markets import Markets
from services.optional_work import OptionalWork

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What the desk has of candles. `missing` should be there by now and are not; `filling` is how far the
    store is from its full depth."""

    markets: int
    series: int
    candles: int
    size_bytes: int
    missing: int
    waiting: int
    filling: Progress
    counts: Counts


class Collector:
    """Keeps the candles of the most traded markets, and of those that people watch and trade.

    `run` is endless; the caller supervises it. `heartbeat`, `audit` and `retain` are for a scheduler.
    """

    def __init__(
        self,
        source: MarketSource,
        markets: Markets,
        store: CandleStore,
        rings: Rings,
        clock: Clock,
        options: CollectOptions | None = None,
        work: OptionalWork | None = None,
    ) -> None:
        self._options = options = options or CollectOptions()
        self._markets = markets
        self._store = store
        self.counts = counts = Counts()
        self._told = Counts()
        self._shelf = Shelf(store, rings, counts, options)
        absences = Absences(clock, believed_s=options.absent_s)
        pages = Pages(source, self._shelf, absences, counts, clock, options)
        self._now_ms = pages.now_ms
        self._live = Live(source.venue, store, rings, self._shelf, pages, absences, counts, clock, options)
        self._backfill = Backfill(
            source.venue, store, pages, absences, counts, clock, options, work or OptionalWork()
        )
        self._audit = Audit(source, store, self._shelf, self._lot, counts, clock, options)
        self._meter = FeedMeter(
            f"{source.venue}_candles", clock, quiet_after_s=options.quiet_s, well="streaming"
        )
        self._stream = KeptStream[Bar](
            lambda symbols, tell: source.watch_candles(symbols, FIVE, tell),
            lambda: self._live.symbols,
            self._live.hear,
            self._meter,
            MarketOptions(backoff_s=options.backoff_s),
        )
        self._leaders: Sequence[str] = ()
        self._ranking = Interval(clock, every_s=options.ranking_s)
        self._auditing = Interval(clock, every_s=options.audit_every_s)
        self._audits = 0
        markets.listen_asked(self._backfill.prefer)

    async def run(self) -> None:
        """Endless: follow, write, repair and fill. Begins when the first answers to people are out."""
        await asyncio.sleep(self._options.begin_after_s)
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._shelf.run(), name="candle writer")
            loops.create_task(self._choose(), name="candle markets")
            loops.create_task(self._stream.run(), name="candle stream keeper")
            loops.create_task(self._sweep(), name="candle repair")
            loops.create_task(self._backfill.run(), name="candle backfill")

    async def close(self) -> None:
        """Write what has been heard; what cannot be written will be fetched again."""
        try:
            await self._shelf.flush()
        except Transient as error:
            log.warning("candles_not_written", series=self._shelf.waiting, error=str(error))

    @property
    def symbols(self) -> frozenset[str]:
        """Markets that are collected now."""
        return self._live.symbols

    def listen(
        self, *, closed: Callable[[Series, Candles], None], told: Callable[[Bar], None] | None = None
    ) -> None:
        """Call `closed` with candles of every timeframe once they are in memory, and `told` with every
        telling of a five-minute candle, forming or closed; on the event loop, they must be quick."""
        self._shelf.listeners.append(closed)
        if told is not None:
            self._live.listeners.append(told)

    def feeds(self) -> Sequence[FeedHealth]:
        """State of the stream; nothing while no market is followed."""
        return [self._meter.health()] if self._live.symbols else []

    def prefer(self, symbol: str) -> None:
        """Somebody waits for that market's history: fill it before the others."""
        self._backfill.prefer(symbol)

    def is_filling(self, symbol: str, timeframe: Timeframe) -> bool:
        """Whether more of that series is about to come, or nobody can say yet."""
        is_beginning = self._options.markets > 0 and self.filling.series == 0
        return is_beginning or self._backfill.is_due(self._live.series(symbol, timeframe))

    @property
    def filling(self) -> Progress:
        """How far the store is from its full depth."""
        return self._backfill.progress()

    async def summary(self) -> Collection:
        """Numbers for `/status`. Raises `Transient` when the store is in trouble."""
        coverage = await self._store.coverage()
        return Collection(
            markets=len(self._live.symbols),
            series=len(coverage),
            candles=sum(one.count for one in coverage),
            size_bytes=await self._store.size_bytes(),
            missing=sum(
                span.count(timeframe)
                for symbol in self._live.symbols
                for timeframe in KEPT
                for span in self._live.missing(symbol, timeframe)
            ),
            waiting=self._shelf.waiting,
            filling=self.filling,
            counts=self.counts,
        )

    async def heartbeat(self) -> None:
        """Say in the log what was done since the last time."""
        news = self.counts.since(self._told)
        self._told = replace(self.counts)
        filling = self.filling
        feed = self._meter.health()
        log.info(
            "candles",
            markets=len(self._live.symbols),
            feed=feed.code,
            breaks=feed.params["breaks"],
            delay_p99_ms=feed.params.get("delay_p99_ms"),
            waiting=self._shelf.waiting,
            filled=f"{filling.done}/{filling.series}",
            **{name: count for name, count in news.items() if name != "filled"},
        )

    async def audit(self) -> None:
        """Look for gaps in all that is kept, and compare what was added up with the venue's own: each time
        another timeframe, all of them in four audits."""
        if not self._auditing.is_due:
            return
        self._auditing.done()
        self._backfill.review()
        frame = COARSE[self._audits % len(COARSE)]
        self._audits += 1
        await self._audit.run([self._live.series(symbol, frame) for symbol in self._live.symbols])

    async def retain(self) -> int:
        """Throw away candles that are older than they are kept; how many. Raises `Transient`.

        What we do not collect was imported by somebody, and stays.
        """
        gone = 0
        now_ms = self._now_ms()
        for one in await self._store.coverage():
            if one.series != self._live.series(one.series.symbol, one.series.timeframe):
                continue
            before_ms = forgotten_before(one.series.timeframe, now_ms)
            if before_ms is not None and one.first_ms < before_ms:
                gone += await self._store.forget_before(one.series, before_ms)
        if gone:
            log.info("candles_forgotten", count=gone)
        return gone

    def _lot(self, symbol: str) -> float:
        instrument = self._markets.instrument(symbol)
        return float(instrument.lot) if instrument is not None else 0.0

    async def _choose(self) -> None:
        """Keep to the markets that are to be collected."""
        backoff = Backoff(*self._options.backoff_s)
        while True:
            symbols = self._wanted()
            try:
                await self._live.follow(symbols)
            except Transient as error:
                log.warning("candles_not_read", error=str(error))
                await backoff.wait(error)
                continue
            backoff.reset()
            self._stream.nudge()
            self._backfill.want(symbols)
            await asyncio.sleep(self._options.review_s if symbols else self._options.look_s)

    def _wanted(self) -> Sequence[str]:
        """The most traded markets, and behind them those kept for a reason."""
        if self._ranking.is_due:
            quotes = self._markets.top(self._options.markets, "turnover")
            self._leaders = [
                one.ticker.symbol
                for one in quotes
                if (one.ticker.turnover_24h or 0) >= self._options.min_turnover
            ]
            if quotes:
                self._ranking.done()
        return [*self._leaders, *sorted(self._markets.kept.difference(self._leaders))]

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._options.sweep_s)
            repaired = self.counts.repaired
            await self._live.sweep()
            self._meter.lost(self.counts.repaired - repaired)
