"""How a database is, for `perpetuum doctor`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from adapters.sql.database import Database
from adapters.sql.revision import newest, revision
from adapters.sql.tables import lease, stamp
from ports.errors import DeskError

_SCHEMA_BYTES = (
    "SELECT CAST(coalesce(sum(pg_total_relation_size(c.oid)), 0) AS bigint)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'r' AND n.nspname = current_schema()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth:
    """What was found. `problem` is `None` when all is well; `revision` is `None` before the first start, when
    a file is still to be made in `folder`. `is_current`: the schema is that of this version of the code.
    `lease`: which process runs the desk, and when it last said so."""

    place: str
    problem: str | None = None
    revision: str | None = None
    is_current: bool = False
    size_bytes: int | None = None
    folder: Path | None = None
    lease: tuple[str, datetime] | None = None


async def examine(database: Database) -> DatabaseHealth:
    """Look at a database without changing it: can it be reached and written, and is it whole?"""
    place = str(database.place)
    try:
        async with database.read() as connection:
            found = await connection.run_sync(revision)
            damage = await connection.run_sync(_damage)
            size = await connection.run_sync(size_bytes)
            held = await connection.run_sync(_lease)
        async with database.write() as connection:
            await connection.run_sync(_try_writing)
    except DeskError as error:
        return DatabaseHealth(place=place, problem=str(error))
    problem = f"{place} is damaged ({damage}): restore it from a backup" if damage else None
    is_current = found == newest(database.place)
    return DatabaseHealth(
        place=place, problem=problem, revision=found, is_current=is_current, size_bytes=size, lease=held
    )


def _lease(connection: Connection) -> tuple[str, datetime] | None:
    if not inspect(connection).has_table(lease.name):
        return None
    row = connection.execute(select(lease.c.holder, lease.c.renewed_at)).one_or_none()
    return None if row is None else (row.holder, row.renewed_at)


def _damage(connection: Connection) -> str | None:
    """What SQLite finds wrong with its file; PostgreSQL watches over its own."""
    if connection.dialect.name != "sqlite":
        return None
    first: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    return None if first == "ok" else first


def size_bytes(connection: Connection) -> int:
    """Room that the file, or our schema on a server, takes on disk."""
    if connection.dialect.name != "sqlite":
        size: int = connection.execute(text(_SCHEMA_BYTES)).scalar_one()
        return size
    path = connection.engine.url.database or ""
    files = (Path(path + suffix) for suffix in ("", "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _try_writing(connection: Connection) -> None:
    """A write of no rows needs every right that a real one needs."""
    if inspect(connection).has_table(stamp.name):
        connection.execute(stamp.update().where(stamp.c.id.is_(None)).values(world=""))
