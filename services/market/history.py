"""Candles as they are asked for: from memory while that is current, else from the store and the venue."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain, overlay
from engines.market.derive import forming
from ports.candles import CandleStore, Series
from ports.clock import Clock
from ports.errors import Transient
from ports.markets import MarketSource
from services.market.flight import SharedFlights
from services.market.options import MarketOptions
from services.market.retry import retried
from services.market.ring import Rings

_PARTS = Timeframe.M5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    candles: Candles
    limit: int
    bar_ms: int
    fetched_at: datetime


class History:
    """Spot candles of one venue, up to the one that is forming.

    Rings answer while their stream speaks. Otherwise the store gives what has closed and the venue the
    rest, which is remembered for a moment; pages least recently used go first. What has a hole, or an end
    that is not now, is never shown.
    """

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        options: MarketOptions,
        rings: Rings | None = None,
        store: CandleStore | None = None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._options = options
        self._rings = Rings() if rings is None else rings
        self._store = store
        self._pages: OrderedDict[tuple[str, Timeframe], _Page] = OrderedDict()
        self._flights: SharedFlights[tuple[str, Timeframe, int], Candles] = SharedFlights()

    async def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        """The last `limit` candles. Raises `Transient` or `Refused` as the venue does."""
        hot = self._hot(symbol, timeframe, limit)
        if hot is not None:
            return hot
        page = self._pages.get((symbol, timeframe))
        if page is not None and self._is_current(page, timeframe, limit):
            self._pages.move_to_end((symbol, timeframe))
            return _last(page.candles, limit)
        return await self._flights.share(
            (symbol, timeframe, limit), lambda: self._fetch(symbol, timeframe, limit)
        )

    async def close(self) -> None:
        """Give up requests under way."""
        await self._flights.close()

    def _hot(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles | None:
        """What the rings have, while their stream has just spoken and nothing is missing."""
        parts = self._rings.get(self._series(symbol, _PARTS))
        if parts is None or parts.forming is None:
            return None
        if self._clock.age_s(parts.forming.at) > self._options.forming_refresh_s:
            return None
        if timeframe is _PARTS:
            candles = parts.whole()
        else:
            ring = self._rings.get(self._series(symbol, timeframe))
            if ring is None:
                return None
            candles = chain([ring.closed(), forming(parts.whole(), _PARTS, timeframe, self._now_ms())])
        return _last(candles, limit) if self._reaches(candles, timeframe, limit) else None

    async def _fetch(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        bar_ms = timeframe.floor(self._now_ms())
        candles = await self._from_store(symbol, timeframe, limit)
        if candles is None:
            candles = await self._from_venue(symbol, timeframe, limit)
        self._pages[symbol, timeframe] = _Page(
            candles=candles, limit=limit, bar_ms=bar_ms, fetched_at=self._clock.wire_now()
        )
        self._pages.move_to_end((symbol, timeframe))
        while len(self._pages) > self._options.cached_charts:
            self._pages.popitem(last=False)
        return _last(candles, limit)

    async def _from_store(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles | None:
        """Closed candles of the store with the venue's newest behind them; `None` unless that is whole."""
        kept = await self._kept(symbol, timeframe, limit)
        if kept is None or not len(kept):
            return None
        newer = (timeframe.floor(self._now_ms()) - int(kept.time_ms[-1])) // timeframe.ms
        if not 0 < newer < limit <= len(kept) + newer:
            return None
        # one more than is missing: should a candle close meanwhile, the two still meet
        candles = overlay(await self._from_venue(symbol, timeframe, newer + 1), kept)
        return candles if self._reaches(candles, timeframe, limit) else None

    async def _kept(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles | None:
        if self._store is None:
            return None
        try:
            return await self._store.last(self._series(symbol, timeframe), limit)
        except Transient:  # our own disk: the venue still knows
            return None

    async def _from_venue(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        return await retried(
            lambda: self._source.candles(symbol, timeframe, limit=limit), self._options.person_patience_s
        )

    def _reaches(self, candles: Candles, timeframe: Timeframe, limit: int) -> bool:
        """Whether there are `limit` candles in a row up to now."""
        shown = _last(candles, limit)
        if len(shown) < limit:
            return False
        now_ms = timeframe.floor(self._now_ms())
        return now_ms - int(shown.time_ms[0]) == (limit - 1) * timeframe.ms

    def _is_current(self, page: _Page, timeframe: Timeframe, limit: int) -> bool:
        """Long enough, of the bar that is forming now, and fetched a moment ago."""
        if page.limit < limit or page.bar_ms != timeframe.floor(self._now_ms()):
            return False
        age_s = (self._clock.wire_now() - page.fetched_at).total_seconds()
        return 0 <= age_s < self._options.forming_refresh_s

    def _series(self, symbol: str, timeframe: Timeframe) -> Series:
        return Series(venue=self._source.venue, kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _last(candles: Candles, limit: int) -> Candles:
    return candles.rows(max(len(candles) - limit, 0))
