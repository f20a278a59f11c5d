"""Latches and where they are kept, in memory; either can be made to fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engines.risk.latch import Cause, Latch, Scope
from ports.desk_state import Unreadable
from ports.errors import Transient
from services.latches import Latches, LatchNews
from tests.build.clock import NOON, HandClock


def a_latch(latch_id: str = "kill", **fields: Any) -> Latch:
    """A kill of the whole desk, pulled at noon."""
    usual: dict[str, Any] = {"scope": Scope(), "cause": Cause.KILL, "pulled_at": NOON}
    return Latch(id=latch_id, **usual | fields)


class MemoryLatches:
    """`LatchStore` in a dictionary. While `is_locked` it answers as a database that another process holds."""

    def __init__(self, *latches: Latch) -> None:
        self.rows = {latch.id: latch for latch in latches}
        self.is_locked = False

    async def all(self) -> Sequence[Latch]:
        self.ask()
        return list(self.rows.values())

    async def put(self, latch: Latch) -> None:
        self.ask()
        self.rows[latch.id] = latch

    async def remove(self, latch_id: str) -> None:
        self.ask()
        self.rows.pop(latch_id, None)

    def ask(self) -> None:
        """Answer, or be locked."""
        if self.is_locked:
            raise Transient("the database is locked by another process", kind="database")


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
        self.store.ask()  # the outbox is in the same database
        self.told.append(news)
