"""The stamp that ties a database to one world and one mode."""

from sqlalchemy import inspect, select

from adapters.sql.database import Database
from adapters.sql.tables import stamp
from ports.errors import Fatal


async def check_stamp(database: Database, *, world: str, mode: str) -> None:
    """Stamp a new database; raise `Fatal` when it was stamped for another world or mode.

    `world` is `"live"` or names a sandbox run, `mode` says whether trades are on paper or real: rows of one
    must never be read as rows of the other.
    """
    first = database.insert(stamp).values(id=1, world=world, mode=mode).on_conflict_do_nothing()
    async with database.write() as connection:
        await connection.execute(first)
        found = (await connection.execute(select(stamp.c.world, stamp.c.mode))).one()
    _compare(database, (found.world, found.mode), (world, mode))


async def refuse_foreign(database: Database, *, world: str, mode: str) -> None:
    """Raise `Fatal` for a database of another world or mode; changes nothing, an empty one passes."""
    async with database.read() as connection:
        if not await connection.run_sync(
            lambda sync: inspect(sync).has_table(stamp.name, schema=stamp.schema)
        ):
            return
        found = (await connection.execute(select(stamp.c.world, stamp.c.mode))).one_or_none()
    if found is not None:
        _compare(database, (found.world, found.mode), (world, mode))


def _compare(database: Database, found: tuple[str, str], wanted: tuple[str, str]) -> None:
    if found != wanted:
        raise Fatal(
            f"{database.place} belongs to world {found[0]!r} in mode {found[1]!r}, but this start is "
            f"world {wanted[0]!r} in mode {wanted[1]!r}: name another database for this start, "
            "or start as the database was stamped"
        )
