"""Opening a database for work, and looking at one without."""

from adapters.sql.database import Database, open_database
from adapters.sql.health import DatabaseHealth, examine
from adapters.sql.place import Place, locate
from adapters.sql.revision import newest, revision
from adapters.sql.stamp import check_stamp, refuse_foreign


async def open_current(place: Place, *, is_durable: bool, world: str, mode: str) -> Database:
    """Open a database, bring its schema up to date and check its stamp.

    Raises `Fatal` for a file, schema or stamp that does not fit, `Transient` when the server is out of
    reach.
    """
    database = open_database(place, is_durable=is_durable)
    try:
        # Before the migrations: a database of another world is left exactly as it was.
        await refuse_foreign(database, world=world, mode=mode)
        async with database.read() as connection:
            found = await connection.run_sync(revision)
        if found != newest(place):
            await _upgrade(place)
        await check_stamp(database, world=world, mode=mode)
    except BaseException:
        await database.close()
        raise
    return database


async def examine_at(url: str, *, schema: str) -> DatabaseHealth:
    """How the database at `url` is, without opening it for work: it is neither created, nor migrated, nor
    stamped.

    Raises `Fatal` for a URL that cannot be read.
    """
    place = locate(url, schema=schema)
    if place.path is not None and not place.path.exists():
        return DatabaseHealth(place=str(place), folder=place.path.parent)
    database = open_database(place, is_durable=True)
    try:
        return await examine(database)
    finally:
        await database.close()


async def _upgrade(place: Place) -> None:
    from adapters.sql.schema import upgrade  # and with it Alembic

    await upgrade(place)
