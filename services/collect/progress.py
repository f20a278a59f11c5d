"""How far the filling is, and how fast it goes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`candles` were fetched since the start. `candles_per_s` and `left_s` (real seconds) are `None` while
    nothing is being filled, or not long enough to tell."""

    series: int
    done: int
    candles: int
    candles_per_s: float | None
    left_s: float | None


class Pace:
    """Pages and candles a second over the last minute."""

    def __init__(self, clock: Clock, *, window_s: float = 60.0) -> None:
        self._clock = clock
        self._window = timedelta(seconds=window_s)
        self._pages: list[tuple[datetime, int]] = []

    def add(self, candles: int) -> None:
        """A page came."""
        now = self._clock.wire_now()
        self._pages = [(at, count) for at, count in self._pages if at > now - self._window]
        self._pages.append((now, candles))

    def rates(self) -> tuple[float, float] | None:
        """Pages and candles a second; `None` before the second page."""
        if len(self._pages) < 2:
            return None
        took_s = (self._clock.wire_now() - self._pages[0][0]).total_seconds()
        if took_s <= 0:
            return None
        return len(self._pages) / took_s, sum(count for _, count in self._pages) / took_s
