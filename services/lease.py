"""One desk a database: who runs it is written down and renewed, and a second one stops itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from engines.risk.latch import Cause, Latch, Scope
from ports.clock import Clock
from ports.desk_state import Lease, LeaseStore
from ports.errors import DeskError, Fatal, Transient
from ports.processes import Processes

log = structlog.get_logger()

LATCH: Final = "lease"
RENEW_EVERY_S: Final = 2.0
UNSURE_AFTER_S: Final = 8.0
"""Not renewed for so long, it may be another's soon: nothing enters until we know."""
STALE_AFTER_S: Final = 15.0
"""Not renewed before our eyes for so long, it is nobody's: whoever held it has stopped trading by then."""
FORGOTTEN: Final = timedelta(minutes=5)
"""Further back than the clocks of two machines can differ."""
_TINY: Final = timedelta(microseconds=1)


@dataclass(slots=True, repr=False)
class DeskLease:
    """The lease of this process, whose `name` no other has. `pull` and `release` are those of the latches.
    Times are wire time."""

    store: LeaseStore
    processes: Processes
    clock: Clock
    name: str
    pull: Callable[[Latch], Awaitable[None]]
    release: Callable[[str], Awaitable[None]]
    _renewed_at: datetime | None = None
    _is_unsure: bool = False

    async def take(self) -> None:
        """Take it, also that of a process that is no more; one on another machine is watched for a while.

        Raises `Fatal` when another desk runs on this database, `Transient` when the database is in trouble.
        """
        held = await self._take(self.clock.wire_now() - FORGOTTEN)
        if held is not None:
            await self._take_over(held)
        log.info("lease_taken", holder=self.name)

    async def run(self) -> None:
        """Renew it for ever. Raises `Fatal` when another has it."""
        while True:
            await self.renew()
            await asyncio.sleep(RENEW_EVERY_S)

    async def renew(self) -> None:
        """Renew it once. While that fails for long, entries are stopped; `Fatal` when another has it."""
        try:
            other = await self._take(self.clock.wire_now() - FORGOTTEN)
        except Transient as error:
            log.warning("lease_not_renewed", error=str(error))
            await self._doubt(str(error))
            return
        if other is not None:
            raise Fatal(f"another desk has taken this database over: {_named(other)}; this one stops")
        if self._is_unsure:
            await self.release(LATCH)
            self._is_unsure = False

    async def give_back(self) -> None:
        """Let the next one begin at once."""
        with suppress(DeskError):  # it becomes stale by itself
            await self.store.release(self.name)

    async def _take_over(self, held: Lease) -> None:
        is_running = self.processes.is_running(held.holder)
        if is_running:
            raise Fatal(_occupied(held))
        if is_running is None:
            await self._watch(held)
            return
        other = await self._take(self.clock.wire_now() - FORGOTTEN, dead=held.holder)
        if other is not None:
            raise Fatal(_occupied(other))

    async def _watch(self, held: Lease) -> None:
        """Wait until it would have been renewed, or was."""
        log.warning("lease_awaited", holder=held.holder, most_s=STALE_AFTER_S)
        until = self.clock.wire_now() + timedelta(seconds=STALE_AFTER_S)
        while self.clock.wire_now() < until:
            await asyncio.sleep(RENEW_EVERY_S)
            other = await self._take(self.clock.wire_now() - FORGOTTEN)
            if other is None:
                return
            if other != held:
                raise Fatal(_occupied(other))
        other = await self._take(held.renewed_at + _TINY)
        if other is not None:
            raise Fatal(_occupied(other))

    async def _take(self, stale_before: datetime, *, dead: str | None = None) -> Lease | None:
        now = self.clock.wire_now()
        other = await self.store.take(self.name, now=now, stale_before=stale_before, dead=dead)
        if other is None:
            self._renewed_at = now
        return other

    async def _doubt(self, why: str) -> None:
        now = self.clock.wire_now()
        if self._renewed_at is None or (now - self._renewed_at).total_seconds() < UNSURE_AFTER_S:
            return
        self._is_unsure = True
        await self.pull(Latch(id=LATCH, scope=Scope(), cause=Cause.UNRESOLVED, pulled_at=now, detail=why))


def _occupied(lease: Lease) -> str:
    return (
        f"another desk runs on this database: {_named(lease)}; stop it first, or name another database for "
        "this one"
    )


def _named(lease: Lease) -> str:
    host, number, *_ = [*lease.holder.split("/"), "?"]
    return f"process {number} on {host}, since {lease.taken_at:%Y-%m-%d %H:%M:%S} UTC"
