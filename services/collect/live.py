"""Candles as they close: heard on the stream, added up to coarser ones, and fetched where one is missing."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

import structlog

from engines.core.candle import Bar, Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between
from engines.market.derive import completed
from engines.market.flaws import flaws
from engines.market.gaps import Span
from engines.market.plan import COARSE, FIVE, KEPT, PAGE, depth
from ports.candles import CandleStore, Series
from ports.clock import Clock
from ports.errors import Refused, Transient
from services.collect.absence import Absences
from services.collect.counts import Counts
from services.collect.options import CollectOptions
from services.collect.pages import Pages
from services.collect.shelf import Shelf
from services.collect.track import Track
from services.market.ring import Rings, candle_of

log = structlog.get_logger()

_SET_BACK_MS = Timeframe.H1.ms


class Live:
    """The markets that are followed now. Every way on which a candle can come ends in the same place, and
    what a `Track` misses is asked for, whatever the reason: a lost message, a silent socket, a jump of the
    clock, a restart."""

    def __init__(
        self,
        venue: str,
        store: CandleStore,
        rings: Rings,
        shelf: Shelf,
        pages: Pages,
        absences: Absences,
        counts: Counts,
        clock: Clock,
        options: CollectOptions,
    ) -> None:
        self._venue = venue
        self._store = store
        self._rings = rings
        self._shelf = shelf
        self._pages = pages
        self._absences = absences
        self._counts = counts
        self._clock = clock
        self._options = options
        self._tracks: dict[str, dict[Timeframe, Track]] = {}
        self._closed_at: dict[str, datetime] = {}
        self._tries: dict[str, tuple[float, datetime]] = {}
        self.listeners: list[Callable[[Bar], None]] = []
        """Hear every telling of a five-minute candle of these markets; must be quick."""

    @property
    def symbols(self) -> frozenset[str]:
        """Markets that are followed."""
        return frozenset(self._tracks)

    async def follow(self, symbols: Collection[str]) -> None:
        """Follow exactly these markets; what the store has of new ones is read first.

        Raises `Transient` when the store is in trouble.
        """
        for symbol in self._tracks.copy():
            if symbol not in symbols or self._is_ahead(symbol):
                self._let_go(symbol)
        for symbol in symbols:
            if symbol not in self._tracks:
                self._tracks[symbol] = {one: await self._open(symbol, one) for one in KEPT}

    def hear(self, bar: Bar) -> None:
        """Take a candle of the stream: forming or closed, in any order, any number of times."""
        tracks = self._tracks.get(bar.symbol)
        if tracks is None or bar.timeframe is not FIVE or bar.kind is not MarketKind.SPOT:
            return
        self._counts.messages += 1
        series = self.series(bar.symbol, FIVE)
        if not bar.is_closed:
            self._rings.open(series).form(bar)
            self._tell(bar)
            return
        candle = candle_of(bar)
        if flaws(candle, FIVE):
            self._counts.unsound += 1
            return
        self._tell(bar)
        self._closed_at[bar.symbol] = self._clock.wire_now()
        if not self._is_known(series, candle):
            self._counts.closed += 1
            self._shelf.put(series, candle)
            self._closed(bar.symbol, candle.time_ms.tolist())

    def _tell(self, bar: Bar) -> None:
        for tell in self.listeners:
            tell(bar)

    def missing(self, symbol: str, timeframe: Timeframe) -> list[Span]:
        """Candles that should be there by now and are not."""
        stop_ms = timeframe.floor(self._pages.now_ms() - self._grace_ms())
        return self._tracks[symbol][timeframe].missing(stop_ms)

    async def sweep(self) -> None:
        """Fetch what is missing, of several markets at a time."""
        turns = asyncio.Semaphore(self._options.repairs)

        async def take_turn(symbol: str) -> None:
            async with turns:
                await self._repair(symbol)

        behind = [symbol for symbol in self._tracks if self._is_broken(symbol)]
        async with asyncio.TaskGroup() as group:
            for symbol in behind:
                group.create_task(take_turn(symbol), name=f"repair {symbol}")

    def series(self, symbol: str, timeframe: Timeframe) -> Series:
        """The name of that series."""
        return Series(venue=self._venue, kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)

    def _is_ahead(self, symbol: str) -> bool:
        """Whether the clock was set back behind what was closed already."""
        return self._tracks[symbol][FIVE].next_ms > self._pages.now_ms() + _SET_BACK_MS

    def _let_go(self, symbol: str) -> None:
        del self._tracks[symbol]
        for timeframe in KEPT:
            self._rings.drop(self.series(symbol, timeframe))

    async def _open(self, symbol: str, timeframe: Timeframe) -> Track:
        """Warm the ring from the store; the track goes on behind the last candle there. Candles of the
        future, such as a wrong clock or a wrong file may have left, are not looked at."""
        ring = self._rings.open(self.series(symbol, timeframe))
        wanted = depth(timeframe, self._pages.now_ms())
        ring.take(await self._store.last(self.series(symbol, timeframe), PAGE, before_ms=wanted.stop_ms))
        last_ms = ring.last_ms
        return Track(
            timeframe, wanted.stop_ms if last_ms is None else max(last_ms + timeframe.ms, wanted.start_ms)
        )

    def _is_known(self, series: Series, candle: Candles) -> bool:
        """Whether we have it already; another one with the same time is a revision, which counts."""
        ring = self._rings.open(series)
        at_ms = int(candle.time_ms[0])
        known = between(ring.closed(), at_ms, at_ms + 1)
        if not len(known):
            return False
        is_same = all(
            getattr(known, name)[0] == getattr(candle, name)[0]
            for name in ("open", "high", "low", "close", "volume")
        )
        if is_same:
            self._counts.repeated += 1
        else:
            self._counts.revised += 1
        return is_same

    def _closed(self, symbol: str, times_ms: Iterable[int]) -> None:
        """Five-minute candles are on the shelf: go on from there, and add them up."""
        times = list(times_ms)
        if not times:
            return
        track = self._tracks[symbol][FIVE]
        from_ms = min(times[0], track.next_ms)
        track.close(times)
        parts = self._rings.open(self.series(symbol, FIVE)).closed()
        for whole in COARSE:
            start_ms, stop_ms = whole.floor(from_ms), whole.floor(track.next_ms)
            if start_ms < stop_ms:
                self._add_up(symbol, whole, between(parts, start_ms, stop_ms))

    def _add_up(self, symbol: str, whole: Timeframe, parts: Candles) -> None:
        made = completed(parts, FIVE, whole)
        if len(made):
            self._counts.derived += len(made)
            self._shelf.put(self.series(symbol, whole), made)
            self._tracks[symbol][whole].close(made.time_ms.tolist())

    def _is_broken(self, symbol: str) -> bool:
        """Whether something is missing that the stream is not just about to bring, and not just asked for."""
        if not any(self.missing(symbol, timeframe) for timeframe in KEPT):
            self._tries.pop(symbol, None)
            return False
        if symbol in self._tries and self._clock.wire_now() < self._tries[symbol][1]:
            return False
        if not self.missing(symbol, FIVE) or self._tracks[symbol][FIVE].has_holes:
            return True
        closed_at = self._closed_at.get(symbol)
        if closed_at is None:
            return True
        return (self._clock.wire_now() - closed_at).total_seconds() >= self._options.grace_s

    async def _repair(self, symbol: str) -> None:
        if symbol not in self._tracks:  # let go while others were repaired
            return
        first_s, longest_s = self._options.backoff_s
        pause_s = min(2 * self._tries[symbol][0], longest_s) if symbol in self._tries else first_s
        self._tries[symbol] = pause_s, self._clock.wire_now() + timedelta(seconds=pause_s)
        try:
            for timeframe in KEPT:
                await self._fill(symbol, timeframe)
        except (Transient, Refused) as error:
            log.warning("candles_not_repaired", symbol=symbol, error=str(error))

    async def _fill(self, symbol: str, timeframe: Timeframe) -> None:
        series = self.series(symbol, timeframe)
        for span in self.missing(symbol, timeframe) if symbol in self._tracks else ():
            for page in reversed(list(span.pages(timeframe, PAGE))):
                got = await self._pages.fetch(series, page)
                if symbol not in self._tracks:  # let go meanwhile
                    return
                self._counts.repaired += len(got)
                track = self._tracks[symbol][timeframe]
                if timeframe is FIVE:
                    self._closed(symbol, got.time_ms.tolist())
                else:
                    track.close(got.time_ms.tolist())
                track.skip(self._absences.known(series))

    def _grace_ms(self) -> int:
        return round(self._options.grace_s * 1000 * self._clock.speed)
