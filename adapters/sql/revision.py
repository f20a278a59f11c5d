"""At which revision a schema is, and at which it should be: asked at every start, hence without Alembic. Its
import is a tenth of a start, and it is needed only when a migration is due."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from adapters.sql.place import Place

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def revision(connection: Connection) -> str | None:
    """The schema's revision; `None` before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def newest(place: Place) -> str:
    """The revision of this version of the code: a file's name begins with its number."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / place.schema).glob("[0-9]*_*.py"))
