"""The desk database as one object."""

from pathlib import Path

from adapters.sql.actions import SqlActions
from adapters.sql.alerts import SqlAlerts
from adapters.sql.audit import SqlAudit
from adapters.sql.books import SqlBooks
from adapters.sql.database import Database
from adapters.sql.facts import SqlFacts
from adapters.sql.health import DatabaseHealth, examine
from adapters.sql.latches import SqlLatches
from adapters.sql.lease import SqlLease
from adapters.sql.opening import open_current
from adapters.sql.outbox import SqlOutbox
from adapters.sql.people import SqlPeople
from adapters.sql.place import locate
from adapters.sql.policies import SqlPolicies
from adapters.sql.signals import SqlSignals
from adapters.sql.tickets import SqlTickets


class SqlDesk:
    """All stores of the desk, over one database."""

    def __init__(self, database: Database, beside: Path | None = None) -> None:
        self._database = database
        self.people = SqlPeople(database)
        self.actions = SqlActions(database)
        self.outbox = SqlOutbox(database)
        self.facts = SqlFacts(database)
        self.books = SqlBooks(database, beside)
        self.alerts = SqlAlerts(database)
        self.signals = SqlSignals(database)
        self.tickets = SqlTickets(database)
        self.latches = SqlLatches(database)
        self.policies = SqlPolicies(database)
        self.lease = SqlLease(database)
        self.audit = SqlAudit(database)

    @classmethod
    async def open(cls, url: str, *, world: str, mode: str, beside: Path | None = None) -> "SqlDesk":
        """Open the database at `url`, bring its schema up to date and check its stamp. `beside` is the file
        in which changes wait for a server (`SqlBooks`).

        Raises `Fatal` for a URL, file, schema or stamp that does not fit, `Transient` when the server is out
        of reach.
        """
        place = locate(url, schema="desk")
        database = await open_current(place, is_durable=True, world=world, mode=mode)
        return cls(database, beside)

    async def health(self) -> DatabaseHealth:
        """How the open database is."""
        return await examine(self._database)

    async def close(self) -> None:
        """Release all connections. May be called twice."""
        await self.books.close()
        await self._database.close()
