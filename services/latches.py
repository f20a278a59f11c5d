"""Latches in force: in memory first, then in a synced side file, then as rows. Either of the two means
latched; clearing takes both."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from engines.orders.order import Intent
from engines.orders.subaccount import is_person
from engines.risk.latch import NEEDS_ADMIN, Cause, Latch, Scope
from ports.clock import Clock
from ports.desk_state import LatchFile, LatchStore, Unreadable
from ports.errors import InvariantBroken, Refused, Transient
from ports.people import Person, Role

log = structlog.get_logger()

UNREADABLE: Final = "file"
"""The latch that stands for a side file which nobody can read."""
STARTING: Final = "starting"
"""Nothing enters before it is known which latches there are."""

_QUIET: Final = frozenset({Cause.STARTING})
"""Nobody is told of these: they are a part of every start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatchNews:
    """A latch was pulled, or is not in force any more. `by` is who did it, `None` the desk itself; `at` is
    wire time. `seen_in` is the chat where whoever did it has the answer before their eyes."""

    latch: Latch
    is_pulled: bool
    by: int | None
    at: datetime
    seen_in: int | None = None


@dataclass(slots=True, repr=False)
class Latches:
    """What stops entries, for the gate and for everybody's screens.

    Pulling waits for the side file only: rows are written and admins told (`tell`) by `run`, as often as it
    takes, because the database and Telegram may be what broke. Times are wire time.
    """

    file: LatchFile
    store: LatchStore
    clock: Clock
    tell: Callable[[LatchNews], Awaitable[None]]
    every_s: float = 1.0
    _in_force: dict[str, Latch] = field(default_factory=dict)
    _is_loaded: bool = False
    _is_file_behind: bool = False
    _unwritten: set[str] = field(default_factory=set)
    _untold: deque[LatchNews] = field(default_factory=deque)
    _file_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _row_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> None:
        """Read file and rows; what either has is in force. Raises `Transient`: all is stopped still."""
        rows = {latch.id: latch for latch in await self.store.all()}
        kept = {latch.id: latch for latch in await self._read_file()}
        self._in_force = _newest((*rows.values(), *kept.values(), *self._in_force.values()))
        self._unwritten |= {name for name, latch in self._in_force.items() if rows.get(name) != latch}
        self._is_loaded = True
        if kept != self._in_force:
            await self._save()

    @property
    def is_loaded(self) -> bool:
        """Whether it is known which there are."""
        return self._is_loaded

    def all(self) -> Sequence[Latch]:
        """Those in force, the widest first, then the oldest."""
        now = self.clock.wire_now()
        standing = [latch for latch in self._in_force.values() if not latch.is_over(now)]
        return sorted(standing, key=lambda one: (one.scope != Scope(), -one.level, one.pulled_at, one.id))

    def get(self, latch_id: str) -> Latch | None:
        """The one of that id, if it is in force."""
        latch = self._in_force.get(latch_id)
        return None if latch is None or latch.is_over(self.clock.wire_now()) else latch

    def stopping(self, intent: Intent) -> Latch | None:
        """What forbids an intent; `None` when nothing does. Everything of engines is, before `load`."""
        now, is_theirs = self.clock.wire_now(), is_person(intent.owner)
        standing = self._in_force.values() if self._is_loaded else (*self._in_force.values(), _unknown(now))
        return next(
            (one for one in standing if not one.is_over(now) and one.stops(intent, is_person=is_theirs)), None
        )

    async def pull(self, latch: Latch, *, seen_in: int | None = None) -> None:
        """From now on nothing enters within its scope: true at once, and when this returns on the disk too.

        Pulling what is in force the same way does nothing. It never fails: a file that cannot be written is
        written later, and stands in memory meanwhile.
        """
        before = self.get(latch.id)
        if before is not None and _is_same(before, latch):
            return
        self._in_force[latch.id] = latch
        self._unwritten.add(latch.id)
        log.warning("latch_pulled", latch=latch.id, cause=latch.cause, level=int(latch.level), by=latch.by)
        if before is None or before.level != latch.level or before.scope != latch.scope:
            self._note(latch, is_pulled=True, by=latch.by, seen_in=seen_in)
        await self._save()
        self._wake.set()

    async def release(self, latch_id: str) -> None:
        """What the desk itself pulled is over by itself; one that is not in force is no error.

        Raises `InvariantBroken` for one that only an admin clears, `Transient`: it is in force still.
        """
        latch = self._in_force.get(latch_id)
        if latch is None:
            return
        if latch.cause in NEEDS_ADMIN:
            raise InvariantBroken(f"latch {latch_id} is cleared by an admin only")
        await self._remove(latch, by=None)

    async def clear(self, latch_id: str, by: Person, *, seen_in: int | None = None) -> Latch:
        """A person ends it; the latch that was. Raises `Refused` with `no_latch` or `not_allowed`, and
        `Transient` when file or row stay: it is in force still."""
        latch = self.get(latch_id)
        if latch is None:
            raise Refused("no_latch")
        if not by.role.covers(Role.ADMIN):
            raise Refused("not_allowed")
        await self._remove(latch, by=by.id, seen_in=seen_in)
        return latch

    async def run(self) -> None:
        """Tend for ever."""
        while True:
            await self.tend()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every_s):
                    await self._wake.wait()
            self._wake.clear()

    async def tend(self) -> None:
        """End what is over, write down what is not written yet, tell what was not told."""
        now = self.clock.wire_now()
        try:
            if self._is_file_behind:
                await self._save()
            for latch in [one for one in self._in_force.values() if one.is_over(now)]:
                await self._remove(latch, by=None)
            await self._write_rows()
            await self._tell()
        except Transient as error:
            log.error("latches_behind", rows=sorted(self._unwritten), error=str(error))

    async def _remove(self, latch: Latch, *, by: int | None, seen_in: int | None = None) -> None:
        """Row, file, memory: whatever fails in between leaves it in force, here and after a restart."""
        async with self._row_lock:
            await self.store.remove(latch.id)
            self._unwritten.add(latch.id)
            async with self._file_lock:
                left = [one for one in self._in_force.values() if one is not latch]
                await self.file.write(left)
                if self._in_force.get(latch.id) is not latch:
                    return  # pulled anew meanwhile
                del self._in_force[latch.id]
            self._unwritten.discard(latch.id)
        log.warning("latch_released", latch=latch.id, cause=latch.cause, by=by)
        self._note(latch, is_pulled=False, by=by, seen_in=seen_in)
        self._wake.set()

    async def _write_rows(self) -> None:
        for latch_id in sorted(self._unwritten):
            async with self._row_lock:
                latch = self._in_force.get(latch_id)
                if latch is not None:
                    await self.store.put(latch)
                if self._in_force.get(latch_id) is latch:
                    self._unwritten.discard(latch_id)

    async def _tell(self) -> None:
        while self._untold:
            await self.tell(self._untold[0])
            self._untold.popleft()

    async def _read_file(self) -> Sequence[Latch]:
        try:
            return await self.file.read()
        except Unreadable as error:
            log.error("latch_file_unreadable", error=str(error))
            now = self.clock.wire_now()
            latch = Latch(
                id=UNREADABLE, scope=Scope(), cause=Cause.INVARIANT, pulled_at=now, detail=str(error)
            )
            self._note(latch, is_pulled=True, by=None)
            return (latch,)

    async def _save(self) -> None:
        async with self._file_lock:
            try:
                await self.file.write(list(self._in_force.values()))
                self._is_file_behind = False
            except Transient as error:
                self._is_file_behind = True
                log.error("latch_file_behind", error=str(error))

    def _note(self, latch: Latch, *, is_pulled: bool, by: int | None, seen_in: int | None = None) -> None:
        if latch.cause not in _QUIET:
            at = self.clock.wire_now()
            news = LatchNews(latch=latch, is_pulled=is_pulled, by=by, at=at, seen_in=seen_in)
            self._untold.append(news)


def _newest(latches: Iterable[Latch]) -> dict[str, Latch]:
    found: dict[str, Latch] = {}
    for latch in latches:
        known = found.get(latch.id)
        if known is None or known.pulled_at <= latch.pulled_at:
            found[latch.id] = latch
    return found


def _is_same(one: Latch, other: Latch) -> bool:
    return replace(one, by=other.by, pulled_at=other.pulled_at, detail=other.detail) == other


def _unknown(now: datetime) -> Latch:
    return Latch(id=STARTING, scope=Scope(), cause=Cause.STARTING, pulled_at=now)
