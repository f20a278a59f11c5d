"""Changes written down in order. Those that wait at the same time share a transaction: one sync of the disk
for all of them."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from adapters.sql.backlog import Backlog
from adapters.sql.change import BoundChange, ChangeStatements
from adapters.sql.database import Database
from ports.books import Change, Conflict
from ports.errors import DeskError, Transient

AT_ONCE = 256
"""Changes in one transaction at most, so that the first of many do not wait for the last."""
PATIENCE_S = 1.0
"""How long the database may keep changes waiting that can wait elsewhere."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A change, and what its caller waits for."""

    bound: BoundChange
    written: "asyncio.Future[None]"

    def tell(self, error: BaseException | None = None) -> None:
        if self.written.done():  # the caller has gone
            return
        if error is None:
            self.written.set_result(None)
        else:
            self.written.set_exception(error)


class Journal:
    """A queue before the database. Each change is stored whole or not at all, whatever becomes of others.
    With a `backlog` those that it takes do not wait for a database in trouble."""

    def __init__(
        self, database: Database, statements: ChangeStatements, backlog: Backlog | None = None
    ) -> None:
        self._database = database
        self._statements = statements
        self._backlog = backlog
        self._queue: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def write(self, change: Change) -> None:
        """As `Books.commit`. A change whose caller is cancelled before its turn is not written."""
        if self._backlog is not None:
            await self._backlog.let_in(change)
        waiting = _Waiting(self._statements.bind(change), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await waiting.written

    async def _write_all(self) -> None:
        while group := self._next_group():
            await self._write(group)

    def _next_group(self) -> Sequence[_Waiting]:
        group: list[_Waiting] = []
        while self._queue and len(group) < AT_ONCE:
            waiting = self._queue.popleft()
            if not waiting.written.done():
                group.append(waiting)
        return group

    async def _write(self, group: Sequence[_Waiting]) -> None:
        """Write a group: trouble with the database is trouble for all of it; what the tables refuse is found
        by halves, and fails alone."""
        if self._backlog is not None and await self._backlog.is_in_use():
            group = await self._set_aside(group, self._backlog)
        if not group:
            return
        changes = [waiting.bound for waiting in group]
        wait_s = None if self._backlog is None else PATIENCE_S
        writing = self._database.batch(lambda batch: self._statements.write(batch, changes), wait_s=wait_s)
        [late] = await asyncio.gather(writing, return_exceptions=True)
        if isinstance(late, BaseException):
            await self._fail(group, late)
            return
        for place, waiting in enumerate(group):
            waiting.tell(Conflict(late[place]) if place in late else None)

    async def _set_aside(
        self, group: Sequence[_Waiting], backlog: Backlog, error: Transient | None = None
    ) -> Sequence[_Waiting]:
        """Let changes wait beside the database; those that cannot. `error` is its answer, where it was asked
        to write them: what does not fit then may have been stored all the same."""
        there = [waiting for waiting in group if not waiting.written.done()]
        able = [waiting for waiting in there if backlog.takes(waiting.bound.change)]
        taking = backlog.take([waiting.bound for waiting in able])
        [misfits] = await asyncio.gather(taking, return_exceptions=True)
        for place, waiting in enumerate(able):
            if isinstance(misfits, BaseException):
                waiting.tell(error or misfits)
            elif place in misfits:
                waiting.tell(error or Conflict(misfits[place]))
            else:
                waiting.tell()
        return [waiting for waiting in there if not backlog.takes(waiting.bound.change)]

    async def _fail(self, group: Sequence[_Waiting], error: BaseException) -> None:
        if isinstance(error, Transient) and self._backlog is not None:
            group = await self._set_aside(group, self._backlog, error)
        if isinstance(error, DeskError) or len(group) == 1:
            for waiting in group:
                waiting.tell(_told(error, waiting.bound.change))
            return
        middle = len(group) // 2
        await self._write(group[:middle])
        await self._write(group[middle:])


def _told(error: BaseException, change: Change) -> BaseException:
    """An error as the caller knows it."""
    if not isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return error
    conflict = Conflict(f"trade {change.trade.id}: {getattr(error, 'orig', None) or error}")
    conflict.__cause__ = error
    return conflict
