"""The desk database as one object."""

from adapters.sql.actions import SqlActions
from adapters.sql.books import SqlBooks
from adapters.sql.database import Database, open_database
from adapters.sql.facts import SqlFacts
from adapters.sql.health import DatabaseHealth, examine
from adapters.sql.outbox import SqlOutbox
from adapters.sql.people import SqlPeople
from adapters.sql.place import locate
from adapters.sql.schema import upgrade
from adapters.sql.stamp import check_stamp, refuse_foreign


class SqlDesk:
    """All stores of the desk, over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.people = SqlPeople(database)
        self.actions = SqlActions(database)
        self.outbox = SqlOutbox(database)
        self.facts = SqlFacts(database)
        self.books = SqlBooks(database)

    @classmethod
    async def open(cls, url: str, *, world: str, mode: str) -> "SqlDesk":
        """Open the database at `url`, bring its schema up to date and check its stamp.

        Raises `Fatal` for a URL, file, schema or stamp that does not fit, `Transient` when the server is out
        of reach.
        """
        place = locate(url, schema="desk")
        database = open_database(place, is_durable=True)
        try:
            # Before the migrations: a database of another world is left exactly as it was.
            await refuse_foreign(database, world=world, mode=mode)
            await upgrade(place)
            await check_stamp(database, world=world, mode=mode)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def health(self) -> DatabaseHealth:
        """How the open database is."""
        return await examine(self._database)

    async def close(self) -> None:
        """Release all connections. May be called twice."""
        await self._database.close()


async def examine_desk(url: str) -> DatabaseHealth:
    """How the desk database at `url` is, without opening it for work: it is neither created, nor migrated,
    nor stamped.

    Raises `Fatal` for a URL that cannot be read.
    """
    place = locate(url, schema="desk")
    if place.path is not None and not place.path.exists():
        return DatabaseHealth(place=str(place))
    database = open_database(place, is_durable=True)
    try:
        return await examine(database)
    finally:
        await database.close()
