"""A desk on PostgreSQL is dumped while it trades, tried in a database of its own, lost, and put back."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.backups.folder import BackupFolder
from adapters.backups.manifest import read_manifest
from adapters.backups.postgres_tools import Failed, PostgresTools
from adapters.backups.restoring import Restored
from adapters.backups.server import DUMP, ServerBelongings, restore_server
from adapters.sql.candles import SqlCandles
from adapters.sql.change_file import ChangeFile
from adapters.sql.desk import SqlDesk
from adapters.sql.place import locate
from engines.orders.trade import Trade
from ports.backups import Backup
from ports.errors import Fatal
from tests.build.backlog_life import a_close, a_closed, an_opening, held
from tests.build.paper_desk import TOM, a_paper_desk
from tests.build.postgres import PostgresServer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 18, tzinfo=UTC)


@dataclass(frozen=True)
class Books:
    """What must be equal after a restore."""

    trades: list[Trade]
    balances: Mapping[tuple[str, str], Decimal]


@dataclass
class Room:
    """A desk on a server, and the folder of its backups."""

    url: str
    folder: Path
    world: str = "live"
    path: str | None = field(default=None, kw_only=True)

    @property
    def tools(self) -> PostgresTools:
        return PostgresTools(locate(self.url, schema="desk"), path=self.path)

    @property
    def belongings(self) -> ServerBelongings:
        side_files = (self.folder / "data" / "latches.json",)
        return ServerBelongings(
            tools=self.tools,
            side_files=side_files,
            waiting=self.waiting,
            world=self.world,
            mode="paper",
        )

    @property
    def waiting(self) -> Path:
        return self.folder / "data" / "desk-waiting.jsonl"

    @property
    def backups(self) -> BackupFolder:
        return BackupFolder(self.folder / "backups", self.belongings)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[SqlDesk]:
        beside = self.waiting if self.waiting.parent.exists() else None
        desk = await SqlDesk.open(self.url, world=self.world, mode="paper", beside=beside)
        candles = await SqlCandles.open(self.url, world=self.world, mode="paper")
        try:
            yield desk
        finally:
            await candles.close()
            await desk.close()

    def restore(self, backup: Path, *, is_running: bool | None = False) -> Restored:
        return restore_server(backup, self.belongings, now=LATER, is_running=lambda holder: is_running)

    def schemas(self) -> set[str]:
        found = {name for (name,) in self.tools.ask("SELECT nspname FROM pg_namespace")}
        return {name for name in found if name.startswith(("desk", "market"))}

    def databases(self) -> set[str]:
        return {name for (name,) in self.tools.ask("SELECT datname FROM pg_database")}


@pytest.fixture
def room(tmp_path: Path, postgres_url: str) -> Room:
    return Room(postgres_url, tmp_path)


async def books_of(desk: SqlDesk) -> Books:
    return Books(list(await desk.books.trades(TOM, limit=50)), dict(await desk.books.balances(TOM)))


async def a_backed_up_life(room: Room) -> tuple[Backup, Books]:
    """A desk that was backed up between two trades, while it ran."""
    (room.folder / "data").mkdir(exist_ok=True)
    (room.folder / "data" / "latches.json").write_text("[]")
    async with room.desk() as desk:
        await desk.lease.take("host/1/1.0/x", now=NOW, stale_before=NOW)
        paper = await a_paper_desk(books=desk.books)
        await paper.trades.start()
        await paper.open("BTC", "100")
        await paper.tick("101")
        before = await books_of(desk)
        backup = await room.backups.make(NOW)
        await paper.open("SOL", "50")
        assert len((await books_of(desk)).trades) == 2
    return backup, before


async def test_a_desk_that_is_lost_is_put_back_and_the_former_kept(room: Room) -> None:
    backup, before = await a_backed_up_life(room)
    rows = read_manifest(backup.path).rows
    assert (rows["desk"]["trades"], rows["desk"]["lease"]) == (1, 0)
    assert "stamp" in rows["market"]
    assert not any("rehearsal" in name for name in room.databases())

    restored = room.restore(backup.path)

    async with room.desk() as desk:
        assert await books_of(desk) == before
    stamp = "20260301t180000z"
    assert restored.renamed == (f"desk_replaced_{stamp}", f"market_replaced_{stamp}")
    assert room.schemas() == {"desk", "market", *restored.renamed}
    assert room.tools.ask(f"SELECT count(*) FROM {restored.renamed[0]}.trades") == [["2"]]
    assert restored.stayed == (room.folder / "data" / "latches.json",)


async def test_changes_that_waited_for_the_former_do_not_meet_what_is_put_back(room: Room) -> None:
    """They are later than the backup: the desk would not start with them."""
    (room.folder / "data").mkdir()
    async with room.desk() as desk:
        await desk.books.commit(an_opening())
        backup = await room.backups.make(NOW)
        await desk.books.commit(a_close())
    ChangeFile(room.waiting).append([a_closed()])
    waited = room.waiting.read_bytes()

    restored = room.restore(backup.path)

    assert restored.aside is not None
    assert (restored.aside / room.waiting.name).read_bytes() == waited
    async with room.desk() as desk:
        assert [trade for trade, _ in await desk.books.live()] == [held()]


async def test_a_database_that_a_killed_rehearsal_left_is_dropped_by_the_next(room: Room) -> None:
    [[database, hour_ago]] = room.tools.ask(
        "SELECT current_database(), extract(epoch FROM now() - interval '1 hour')::bigint"
    )
    left, used, going_on = (f"perpetuum_rehearsal_{began}_0a" for began in (1, 2, hour_ago))
    for name in (left, used, going_on):
        room.tools.ask(f"CREATE DATABASE {name}")
    async with Room(room.url.replace(database, used), room.folder).desk():
        await a_backed_up_life(room)
    there = {name for name in room.databases() if "rehearsal" in name}
    for name in there:
        room.tools.ask(f"DROP DATABASE {name}")
    assert there == {used, going_on}


async def test_an_empty_database_gets_all_of_it(
    room: Room, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    backup, before = await a_backed_up_life(room)
    elsewhere = Room(await postgres_server.create_database(), tmp_path / "elsewhere")
    restored = elsewhere.restore(backup.path)
    assert restored.renamed == ()
    assert (tmp_path / "elsewhere" / "data" / "latches.json").read_text() == "[]"
    async with elsewhere.desk() as desk:
        assert await books_of(desk) == before


@pytest.mark.parametrize("is_running", [True, None])
async def test_a_running_desk_is_not_restored(room: Room, is_running: bool | None) -> None:
    backup, _ = await a_backed_up_life(room)
    room.tools.ask(f"UPDATE desk.lease SET renewed_at = '{LATER.isoformat()}'")
    with pytest.raises(Fatal, match="stop it first"):
        room.restore(backup.path, is_running=is_running)
    assert room.schemas() == {"desk", "market"}


async def test_another_world_is_neither_restored_nor_replaced(room: Room) -> None:
    backup, _ = await a_backed_up_life(room)
    other = Room(room.url, room.folder, world="sandbox:x")
    with pytest.raises(Fatal, match="world 'live'"):
        other.restore(backup.path)
    manifest = backup.path / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "world": "sandbox:x"}))
    with pytest.raises(Fatal, match="it is not replaced"):
        other.restore(backup.path)
    assert room.schemas() == {"desk", "market"}


async def test_a_damaged_dump_is_refused_and_nothing_changes(room: Room) -> None:
    backup, _ = await a_backed_up_life(room)
    dump = backup.path / DUMP
    dump.write_bytes(dump.read_bytes()[:-10])
    with pytest.raises(Fatal, match="not what was written"):
        room.restore(backup.path)
    assert room.schemas() == {"desk", "market"}


async def test_a_backup_of_files_is_told_apart(room: Room) -> None:
    backup, _ = await a_backed_up_life(room)
    manifest = backup.path / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "files": {}}))
    with pytest.raises(Fatal, match="of a desk in files"):
        room.restore(backup.path)


async def test_a_ledger_out_of_balance_is_never_called_a_backup(room: Room) -> None:
    await a_backed_up_life(room)
    one = "SELECT min(ctid) FROM desk.postings"
    room.tools.ask(f"UPDATE desk.postings SET amount = 12.5 WHERE ctid IN ({one})")
    with pytest.raises(Fatal, match="out of balance by"):
        await room.backups.make(LATER)
    assert [backup.made_at for backup in await room.backups.all()] == [NOW]
    assert not any("rehearsal" in name for name in room.databases())


async def test_an_account_that_makes_no_databases_backs_up_all_the_same(
    room: Room, postgres_server: PostgresServer
) -> None:
    [[owner]] = room.tools.ask("SELECT current_user")
    room.tools.ask("CREATE ROLE \"Modest\" LOGIN PASSWORD 'long enough'")
    [[database]] = room.tools.ask("SELECT current_database()")
    room.tools.ask(f'GRANT CREATE ON DATABASE {database} TO "Modest"')
    modest = Room(
        room.url.replace(f"{owner}:{postgres_server.password}", "Modest:long%20enough"), room.folder
    )
    backup, before = await a_backed_up_life(modest)
    assert read_manifest(backup.path).rows == {}
    modest.restore(backup.path)
    async with modest.desk() as desk:
        assert await books_of(desk) == before


async def test_without_the_programs_the_mend_is_named(room: Room, tmp_path: Path) -> None:
    bare = Room(room.url, tmp_path, path=str(tmp_path / "nowhere"))
    with pytest.raises(Fatal, match=r"pg_dump is not there: install .*postgresql-client"):
        await bare.backups.make(NOW)
    assert await bare.backups.all() == []


async def test_programs_newer_than_the_server_are_named(room: Room, tmp_path: Path) -> None:
    says = 'ERROR:  unrecognized configuration parameter "transaction_timeout"'
    program = tmp_path / "psql"
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit 3\n")
    program.chmod(0o700)
    with pytest.raises(Failed, match=r"psql is newer than the server: install .*the server's version"):
        Room(room.url, tmp_path, path=str(tmp_path)).tools.ask("SELECT 1")


async def test_without_a_desk_there_is_nothing_to_back_up(room: Room) -> None:
    with pytest.raises(Fatal, match="nothing to back up"):
        await room.backups.make(NOW)


async def test_a_wrong_password_is_not_repeated(postgres_server: PostgresServer, tmp_path: Path) -> None:
    room = Room(postgres_server.url(password="hush-hush-hush"), tmp_path)
    with pytest.raises(Fatal, match="password authentication failed") as failed:
        await room.backups.make(NOW)
    assert "hush" not in str(failed.value)
