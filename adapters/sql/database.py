"""Engines for one database: writers that never lose an update, readers that never wait for them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Column, Insert, NullPool, Table, Update, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapters.sql.batch import Batch, Bound, FileBatches, ServerBatch
from adapters.sql.errors import translated
from adapters.sql.place import Place
from ports.errors import Fatal, Transient

T = TypeVar("T")

# In this order: switching to WAL may already have to wait for another process
_PRAGMAS = {"busy_timeout": "5000", "journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}


@dataclass(frozen=True, slots=True)
class Database:
    """A database open for use.

    Keep a `write()` short and await nothing but the database inside it: on SQLite there is one writer at a
    time. A row that is read in order to be written is read in the same `write()`, `with_for_update()`.

    `batches` is the short way for what is written often, of a SQLite file only; `turn` lets its two writing
    connections queue, so that neither polls the lock of the other.
    """

    place: Place
    writer: AsyncEngine
    reader: AsyncEngine
    batches: FileBatches | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end, or rolls back on an error."""
        with translated(self.place):
            if self.batches is None:
                async with self.writer.begin() as connection:
                    yield connection
                return
            async with self.turn, self.writer.begin() as connection:
                yield connection

    async def batch(self, work: Callable[[Batch], T], *, wait_s: float | None = None) -> T:
        """Do `work` in a transaction that commits at its end, or rolls back on an error. It must not touch
        anything that the event loop touches: on SQLite it runs in a thread.

        It waits no longer than `wait_s` for a lock that others hold and, on SQLite, for its turn before
        that; on a server, for a free connection as long as the pool lets it. What has begun is never broken
        off: it ends or fails."""
        if self.batches is None:
            async with self.write() as connection:
                if wait_s is not None:
                    await connection.execute(text(f"SET LOCAL lock_timeout = {round(wait_s * 1000)}"))
                return await connection.run_sync(lambda sync: work(ServerBatch(sync)))
        with translated(self.place):
            async with self._turn(wait_s):
                return await self.batches.run(work, wait_s=wait_s)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database and cannot write."""
        with translated(self.place):
            async with self.reader.connect() as connection:
                yield connection

    def bind(self, statement: Insert | Update, row: Mapping[str, Any]) -> Bound:
        """A row, whose keys are the names of the statement's parameters, as `Batch.each` takes it. Raises
        what its column types raise. The statement is one that is kept: what is compiled of it is."""
        return row if self.batches is None else self.batches.bind(statement, row)

    async def peek(self, key: Column[T], value: Column[Any], one: T) -> Any:
        """A plain value (text or a number) of the row of that key, `None` without one: for what is looked up
        all the time and mostly is not there."""
        if self.batches is not None:
            with suppress(sqlite3.OperationalError):  # whatever keeps it, the other way waits and tells
                return self.batches.peek(key, value, one)
        async with self.read() as connection:
            return await connection.scalar(select(value).where(key == one))

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An INSERT that knows `ON CONFLICT`, in this database's dialect."""
        return sqlite.insert(table) if self.place.path else postgresql.insert(table)

    @asynccontextmanager
    async def _turn(self, wait_s: float | None) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(wait_s):
                await self.turn.acquire()
        except TimeoutError as error:
            raise Transient(f"{self.place} is being written to", kind="database") from error
        try:
            yield
        finally:
            self.turn.release()

    async def close(self) -> None:
        """Release all connections. May be called twice."""
        if self.batches is not None:
            await asyncio.to_thread(self.batches.close)
        await self.reader.dispose()
        await self.writer.dispose()


def open_database(place: Place, *, is_durable: bool) -> Database:
    """Build the engines; a missing SQLite file is created, readable by its owner only.

    `is_durable`: a commit survives the loss of power (orders, people). Otherwise the last commits may be
    lost, but the file stays whole (candles, which can be fetched again).
    Raises `Fatal` when the file cannot be created or the driver is not installed.
    """
    if place.path is None:
        writer = _postgres_engine(place, is_durable=is_durable)
        one_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return Database(place, writer, writer.execution_options(**one_state))
    _create_file(place)
    synchronous = "FULL" if is_durable else "NORMAL"
    one = {"pool_size": 1, "max_overflow": 0}
    writer = _sqlite_engine(place, "BEGIN IMMEDIATE", one, synchronous=synchronous)
    reader = _sqlite_engine(place, "BEGIN", {}, synchronous=synchronous, query_only="ON")
    batches = FileBatches(place.path, writer.dialect, _PRAGMAS | {"synchronous": synchronous})
    return Database(place, writer, reader, batches)


def open_for_migration(place: Place) -> AsyncEngine:
    """An engine that may rebuild tables: SQLite drops a table with all that refers to it while foreign keys
    are enforced, and they cannot be switched off inside a transaction."""
    if place.path is None:
        return _postgres_engine(place, is_durable=True, poolclass=NullPool)
    _create_file(place)
    return _sqlite_engine(place, "BEGIN IMMEDIATE", {"poolclass": NullPool}, foreign_keys="OFF")


def _sqlite_engine(place: Place, begin: str, pool: dict[str, Any], **pragmas: str) -> AsyncEngine:
    engine = create_async_engine(place.url, hide_parameters=True, **pool)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would say it too late
        cursor = connection.cursor()
        for name, value in (_PRAGMAS | pragmas).items():
            cursor.execute(f"PRAGMA {name}={value}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres_engine(place: Place, *, is_durable: bool, **pool: Any) -> AsyncEngine:
    session = {
        "application_name": "perpetuum",
        "search_path": place.schema,
        "timezone": "UTC",
        "synchronous_commit": "on" if is_durable else "off",
    }
    try:
        return create_async_engine(
            place.url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"server_settings": session, "timeout": 10},
            **pool,
        )
    except ModuleNotFoundError as error:
        raise Fatal(f"{place} needs the driver {error.name}: install perpetuum[postgres]") from error


def _create_file(place: Place) -> None:
    if place.path is None:
        return
    try:
        place.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.path.touch(mode=0o600)
        place.path.chmod(0o600)
    except OSError as error:
        raise Fatal(
            f"{place} cannot be created: {error.strerror or error}; "
            "name a folder that the account that runs Perpetuum may write"
        ) from error
