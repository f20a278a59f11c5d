"""Migrations: up, down, up; like the tables; together; and never over a newer database."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from adapters.sql.database import Database, open_database, open_for_migration
from adapters.sql.market_tables import MARKET
from adapters.sql.place import Place, locate
from adapters.sql.revision import newest, revision
from adapters.sql.schema import settings, upgrade
from adapters.sql.tables import DESK
from ports.errors import Fatal

TABLES = {"desk": set(DESK.tables), "market": set(MARKET.tables)}


@pytest.fixture(params=["desk", "market"])
def schema(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


async def test_up_down_and_up_again(database: Database, place: Place) -> None:
    engine = open_for_migration(place)
    async with engine.begin() as connection:
        assert await connection.run_sync(tables) == TABLES[place.schema]
        await connection.run_sync(lambda sync: command.downgrade(settings(place, sync), "base"))
        assert await connection.run_sync(tables) == set()
        assert await connection.run_sync(revision) is None
    await engine.dispose()
    await upgrade(place)
    async with database.read() as connection:
        assert await connection.run_sync(tables) == TABLES[place.schema]


async def test_migrations_build_what_the_tables_say(database: Database) -> None:
    async with database.read() as connection:
        await connection.run_sync(lambda sync: command.check(settings(database.place, sync)))


async def test_what_is_newest_and_what_is_there_is_what_alembic_says(
    database: Database, place: Place
) -> None:
    assert newest(place) == ScriptDirectory.from_config(settings(place)).get_current_head()
    async with database.read() as connection:
        found = await connection.run_sync(revision)
        told = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    assert found == told == newest(place)


async def test_upgrading_twice_changes_nothing(database: Database, place: Place) -> None:
    async with database.read() as connection:
        before = await connection.run_sync(revision)
    await upgrade(place)
    async with database.read() as connection:
        assert await connection.run_sync(revision) == before


async def test_processes_that_start_together_take_turns(place: Place) -> None:
    await asyncio.gather(*(asyncio.to_thread(asyncio.run, upgrade(place)) for _ in range(3)))
    database = open_database(place, is_durable=True)
    async with database.read() as connection:
        assert await connection.run_sync(tables) == TABLES[place.schema]
    await database.close()


async def test_a_database_from_a_newer_version_is_left_alone(database: Database, place: Place) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Fatal, match=r"revision 9999.*update Perpetuum"):
        await upgrade(place)
    async with database.read() as connection:
        assert await connection.run_sync(tables) == TABLES[place.schema]


async def test_a_file_that_is_no_database_is_fatal(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    path.write_text("Dear diary, " * 100)
    with pytest.raises(Fatal, match="not a database"):
        await upgrade(locate(f"sqlite:///{path}", schema="desk"))
