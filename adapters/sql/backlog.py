"""Changes of the desk's trades while the database takes no writes: on the disk beside it, and moved into it
as soon as it does.

An order is written down before it is sent, also while another process locks the database. What is here is as
durable as what is there, and the stored version of its trade says which of the two has it: so it counts once,
wherever a crash falls.
"""

import asyncio
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError

from adapters.sql.ahead import Ahead
from adapters.sql.batch import Batch
from adapters.sql.change import BoundChange, ChangeStatements
from adapters.sql.change_file import ChangeFile
from adapters.sql.database import Database
from adapters.sql.tables import entries, orders, trades
from ports.books import Change
from ports.errors import Fatal, Transient

log = structlog.get_logger()

AGAIN_S: Final = 0.5
"""Real seconds between two tries to move what waits."""
WAIT_S: Final = 0.2
"""So long a try may wait for its turn, and then for the lock."""
START_WAIT_S: Final = 5.0


class Backlog:
    """Takes changes, in order, and gives them to the database, in order. While a change of a trade is here,
    every further one of that trade has to come here, too."""

    def __init__(self, database: Database, statements: ChangeStatements, path: Path) -> None:
        self.ahead = Ahead()
        self.moved = 0
        """How often what was here went into the tables: a read that was under way may have missed it."""
        self._database = database
        self._statements = statements
        self._file = ChangeFile(path)
        self._waiting: list[BoundChange] = []
        self._is_read = False
        self._broken: Fatal | None = None
        self._lock = asyncio.Lock()
        self._moving: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything waits here."""
        return bool(self._waiting)

    def takes(self, change: Change) -> bool:
        """Whether a change is one that can wait here. A ticket is decided in the database alone, and a push
        goes out from there."""
        ordered = {order.id for order in change.orders}
        is_whole = all(fill.order_id in ordered for fill in change.fills)
        return is_whole and not (change.tickets or change.pushes or change.key)

    async def let_in(self, change: Change) -> None:
        """Whether a change may be stored now: raises as `read` does, and `Transient` while its trade waits
        here and it cannot."""
        await self.read()
        if self.ahead.holds(change.trade.id) and not self.takes(change):
            raise Transient(f"trade {change.trade.id} waits for {self._database.place}", kind="database")

    async def read(self) -> None:
        """Take up what a desk that has ended left here. Raises `Fatal` when it is damaged, or did not fit."""
        if self._broken is not None:
            raise self._broken
        if self._is_read:
            return
        async with self._lock:
            if not self._is_read:  # another caller has, meanwhile
                self._keep([self._statements.bind(one) for one in await asyncio.to_thread(self._file.read)])
                self._is_read = True

    async def take(self, changes: Sequence[BoundChange]) -> Mapping[int, str]:
        """Make durable those that fit; why the others do not, by their place. Raises `Transient`: nothing
        was taken."""
        async with self._lock:
            misfits, fitting = await self._sorted(changes)
            if fitting:
                await self._append(fitting)
        if self.is_open and (self._moving is None or self._moving.done()):
            self._moving = asyncio.create_task(self._keep_moving())
        return misfits

    async def is_in_use(self) -> bool:
        """Whether anything waits here. While the last of it is being moved the answer is waited for: else
        what always comes would always find something here, and never go to the database itself."""
        async with self._lock:
            return self.is_open

    async def move(self, *, wait_s: float) -> None:
        """Give all of it to the database and forget it here. What has come meanwhile goes after it while
        nothing more is taken, so that it ends however much comes. Raises `Transient`; `Fatal` for what does
        not fit what is stored: nobody knows what to trade on then."""
        waiting = tuple(self._waiting)
        if not waiting:
            return
        await self._store(waiting, wait_s)
        async with self._lock:
            if later := self._waiting[len(waiting) :]:
                await self._store(later, wait_s)
            changes = len(self._waiting)
            await self._forget()
        log.warning("changes_moved_into_database", changes=changes)

    async def close(self) -> None:
        """Leave what waits to the next start."""
        if self._moving is not None:
            self._moving.cancel()
            await asyncio.gather(self._moving, return_exceptions=True)

    async def _store(self, changes: Sequence[BoundChange], wait_s: float) -> None:
        try:
            await self._database.batch(partial(self._write, changes), wait_s=wait_s)
        except Fatal as error:
            self._broken = error
            raise
        except (IntegrityError, sqlite3.IntegrityError) as error:
            self._broken = self._misfit(str(error))
            raise self._broken from error

    async def _keep_moving(self) -> None:
        while self.is_open:
            await asyncio.sleep(AGAIN_S)
            try:
                await self.move(wait_s=WAIT_S)
            except Transient as error:
                log.info("changes_wait_still", changes=len(self._waiting), error=str(error))
            except Fatal as error:
                log.critical("changes_do_not_fit", error=str(error))
                return

    async def _append(self, changes: Sequence[BoundChange]) -> None:
        try:
            await asyncio.to_thread(self._file.append, [one.change for one in changes])
        except OSError as error:
            reason = f"{self._file.path}: {error.strerror or error}"
            raise Transient(reason, kind="database") from error
        if not self.is_open:
            log.warning("changes_wait_for_database", file=str(self._file.path))
        self._keep(changes)

    def _keep(self, changes: Sequence[BoundChange]) -> None:
        for bound in changes:
            self._waiting.append(bound)
            self.ahead.add(bound.change)

    async def _forget(self) -> None:
        try:
            await asyncio.to_thread(self._file.empty)
        except OSError as error:  # they are found in the database then, and emptied again
            reason = f"{self._file.path}: {error.strerror or error}"
            raise Transient(reason, kind="database") from error
        self._waiting.clear()
        self.ahead = Ahead()
        self.moved += 1

    async def _sorted(self, changes: Sequence[BoundChange]) -> tuple[dict[int, str], list[BoundChange]]:
        """What does not fit, by its place, and what does."""
        misfits: dict[int, str] = {}
        fitting: list[BoundChange] = []
        versions: dict[int, int] = {}
        booked: set[str] = set()
        for place, bound in enumerate(changes):
            trade = bound.change.trade
            if trade.id not in versions:
                versions[trade.id] = await self._version(trade.id)
            if versions[trade.id] != trade.version - 1:
                misfits[place] = f"trade {trade.id} is not at version {trade.version - 1} any more"
            elif (known := await self._known(bound.change, booked)) is not None:
                misfits[place] = f"entry {known} is booked already"
            else:
                versions[trade.id] = trade.version
                booked |= {entry.id for entry in bound.change.entries}
                fitting.append(bound)
        return misfits, fitting

    async def _version(self, trade_id: int) -> int:
        version = self.ahead.version(trade_id)
        return version or await self._database.peek(trades.c.id, trades.c.version, trade_id) or 0

    async def _known(self, change: Change, booked: Collection[str]) -> str | None:
        """An entry of the change that is booked already."""
        for entry in change.entries:
            is_here = entry.id in booked or self.ahead.has_entry(entry.id)
            if is_here or await self._database.peek(entries.c.id, entries.c.id, entry.id) is not None:
                return entry.id
        return None

    def _write(self, changes: Sequence[BoundChange], batch: Batch) -> None:
        """Write those that are not stored. A crash after the commit finds all of them stored, at the version
        of the last; anything else was somebody else."""
        stored = dict(batch.stored(trades.c.id, trades.c.version, {one.change.trade.id for one in changes}))
        is_new = [one.change.trade.version > stored.get(one.change.trade.id, 0) for one in changes]
        old = [one.change for one, new in zip(changes, is_new, strict=True) if not new]
        misfit = _strange(batch, old, stored)
        if misfit is None:
            late = self._statements.write(
                batch, [one for one, new in zip(changes, is_new, strict=True) if new]
            )
            misfit = next(iter(late.values()), None)
        if misfit is not None:
            raise self._misfit(misfit)

    def _misfit(self, why: str) -> Fatal:
        return Fatal(
            f"{self._file.path} holds changes of the desk that do not fit {self._database.place}: {why}; use "
            "the database that it belongs to, or move it away, start, and adopt what the venues have with "
            "/reconcile"
        )


def _strange(batch: Batch, changes: Sequence[Change], stored: Mapping[int, int]) -> str | None:
    """What the database has otherwise, of changes that it should have."""
    last = {change.trade.id: change for change in changes}
    for trade_id, change in last.items():
        if stored[trade_id] != change.trade.version:
            return f"trade {trade_id} is at version {stored[trade_id]} there"
    booked = {entry.id for change in changes for entry in change.entries}
    if missing := booked - batch.stored(entries.c.id, entries.c.id, booked).keys():
        return f"entry {min(missing)} is not there"
    states = {order.id: order.state for change in changes for order in change.orders}
    if dict(batch.stored(orders.c.id, orders.c.state, states.keys())) != states:
        return f"orders of trades {sorted(last)} are in other states there"
    return None
