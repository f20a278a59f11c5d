"""Brings a database's schema up to this version of the code, with the migrations beside it."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateSchema
from sqlalchemy.sql import text

from adapters.sql.database import open_for_migration
from adapters.sql.errors import translated
from adapters.sql.place import Place
from adapters.sql.revision import MIGRATIONS, revision
from ports.errors import Fatal

_LOCK = 7_205_759_403  # any number, the same for every process of ours


async def upgrade(place: Place) -> None:
    """Run the missing migrations, all in one transaction; processes that start together take turns.

    Raises `Fatal` when the database is newer than the code.
    """
    engine = open_for_migration(place)
    try:
        with translated(place):
            async with engine.begin() as connection:
                await _take_turn(connection, place)
                await connection.run_sync(_upgrade, place)
    finally:
        await engine.dispose()


def settings(place: Place, connection: Connection | None = None) -> Config:
    """Alembic's configuration for one of our databases, over an open connection."""
    config = Config(ini_section=place.schema, attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(MIGRATIONS / place.schema).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


async def _take_turn(connection: AsyncConnection, place: Place) -> None:
    """BEGIN IMMEDIATE has done it on SQLite."""
    if place.path is not None:
        return
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if not await connection.run_sync(lambda sync: inspect(sync).has_schema(place.schema)):
        await connection.execute(CreateSchema(place.schema))


def _upgrade(connection: Connection, place: Place) -> None:
    config = settings(place, connection)
    found = revision(connection)
    try:
        ScriptDirectory.from_config(config).get_revision(found or "base")
    except CommandError as error:
        raise Fatal(
            f"{place} is at revision {found}, which this version of Perpetuum does not know: "
            "update Perpetuum to the version that wrote it, or name another database"
        ) from error
    command.upgrade(config, "head")
