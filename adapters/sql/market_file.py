"""The market database in a SQLite file."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from adapters.sql.market_rows import Row, Statements, T, Values

_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class MarketFile:
    """`MarketRows` on plain connections: SQLAlchemy's asynchronous layer asks a thread for every step.

    In CPU time, a write that takes 2.6 ms through it takes 0.5 when the whole transaction is asked of a
    thread at once. A thousand candles are read in 0.06 ms here, where asking a thread alone costs 0.12: so
    a small read is done on the event loop, on a connection that never waits for a lock. What finds one, and
    every long read, goes to a thread. Readers wait for no writer, and no writer for them.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 5.0) -> None:
        self._path = path
        self._near = _connect(path, timeout_s=0, query_only="ON")
        self._far = _connect(path, timeout_s=busy_timeout_s, query_only="ON")
        self._writer = _connect(path, timeout_s=busy_timeout_s, synchronous="NORMAL")
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="candles-read")
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="candles-write")

    async def read(self, statement: str, values: Values, *, is_small: bool = False) -> Sequence[Row]:
        if is_small:
            await asyncio.sleep(0)  # somebody who reads a hundred series lets others have their turn
            try:
                return _fetch(self._near, statement, values)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _LOCKED:
                    raise
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, _fetch, self._far, statement, values)

    async def write(self, work: Callable[[Statements], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._writing, _transaction, self._writer, work
        )

    async def size_bytes(self) -> int:
        return await asyncio.to_thread(_size_bytes, self._path)

    async def close(self) -> None:
        for thread in (self._reading, self._writing):
            await asyncio.to_thread(thread.shutdown)
        for connection in (self._near, self._far, self._writer):
            connection.close()


class _FileStatements:
    """`Statements` of one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Values) -> Sequence[Row]:
        return _fetch(self._connection, statement, values)

    def each(self, statement: str, values: Sequence[Values]) -> None:
        self._connection.executemany(statement, values)


def _connect(path: Path, *, timeout_s: float, **pragmas: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name}={value}")
    return connection


def _fetch(connection: sqlite3.Connection, statement: str, values: Values) -> Sequence[Row]:
    return connection.execute(statement, values).fetchall()


def _transaction(connection: sqlite3.Connection, work: Callable[[Statements], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = work(_FileStatements(connection))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise
    return done


def _size_bytes(path: Path) -> int:
    files = (path.with_name(path.name + ending) for ending in ("", "-wal", "-shm"))
    return sum(file.stat().st_size for file in files if file.exists())
