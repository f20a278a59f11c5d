"""Upkeep of a desk in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from handlers.ui.request import Services
from handlers.ui.upkeep_push import backup_news_of, key_news_of, load_news_of
from ports.backups import Backup
from ports.clock import Clock
from ports.errors import Fatal, Refused
from ports.load import Load
from ports.people import Facts
from ports.venue_books import KeyRights, VenueBooks
from services.accounts import VenueAccounts
from services.backups import Backups
from services.keys import KeyAges
from services.monitoring import Monitoring
from services.optional_work import OptionalWork
from services.upkeep import Upkeep
from services.watchdog import LoadLimits, Watchdog

GB = 1024**3
LIMITS = LoadLimits(cpu=0.5, memory_bytes=2 * GB)


@dataclass
class HandGauge:
    """`Gauge` set by hand."""

    load: Load = field(default_factory=lambda: Load(cpu=0.1, memory_bytes=GB))

    def read(self) -> Load:
        return self.load


@dataclass
class MemoryBackups:
    """`BackupStore`. While `problem` is set none can be made."""

    there: list[Backup] = field(default_factory=list)
    problem: str = ""

    async def make(self, now: datetime) -> Backup:
        if self.problem:
            raise Fatal(self.problem)
        self.there.append(Backup(path=Path(f"{now:%d-%H}"), made_at=now, size_bytes=1))
        return self.there[-1]

    async def all(self) -> Sequence[Backup]:
        return list(self.there)

    async def remove(self, backup: Backup) -> None:
        self.there.remove(backup)


async def no_account(account: str) -> VenueBooks:
    """There is none."""
    raise Refused("account_without_key", account=account)


async def nothing_to_admit(account: str) -> None:
    """None was connected."""


def an_upkeep(
    clock: Clock,
    facts: Facts,
    opened: Mapping[str, KeyRights],
    services: Callable[[], Services],
    *,
    monitored: Collection[str] = (),
    wanted: Sequence[str] = (),
) -> Upkeep:
    """Nothing ails it."""
    return Upkeep(
        backups=Backups(MemoryBackups(), clock, timedelta(days=7), backup_news_of(services)),
        watchdog=Watchdog(HandGauge(), OptionalWork(), LIMITS, load_news_of(services)),
        keys=KeyAges(lambda: opened, facts, clock, key_news_of(services), monitored=lambda: monitored),
        monitoring=Monitoring(VenueAccounts(no_account, nothing_to_admit), wanted),
    )
