"""A clock that a test moves by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class HandClock:
    """Stands still until moved; wire time follows market time. Sleepers wake when it passes them."""

    def __init__(self, now: datetime = NOON, *, speed: float = 1.0) -> None:
        self._now = now
        self._speed = speed
        self._moved = asyncio.Event()

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> datetime:
        return self._now

    def wire_now(self) -> datetime:
        return self._now

    def age_s(self, at: datetime) -> float:
        return max((self._now - at).total_seconds(), 0.0) / (self._speed or 1.0)

    async def sleep(self, market_s: float) -> None:
        until = self._now + timedelta(seconds=market_s)
        while self._now < until:
            await self._moved.wait()

    def move(self, seconds: float) -> None:
        """Let that much market time pass at once."""
        self._now += timedelta(seconds=seconds)
        self._moved.set()
        self._moved = asyncio.Event()
