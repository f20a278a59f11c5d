"""Where a database lives: a URL read strictly, and told without its secrets."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ports.errors import Fatal

_ASYNCPG = "postgresql+asyncpg"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": _ASYNCPG, "postgres": _ASYNCPG}
_FORMS = "write sqlite:///path/to/desk.sqlite or postgresql://user:password@host/database"


@dataclass(frozen=True, slots=True)
class Place:
    """A database of ours: one SQLite file, or one schema of a PostgreSQL database.

    `str()` names it for messages and logs, without user and password.
    """

    url: URL = field(repr=False)
    schema: str

    @property
    def path(self) -> Path | None:
        """The SQLite file; `None` on PostgreSQL."""
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            return Path(self.url.database)
        return None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The servers, by name or address; none for a file or a socket of this machine."""
        asked = self.url.query.get("host", ())
        listed = (asked,) if isinstance(asked, str) else asked
        named = [one.partition(":")[0] if one.count(":") == 1 else one for one in listed]
        return tuple(one.lower() for one in (self.url.host or "", *named) if one and not one.startswith("/"))

    def __str__(self) -> str:
        if self.path is not None:
            return f"{self.schema} database {self.path}"
        return f"{self.schema} database at {self.url.host}:{self.url.port or 5432}/{self.url.database}"


def locate(url: str, *, schema: str) -> Place:
    """Read a database URL and choose its asynchronous driver.

    `schema` tells our databases apart: it is the schema's name on PostgreSQL.
    Raises `Fatal` for a URL of another form; the message never repeats the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise Fatal(f"the URL of the {schema} database cannot be read: {_FORMS}") from None
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise Fatal(f"the {schema} database cannot be kept in {backend!r}: {_FORMS}")
    if not parsed.database or parsed.database.startswith((":memory:", "file:")):
        raise Fatal(f"the URL of the {schema} database names no database: {_FORMS}")
    return Place(_with_ssl(parsed.set(drivername=_DRIVERS[backend])), schema)


def _with_ssl(url: URL) -> URL:
    """Hosts hand out URLs in libpq's words; our driver calls `sslmode` `ssl`."""
    if "sslmode" not in url.query:
        return url
    mode = url.query["sslmode"]
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
