"""Latches and where they are kept, in memory; either can be made to fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engines.risk.latch import Latch
from ports.desk_state import Unreadable
from ports.errors import Transient
from services.latches import Latches, LatchNews
from tests.build.clock import HandClock
from tests.build.desk_state import MemoryLatches


class MemorySideFile:
    """`LatchFile` in a list. It can be damaged, and its disk can be full."""

    def __init__(self, *latches: Latch) -> None:
        self.latches = list(latches)
        self.is_damaged = False
        self.is_full = False

    async def read(self) -> Sequence[Latch]:
        if self.is_damaged:
            raise Unreadable("latches.json: not JSON")
        return list(self.latches)

    async def write(self, latches: Sequence[Latch]) -> None:
        if self.is_full:
            raise Transient("latches.json: no space left on device")
        self.latches, self.is_damaged = list(latches), False


@dataclass(slots=True)
class LatchDesk:
    """Latches over memory, and what was told of them."""

    file: MemorySideFile = field(default_factory=MemorySideFile)
    store: MemoryLatches = field(default_factory=MemoryLatches)
    clock: HandClock = field(default_factory=HandClock)
    told: list[LatchNews] = field(default_factory=list)
    latches: Latches = field(init=False)

    def __post_init__(self) -> None:
        self.latches = self.restarted()

    def restarted(self) -> Latches:
        """What a new process makes of file and rows; to be loaded."""
        return Latches(self.file, self.store, self.clock, self._tell)

    async def _tell(self, news: LatchNews) -> None:
        if self.store.failure is not None:  # the outbox is in the same database
            raise self.store.failure
        self.told.append(news)

    def lock(self, is_locked: bool = True) -> None:
        """Another process holds the database, or lets go of it."""
        locked = Transient("the database is locked by another process", kind="database")
        self.store.failure = locked if is_locked else None

    async def rows(self) -> Sequence[Latch]:
        """What stands in the database."""
        return await self.store.all()
