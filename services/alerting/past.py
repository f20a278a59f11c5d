"""A market's watch, built from candles: windows and days known, what was missed lived through."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from engines.alerts.alert import Alert, Condition, NewExtreme, PercentMove
from engines.alerts.daily_range import DailyRange, DayRange
from engines.alerts.market_watch import Change, MarketWatch
from engines.alerts.replay import day_ranges, replay, warm
from engines.core.candle import Candles
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.market.aggregation import empty
from ports.markets import MarketSource

_MOST_BARS = 900
"""Somewhat less than what a venue gives at once: the longer the past, the coarser its candles."""
_DAY = timedelta(days=1)


class Past:
    """Candles of one market from which its watch is built.

    `seen_at` is the market time up to which it was judged, `now` that of the request.
    """

    def __init__(
        self, symbol: str, conditions: Collection[Condition], *, seen_at: datetime, now: datetime
    ) -> None:
        self._symbol = symbol
        self._now = now
        self._windows = {one.window for one in conditions if isinstance(one, PercentMove)}
        self._days = max((one.days for one in conditions if isinstance(one, NewExtreme)), default=0)
        seen_at = min(seen_at, now)
        self._frame = _finest(now - seen_at)
        self._window_frame = _finest(max(self._windows, default=timedelta(0)))
        self._day_frame = _finest(_DAY) if self._days else self._frame
        coarsest = max(self._frame, self._window_frame, self._day_frame, key=lambda frame: frame.ms)
        self._start = _floor(seen_at, coarsest)  # where candles of all three begin
        self._bars = self._before = self._closed = self._today = empty()

    async def fetch(self, source: MarketSource) -> None:
        """Ask the venue. Raises `Transient`, or `Refused` where it knows the symbol no more."""
        start = self._start
        if self._days:
            midnight = _floor(start, Timeframe.D1)
            self._closed = await self._history(source, Timeframe.D1, midnight - self._days * _DAY, midnight)
            self._today = await self._history(source, self._day_frame, midnight, start)
        if self._windows:
            opening = start - max(self._windows)
            self._before = await self._history(source, self._window_frame, opening, start)
        stop = self._now + _length(self._frame)
        self._bars = await self._history(source, self._frame, start, stop)

    def covers(self, condition: Condition) -> bool:
        """Whether a condition can be judged with what was asked for."""
        match condition:
            case PercentMove(window=window):
                return window in self._windows
            case NewExtreme(days=days):
                return days <= self._days
            case _:
                return True

    def relive(self, alerts: Sequence[Alert]) -> tuple[MarketWatch, Sequence[Change]]:
        """A watch with `alerts` on it as they are after the past, and what happened to them in it."""
        watch = MarketWatch(self._windows, DailyRange(day_ranges(self._closed), self._running_day()))
        warm(watch, self._before, length=_length(self._window_frame))
        return watch, replay(watch, alerts, self._bars, length=_length(self._frame), until=self._now)

    def _running_day(self) -> DayRange | None:
        """The range of the day as far as it went before the past to live through begins."""
        parts = day_ranges(self._today)
        if not parts:
            return None
        return DayRange(parts[0].day, max(one.high for one in parts), min(one.low for one in parts))

    async def _history(
        self, source: MarketSource, frame: Timeframe, start: datetime, stop: datetime
    ) -> Candles:
        return await source.history(self._symbol, frame, start_ms=_ms(start), stop_ms=_ms(stop))


def _finest(span: timedelta) -> Timeframe:
    """The shortest candles of which one answer covers `span`."""
    fitting = [frame for frame in Timeframe if span <= _length(frame) * _MOST_BARS]
    return fitting[0] if fitting else Timeframe.D1


def _length(frame: Timeframe) -> timedelta:
    return timedelta(milliseconds=frame.ms)


def _floor(at: datetime, frame: Timeframe) -> datetime:
    return utc(frame.floor(_ms(at)))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
