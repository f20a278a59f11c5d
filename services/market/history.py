"""Candles, kept while they are the latest."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from ports.clock import Clock
from ports.markets import MarketSource
from services.market.flight import SharedFlights
from services.market.options import MarketOptions
from services.market.retry import retried


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    candles: Candles
    limit: int
    bar_ms: int
    fetched_at: datetime


class History:
    """Candles of one venue with a small memory, least recently used first out."""

    def __init__(self, source: MarketSource, clock: Clock, options: MarketOptions) -> None:
        self._source = source
        self._clock = clock
        self._options = options
        self._pages: OrderedDict[tuple[str, Timeframe], _Page] = OrderedDict()
        self._flights: SharedFlights[tuple[str, Timeframe, int], Candles] = SharedFlights()

    async def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        """The last `limit` candles. Raises `Transient` or `Refused` as the venue does."""
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

    async def _fetch(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        bar_ms = timeframe.floor(self._now_ms())
        candles = await retried(
            lambda: self._source.candles(symbol, timeframe, limit=limit), self._options.person_patience_s
        )
        self._pages[symbol, timeframe] = _Page(
            candles=candles, limit=limit, bar_ms=bar_ms, fetched_at=self._clock.wire_now()
        )
        self._pages.move_to_end((symbol, timeframe))
        while len(self._pages) > self._options.cached_charts:
            self._pages.popitem(last=False)
        return _last(candles, limit)

    def _is_current(self, page: _Page, timeframe: Timeframe, limit: int) -> bool:
        """Long enough, of the bar that is forming now, and fetched a moment ago."""
        if page.limit < limit or page.bar_ms != timeframe.floor(self._now_ms()):
            return False
        age_s = (self._clock.wire_now() - page.fetched_at).total_seconds()
        return 0 <= age_s < self._options.forming_refresh_s

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _last(candles: Candles, limit: int) -> Candles:
    return candles.rows(max(len(candles) - limit, 0))
