"""What alerts would have heard while nobody listened, from candles."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from engines.alerts.alert import Alert
from engines.alerts.daily_range import DayRange
from engines.alerts.market_watch import Change, MarketWatch
from engines.core.candle import Candles
from engines.core.moment import utc


def replay(
    watch: MarketWatch, alerts: Sequence[Alert], bars: Candles, *, length: timedelta, until: datetime
) -> Sequence[Change]:
    """Put `alerts` on `watch` and let it live through `bars` of that `length`, of which the last may be
    forming at `until`.

    A candle does not tell what came first inside it. An alert that began inside one hears only its close:
    the rest may have been before.
    """
    waiting = sorted(alerts, key=lambda alert: alert.since, reverse=True)
    changes: list[Change] = []
    for opened, way_there, close in _walked(bars):
        closed = min(opened + length, until)
        _admit(watch, waiting, opened)
        for price, share in way_there:
            changes += watch.tick(price, opened + (closed - opened) * share)
        _admit(watch, waiting, closed)
        changes += watch.tick(close, closed)
    for alert in waiting:
        watch.put(alert)
    return changes


def warm(watch: MarketWatch, bars: Candles, *, length: timedelta) -> None:
    """Let the windows of `watch` know `bars`, which nobody needs to hear of any more."""
    for opened, way_there, close in _walked(bars):
        for price, share in way_there:
            watch.warm(price, opened + length * share)
        watch.warm(close, opened + length)


def day_ranges(days: Candles) -> Sequence[DayRange]:
    """Daily candles as ranges. Here floats of charts become prices."""
    rows = zip(days.time_ms.tolist(), days.high.tolist(), days.low.tolist(), strict=True)
    return [DayRange(utc(opened).date(), _price(high), _price(low)) for opened, high, low in rows]


def _admit(watch: MarketWatch, waiting: list[Alert], at: datetime) -> None:
    """Put those that had begun by then; `waiting` has the earliest last."""
    while waiting and waiting[-1].since <= at:
        watch.put(waiting.pop())


def _walked(bars: Candles) -> Iterator[tuple[datetime, Sequence[tuple[Decimal, float]], Decimal]]:
    """Each candle as when it opened, prices on its way with their place in it, and its close: a rising one is
    taken to have fallen first."""
    columns = (bars.time_ms, bars.open, bars.high, bars.low, bars.close)
    for opened, start, high, low, close in zip(*(one.tolist() for one in columns), strict=True):
        turns = (low, high) if close >= start else (high, low)
        path = [(_price(price), place / 4) for place, price in enumerate((start, *turns))]
        yield utc(opened), path, _price(close)


def _price(value: float) -> Decimal:
    return Decimal(repr(value))
