"""One market with alerts on it: its watch, how far it was judged, and whether something was missed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engines.alerts.alert import Alert, Condition, NewExtreme, PercentMove
from engines.alerts.market_watch import Change, MarketWatch
from engines.core.ticker import Ticker

GAP_S = 30.0
"""Real seconds without a price after which candles are asked what happened meanwhile."""
HELD_FOR = timedelta(seconds=5)
"""How long prices wait for the past, so that what was missed is told with its own time. Real time."""


@dataclass(slots=True, repr=False)
class Post:
    """Prices up to `seen_at` (market time) are judged for good. While it `is_behind`, candles since then are
    still to be lived through; prices are held until `held_until` (wire time) and then judged as they come.
    `alerts` are those that watch, as they are now.
    """

    symbol: str
    seen_at: datetime
    alerts: dict[int, Alert] = field(default_factory=dict)
    watch: MarketWatch = field(default_factory=MarketWatch)
    is_behind: bool = False
    held_until: datetime | None = None

    def fall_behind(self, wire_now: datetime) -> None:
        """Something was missed."""
        self.is_behind = True
        self.held_until = wire_now + HELD_FOR

    def is_held(self, wire_now: datetime) -> bool:
        """Whether prices still wait for the past."""
        return self.held_until is not None and wire_now < self.held_until

    def is_cut_off(self, ticker: Ticker, speed: float) -> bool:
        """Whether so long nothing was heard that something may have been missed."""
        silent_s = (ticker.at - self.seen_at).total_seconds() / (speed or 1.0)
        return not self.is_behind and silent_s > GAP_S

    def hear(self, ticker: Ticker) -> Sequence[Change]:
        """Judge a price."""
        if not self.is_behind:
            self.seen_at = max(self.seen_at, ticker.at)
        return self.watch.tick(ticker.last, ticker.at)

    def catch_up(self, watch: MarketWatch, at: datetime, *, is_all: bool) -> None:
        """Go on with a watch that knows the past until `at`, of all alerts or only of some."""
        self.watch = watch
        self.seen_at = at
        self.is_behind, self.held_until = not is_all, None

    def put(self, alert: Alert) -> bool:
        """Watch for an alert from now on; `False` where it has to wait until candles were asked."""
        self.alerts[alert.id] = alert
        is_known = knows(self.watch, alert.condition)
        if is_known:
            self.watch.put(alert)
        return is_known

    def drop(self, number: int) -> None:
        """Watch for that alert no more."""
        self.alerts.pop(number, None)
        self.watch.drop(number)


def knows(watch: MarketWatch, condition: Condition) -> bool:
    """Whether the watch has the window or the days that a condition is about."""
    match condition:
        case PercentMove(window=window):
            return window in watch.windows
        case NewExtreme(days=days):
            return len(watch.days) >= days
        case _:
            return True
