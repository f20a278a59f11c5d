"""Writers lose no update and readers neither write nor wait, on both databases."""

import asyncio
import stat
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from adapters.sql.database import Database, open_database
from adapters.sql.place import Place, locate
from adapters.sql.tables import facts
from ports.errors import DeskError, Fatal

COUNTER = facts.c.name == "counter"


async def count_up(database: Database) -> None:
    async with database.write() as connection:
        value = await connection.scalar(select(facts.c.value).where(COUNTER).with_for_update())
        await asyncio.sleep(0)
        await connection.execute(update(facts).where(COUNTER).values(value=str(int(value or 0) + 1)))


async def counted(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(select(facts.c.value).where(COUNTER)) or 0)


async def test_concurrent_writers_lose_no_update(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(facts).values(name="counter", value="0"))
    await asyncio.gather(*(count_up(database) for _ in range(20)))
    assert await counted(database) == 20


async def test_writers_of_another_process_lose_no_update_either(database: Database, place: Place) -> None:
    other = open_database(place, is_durable=True)
    async with database.write() as connection:
        await connection.execute(insert(facts).values(name="counter", value="0"))
    await asyncio.gather(*(count_up(each) for each in (database, other) * 10))
    await other.close()
    assert await counted(database) == 20


async def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    async def half() -> None:
        async with database.write() as connection:
            await connection.execute(insert(facts).values(name="counter", value="7"))
            raise KeyError

    with pytest.raises(KeyError):
        await half()
    assert await counted(database) == 0


async def test_a_reader_sees_one_state_while_a_writer_works(database: Database) -> None:
    async with database.write() as writing:
        await writing.execute(insert(facts).values(name="counter", value="7"))
        assert await counted(database) == 0
    assert await counted(database) == 7


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises((DeskError, DBAPIError)):
        async with database.read() as connection:
            await connection.execute(insert(facts).values(name="counter", value="7"))
    assert await counted(database) == 0


async def test_writing_works_after_reading_on_the_same_connections(database: Database) -> None:
    for number in range(3):
        assert await counted(database) == number
        async with database.write() as connection:
            row = database.insert(facts).values(name="counter", value=str(number + 1))
            await connection.execute(
                row.on_conflict_do_update(index_elements=["name"], set_={"value": row.excluded.value})
            )


@pytest.mark.parametrize(("is_durable", "synchronous"), [(True, 2), (False, 1)])
async def test_sqlite_is_set_up_for_us(tmp_path: Path, is_durable: bool, synchronous: int) -> None:
    database = open_database(
        locate(f"sqlite:///{tmp_path}/desk.sqlite", schema="desk"), is_durable=is_durable
    )

    def pragmas(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names}

    async with database.write() as connection:
        found = await connection.run_sync(pragmas)
    await database.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": synchronous,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


@pytest.mark.parametrize(("is_durable", "commit"), [(True, "on"), (False, "off")])
async def test_postgresql_is_set_up_for_us(postgres_url: str, is_durable: bool, commit: str) -> None:
    database = open_database(locate(postgres_url, schema="market"), is_durable=is_durable)
    found = {}
    async with database.write() as connection:
        for name in ("search_path", "synchronous_commit", "TimeZone"):
            found[name] = await connection.scalar(text(f"SHOW {name}"))
    await database.close()
    assert found == {"search_path": "market", "synchronous_commit": commit, "TimeZone": "UTC"}


def test_a_new_file_is_for_its_owners_eyes(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "desk.sqlite"
    open_database(locate(f"sqlite:///{path}", schema="desk"), is_durable=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    path.touch(mode=0o644)
    open_database(locate(f"sqlite:///{path}", schema="desk"), is_durable=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_path_that_cannot_be_made_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "desk.sqlite"
    with pytest.raises(Fatal, match="name a folder") as refusal:
        open_database(locate(f"sqlite:///{path}", schema="desk"), is_durable=True)
    assert str(path) in str(refusal.value)


def test_a_missing_driver_is_named_with_the_extra_to_install() -> None:
    place = Place(make_url("postgresql+psycopg2://db.test/crypto"), "desk")
    with pytest.raises(Fatal, match=r"perpetuum\[postgres\]"):
        open_database(place, is_durable=True)
