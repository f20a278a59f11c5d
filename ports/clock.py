"""Two clocks: market time, which the sandbox may run fast, and wire time, which is always real."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Market time is for candles, schedules, expiries and ages of data; wire time is for timeouts,
    back-off, rate limits and signatures. Live, both are the same."""

    @property
    def speed(self) -> float:
        """Market seconds per real second; 1.0 when live, 0.0 when the sandbox stands still."""
        ...

    def now(self) -> datetime:
        """Market time, aware UTC."""
        ...

    def wire_now(self) -> datetime:
        """Real time, aware UTC."""
        ...

    def age_s(self, at: datetime) -> float:
        """Real seconds since a market event: `(now - at) / speed`, never negative."""
        ...

    async def sleep(self, market_s: float) -> None:
        """Sleep that many seconds of market time; a jump of the clock wakes the sleeper."""
        ...
