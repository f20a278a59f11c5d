"""The stamp that ties a database to one world and one mode."""

from sqlalchemy import select

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
    if (found.world, found.mode) != (world, mode):
        raise Fatal(
            f"{database.place} belongs to world {found.world!r} in mode {found.mode!r}, but this start is "
            f"world {world!r} in mode {mode!r}: name another database for this start, "
            "or start as the database was stamped"
        )
