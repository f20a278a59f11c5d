"""Backups by themselves: often enough, and old ones only removed when newer ones are there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from ports.backups import Backup, BackupStore
from ports.clock import Clock
from ports.errors import Fatal

log = structlog.get_logger()

EVERY: Final = timedelta(hours=6)
EARLY: Final = timedelta(minutes=5)
"""What runs by the calendar is never quite on time."""


@dataclass(slots=True, repr=False)
class Backups:
    """One every six hours, kept for `keep`. `tell` hears of the first failure after a success, and of the
    first success after a failure. Times are wire time."""

    store: BackupStore
    clock: Clock
    keep: timedelta
    tell: Callable[[str | None], Awaitable[None]]
    latest: Backup | None = None
    """The newest that is known of."""
    problem: str | None = None
    """Why the last one could not be made."""

    async def look(self) -> None:
        """Make one when it is time, then remove those that are too old."""
        there = await self.store.all()
        self.latest = there[-1] if there else None
        now = self.clock.wire_now()
        if self.latest is None or now - self.latest.made_at >= EVERY - EARLY:
            await self._make(now)
        await self._forget_old(now)

    def age(self, now: datetime) -> timedelta | None:
        """Of the newest."""
        return None if self.latest is None else now - self.latest.made_at

    async def _make(self, now: datetime) -> None:
        try:
            self.latest = await self.store.make(now)
        except Fatal as error:
            log.error("backup_failed", error=str(error))
            await self._say(str(error))
            return
        log.info("backup_made", path=str(self.latest.path), size_bytes=self.latest.size_bytes)
        await self._say(None)

    async def _say(self, problem: str | None) -> None:
        was, self.problem = self.problem, problem
        if (was is None) != (problem is None):
            await self.tell(problem)

    async def _forget_old(self, now: datetime) -> None:
        """The newest stays, however old it is."""
        for backup in (await self.store.all())[:-1]:
            if now - backup.made_at > self.keep:
                try:
                    await self.store.remove(backup)
                except Fatal as error:
                    log.error("backup_not_removed", error=str(error))
