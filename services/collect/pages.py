"""Candles of the venue, page by page, onto the shelf."""

import numpy as np
import structlog

from engines.core.candle import Candles
from engines.market.aggregation import between, pick
from engines.market.flaws import flaws
from engines.market.gaps import Span, missing
from ports.candles import Series
from ports.clock import Clock
from ports.markets import MarketSource
from services.collect.absence import Absences
from services.collect.counts import Counts
from services.collect.options import CollectOptions
from services.collect.shelf import Shelf

log = structlog.get_logger()


class Pages:
    """Fetches spans of at most `engines.market.plan.PAGE` candles."""

    def __init__(
        self,
        source: MarketSource,
        shelf: Shelf,
        absences: Absences,
        counts: Counts,
        clock: Clock,
        options: CollectOptions,
    ) -> None:
        self._source = source
        self._shelf = shelf
        self._absences = absences
        self._counts = counts
        self._clock = clock
        self._options = options

    async def fetch(self, series: Series, span: Span) -> Candles:
        """Closed candles of that span, now on the shelf; those that the venue does not have are noted.

        Raises `Transient` and `Refused` as the venue does, `Transient` as the store does.
        """
        now_ms = self.now_ms()  # before asking: market time may run fast meanwhile
        answer = await self._source.history(
            series.symbol, series.timeframe, start_ms=span.start_ms, stop_ms=span.stop_ms, kind=series.kind
        )
        closed = between(answer.closed_before(now_ms, series.timeframe.ms), span.start_ms, span.stop_ms)
        closed = self._sound(series, closed)
        await self._shelf.keep(series, closed)
        settled = self._settled(series, span, now_ms)
        absent = missing(closed.time_ms, series.timeframe, settled)
        self._absences.note(series, absent)
        self._counts.absent += sum(one.count(series.timeframe) for one in absent)
        return closed

    def now_ms(self) -> int:
        """Market time."""
        return int(self._clock.now().timestamp() * 1000)

    def _sound(self, series: Series, candles: Candles) -> Candles:
        """Without candles that cannot be: a venue's slip must not keep the others away."""
        flawed = flaws(candles, series.timeframe)
        if not flawed:
            return candles
        self._counts.unsound += len(flawed)
        row, why = next(iter(flawed.items()))
        log.warning("unsound_candles", **_words(series), count=len(flawed), row=row, why=why.value)
        return pick(candles, np.setdiff1d(np.arange(len(candles)), list(flawed)))

    def _settled(self, series: Series, span: Span, now_ms: int) -> Span:
        """The part of `span` that is old enough for the venue to know."""
        young_ms = round(self._options.settled_s * 1000 * self._clock.speed)
        stop_ms = min(span.stop_ms, series.timeframe.floor(now_ms - young_ms))
        return Span(span.start_ms, max(span.start_ms, stop_ms))


def _words(series: Series) -> dict[str, str]:
    return {"symbol": series.symbol, "timeframe": series.timeframe.value, "kind": series.kind.value}
