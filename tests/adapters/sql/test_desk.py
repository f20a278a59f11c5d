"""The desk's database opens, knows what it belongs to, and says how it is."""

import sqlite3
from pathlib import Path

import pytest

from adapters.sql.desk import SqlDesk
from adapters.sql.opening import examine_at
from ports.errors import Fatal, Transient
from tests.build.people import a_person
from tests.build.postgres import PostgresServer


async def test_what_was_stored_is_there_after_a_restart(url: str) -> None:
    for _ in range(2):
        desk = await SqlDesk.open(url, world="live", mode="paper")
        person = await desk.people.add(a_person())
        await desk.close()
        await desk.close()
    assert person == a_person()


@pytest.mark.parametrize(("world", "mode"), [("sandbox-7", "paper"), ("live", "real")])
async def test_a_database_of_another_world_or_mode_stops_the_start(url: str, world: str, mode: str) -> None:
    desk = await SqlDesk.open(url, world="live", mode="paper")
    await desk.close()
    with pytest.raises(Fatal, match=f"'live' in mode 'paper'.*{world!r} in mode {mode!r}.*name another"):
        await SqlDesk.open(url, world=world, mode=mode)


async def test_a_database_of_another_world_is_not_even_migrated(tmp_path: Path) -> None:
    file = tmp_path / "desk.sqlite3"
    with sqlite3.connect(file) as older:
        older.execute("CREATE TABLE stamp (id INTEGER, world TEXT, mode TEXT)")
        older.execute("INSERT INTO stamp VALUES (1, 'sandbox:7', 'paper')")
    older.close()
    with pytest.raises(Fatal, match="belongs to world 'sandbox:7'"):
        await SqlDesk.open(f"sqlite:///{file}", world="live", mode="paper")
    with sqlite3.connect(file) as after:
        tables = [name for (name,) in after.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    after.close()
    assert tables == ["stamp"]


async def test_an_open_desk_is_healthy(url: str) -> None:
    desk = await SqlDesk.open(url, world="live", mode="paper")
    health = await desk.health()
    await desk.close()
    assert health.problem is None
    assert health.revision is not None
    assert health.size_bytes is not None
    assert health.size_bytes > 0
    assert (await examine_at(url, schema="desk")).revision == health.revision


async def test_examining_neither_creates_nor_migrates(url: str, tmp_path: Path) -> None:
    health = await examine_at(url, schema="desk")
    assert health.problem is None
    assert health.revision is None
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.sqlite"
    desk = await SqlDesk.open(url, world="live", mode="paper")
    await desk.close()
    path = tmp_path / "desk.sqlite"
    pages = bytearray(path.read_bytes())
    pages[4096 * 2 :] = b"\x07" * (len(pages) - 4096 * 2)
    path.write_bytes(pages)
    health = await examine_at(url, schema="desk")
    assert health.problem is not None
    assert "restore it from a backup" in health.problem


async def test_a_server_that_is_down_is_told_without_the_password(unused_tcp_port: int) -> None:
    url = f"postgresql://ann:s3cret@127.0.0.1:{unused_tcp_port}/crypto"
    health = await examine_at(url, schema="desk")
    assert health.problem is not None
    assert "out of reach" in health.problem
    assert "s3cret" not in health.problem
    with pytest.raises(Transient, match="out of reach"):
        await SqlDesk.open(url, world="live", mode="paper")


async def test_a_wrong_password_or_database_is_fatal(postgres_server: PostgresServer) -> None:
    with pytest.raises(Fatal, match="refuses the user or the password"):
        await SqlDesk.open(postgres_server.url(password="guess"), world="live", mode="paper")
    with pytest.raises(Fatal, match="no such database"):
        await SqlDesk.open(postgres_server.url("nowhere"), world="live", mode="paper")
