"""A desk database that somebody else has locked: reads go on, writes wait."""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from random import Random

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.place import Place

_HOLD = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def locked_by_another_process(path: Path) -> AsyncIterator[None]:
    """The same of a SQLite file, by a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLD, str(path), stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"locked\n"
        yield
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def locked_now_and_then(path: Path, random: Random) -> AsyncIterator[None]:
    """A SQLite file that is locked again and again, for longer than the desk waits for it."""

    async def lock() -> None:
        while True:
            await asyncio.sleep(random.uniform(0.1, 1.0))
            other = sqlite3.connect(path, 0, isolation_level=None)
            with closing(other), suppress(sqlite3.OperationalError):  # somebody writes at this moment
                other.execute("BEGIN EXCLUSIVE")
                await asyncio.sleep(random.uniform(1.5, 3.5))

    locking = asyncio.create_task(lock())
    try:
        yield
    finally:
        locking.cancel()
        await asyncio.gather(locking, return_exceptions=True)


@asynccontextmanager
async def locked(place: Place, *, moves_on: bool = False) -> AsyncIterator[None]:
    """Inside, nobody else writes; at its end every trade may have moved on by a version."""
    step = "UPDATE trades SET version = version + 1" if moves_on else "SELECT 1"
    if place.path is not None:
        with closing(sqlite3.connect(place.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute(step)
            other.execute("COMMIT")
        return
    engine = create_async_engine(place.url, poolclass=NullPool)
    async with engine.begin() as other:
        await other.execute(text(f"SET search_path = {place.schema}"))
        await other.execute(text("LOCK TABLE trades IN EXCLUSIVE MODE"))
        yield
        await other.execute(text(step))
    await engine.dispose()
