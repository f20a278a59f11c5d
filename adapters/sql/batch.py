"""Transactions handed over whole: on SQLite to the thread of a plain connection, because SQLAlchemy's
asynchronous layer asks a thread for every step.

Rows are bound before they are handed over: a thread that runs Python for long keeps the event loop waiting
for the interpreter's lock at each of its system calls."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, Connection, Dialect, Insert, Update, select
from sqlalchemy.sql.compiler import SQLCompiler

T = TypeVar("T")
Bound = Any
"""A row as the driver takes it, made by `Database.bind`."""


class Batch(Protocol):
    """Statements inside one transaction."""

    def stored(self, key: Column[T], value: Column[Any], keys: Collection[T]) -> Mapping[T, Any]:
        """`value` of the rows that have these keys, as the driver tells it. They do not change until the end
        of the transaction."""
        ...

    def each(self, statement: Insert | Update, rows: Sequence[Bound]) -> None:
        """Run a statement once for each row that was bound to it."""
        ...


class FileBatches:
    """Transactions of a SQLite file, one at a time, on a connection and a thread of their own."""

    def __init__(self, path: Path, dialect: Dialect, pragmas: Mapping[str, str]) -> None:
        self._path = path
        self._dialect = dialect
        self._pragmas = pragmas
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk-write")
        self._known: dict[int, _Prepared] = {}
        self._connection: sqlite3.Connection | None = None
        self._near: sqlite3.Connection | None = None

    async def run(self, work: Callable[[Batch], T], *, wait_s: float | None = None) -> T:
        """Do `work` in a transaction that commits at its end, or rolls back on an error. `wait_s` is how long
        it waits for another process's lock, where that is not as usual. Raises what the driver raises."""
        wait_ms = self._pragmas["busy_timeout"] if wait_s is None else round(wait_s * 1000)
        running = partial(self._run, work, wait_ms)
        return await asyncio.get_running_loop().run_in_executor(self._thread, running)

    def bind(self, statement: Insert | Update, row: Mapping[str, Any]) -> Bound:
        """The values of a row in the order of the statement, which is one that is kept."""
        known = self._known.get(id(statement))
        if known is None:
            known = self._known[id(statement)] = _Prepared(statement, row, self._dialect)
        return known.values(row)

    def peek(self, key: Column[T], value: Column[Any], one: T) -> Any:
        """`value` of the row of that key, `None` without one. It is done here and now, in a few microseconds:
        readers wait for no writer. Raises what the driver raises."""
        near = self._near = self._near or _connect(self._path, {"query_only": "ON"}, timeout_s=0)
        row = near.execute(_select(key, value), (one,)).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Release the connections. May be called twice."""
        self._thread.shutdown()
        for connection in (self._connection, self._near):
            if connection is not None:
                connection.close()

    def _run(self, work: Callable[[Batch], T], wait_ms: int | str) -> T:
        connection = self._connection = self._connection or _connect(self._path, self._pragmas)
        connection.execute(f"PRAGMA busy_timeout={wait_ms}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(_FileBatch(connection, self._known))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled back already
                connection.execute("ROLLBACK")
            raise
        return done


class _Prepared:
    """A statement in the driver's words, with what makes its values the driver's."""

    def __init__(self, statement: Insert | Update, row: Mapping[str, Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(row))
        assert isinstance(compiled, SQLCompiler)
        self.statement = statement  # kept, so that its id is not given to another
        self.text = str(compiled)
        self._names = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]

    def values(self, row: Mapping[str, Any]) -> Sequence[Any]:
        """The values of a row in the order of the text; `None` is NULL, also where JSON has its own."""
        return [
            value if (value := row[name]) is None or process is None else process(value)
            for name, process in self._names
        ]


class _FileBatch:
    """`Batch` of a plain connection."""

    def __init__(self, connection: sqlite3.Connection, prepared: Mapping[int, _Prepared]) -> None:
        self._connection = connection
        self._prepared = prepared

    def stored(self, key: Column[T], value: Column[Any], keys: Collection[T]) -> Mapping[T, Any]:
        text = _select(key, value)
        found = ((one, self._connection.execute(text, (one,)).fetchone()) for one in keys)
        return {one: row[0] for one, row in found if row is not None}

    def each(self, statement: Insert | Update, rows: Sequence[Bound]) -> None:
        if rows:
            self._connection.executemany(self._prepared[id(statement)].text, rows)


class ServerBatch:
    """`Batch` over SQLAlchemy's connection to a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stored(self, key: Column[T], value: Column[Any], keys: Collection[T]) -> Mapping[T, Any]:
        if not keys:
            return {}
        locked = select(key, value).where(key.in_(keys)).with_for_update()
        return {row[0]: row[1] for row in self._connection.execute(locked)}

    def each(self, statement: Insert | Update, rows: Sequence[Bound]) -> None:
        if rows:
            self._connection.execute(statement, rows)


def _connect(path: Path, pragmas: Mapping[str, str], *, timeout_s: float = 5.0) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout_s, isolation_level=None, check_same_thread=False)
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name}={value}")
    return connection


def _select(key: Column[Any], value: Column[Any]) -> str:
    return f"SELECT {value.name} FROM {key.table.name} WHERE {key.name} = ?"
