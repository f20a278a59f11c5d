"""A restore rehearsed: a desk that trades is backed up, trades on, is lost and put back."""

import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.backups.folder import BackupFolder, Belongings
from adapters.backups.manifest import NAME
from adapters.backups.restoring import Restored, restore
from adapters.sql.candles import SqlCandles
from adapters.sql.desk import SqlDesk
from engines.orders.trade import Trade
from ports.backups import Backup
from ports.errors import Fatal
from tests.build.paper_desk import TOM, a_paper_desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 18, tzinfo=UTC)


@dataclass(frozen=True)
class Books:
    """What must be equal after a restore."""

    trades: list[Trade]
    balances: Mapping[tuple[str, str], Decimal]
    sums: Mapping[str, Decimal]


@dataclass
class Place:
    """The files of one desk."""

    folder: Path
    world: str = "live"

    @property
    def belongings(self) -> Belongings:
        data = self.folder / "data"
        databases = {"desk": data / "desk.sqlite3", "market": data / "market.sqlite3"}
        side_files = (data / "latches.json", data / "secrets.json")
        return Belongings(databases=databases, side_files=side_files, world=self.world, mode="paper")

    @property
    def backups(self) -> BackupFolder:
        return BackupFolder(self.folder / "backups", self.belongings)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[SqlDesk]:
        databases = self.belongings.databases
        desk = await SqlDesk.open(f"sqlite:///{databases['desk']}", world=self.world, mode="paper")
        candles = await SqlCandles.open(f"sqlite:///{databases['market']}", world=self.world, mode="paper")
        try:
            yield desk
        finally:
            await candles.close()
            await desk.close()

    def restore(self, backup: Backup | Path, *, is_running: bool | None = False) -> Restored:
        path = backup if isinstance(backup, Path) else backup.path
        return restore(path, self.belongings, now=LATER, is_running=lambda holder: is_running)


async def books_of(desk: SqlDesk) -> Books:
    sums: dict[str, Decimal] = {}
    for entry in await desk.books.entries(TOM):
        for posting in entry.postings:
            sums[posting.asset] = sums.get(posting.asset, Decimal(0)) + posting.amount
    trades = list(await desk.books.trades(TOM, limit=50))
    return Books(trades, dict(await desk.books.balances(TOM)), sums)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "data").mkdir()
    return Place(tmp_path)


async def a_backed_up_life(place: Place) -> tuple[Backup, Books]:
    """A desk that was backed up between two trades, while it ran."""
    (place.folder / "data" / "latches.json").write_text("[]")
    async with place.desk() as desk:
        paper = await a_paper_desk(books=desk.books)
        await paper.trades.start()
        await paper.open("BTC", "100")
        await paper.tick("101")
        before = await books_of(desk)
        backup = await place.backups.make(NOW)
        await paper.open("SOL", "50")
        assert len((await books_of(desk)).trades) == 2
    return backup, before


async def test_trades_and_ledger_are_equal_after_a_restore(place: Place) -> None:
    backup, before = await a_backed_up_life(place)
    for path in (place.folder / "data").glob("desk.sqlite3*"):
        path.write_bytes(b"lost")
    (place.folder / "data" / "desk.sqlite3-waiting.jsonl").write_bytes(b"changes of what is lost")

    restored = place.restore(backup)

    async with place.desk() as desk:
        assert await desk.books.live() != []
        assert await books_of(desk) == before
        assert len(before.trades) == 1
        assert set(before.sums.values()) == {Decimal(0)}
    assert restored.aside is not None
    assert (restored.aside / "desk.sqlite3").read_bytes() == b"lost"
    assert (restored.aside / "desk.sqlite3-waiting.jsonl").read_bytes() == b"changes of what is lost"
    assert restored.stayed == (place.folder / "data" / "latches.json",)


async def test_a_restore_into_an_empty_folder_brings_the_side_files_too(place: Place, tmp_path: Path) -> None:
    backup, before = await a_backed_up_life(place)
    elsewhere = Place(tmp_path / "elsewhere")

    restored = elsewhere.restore(backup)

    assert restored.aside is None
    assert (tmp_path / "elsewhere" / "data" / "latches.json").read_text() == "[]"
    async with elsewhere.desk() as desk:
        assert await books_of(desk) == before


@pytest.mark.parametrize("is_running", [True, None])
async def test_a_running_desk_is_not_restored(place: Place, is_running: bool | None) -> None:
    backup, _ = await a_backed_up_life(place)
    async with place.desk() as desk:
        await desk.lease.take("host/1/1.0/x", now=LATER, stale_before=NOW)
        with pytest.raises(Fatal, match="stop it first"):
            place.restore(backup, is_running=is_running)
    assert not list((place.folder / "data").glob("*.incoming"))


async def test_who_ran_the_desk_does_not_run_the_copy(place: Place) -> None:
    async with place.desk() as desk:
        await desk.lease.take("host/1/1.0/x", now=NOW, stale_before=NOW)
        backup = await place.backups.make(NOW)
    with closing(sqlite3.connect(backup.path / "desk.sqlite3")) as copy:
        assert copy.execute("SELECT count(*) FROM lease").fetchone() == (0,)


async def test_a_backup_of_another_world_is_refused(place: Place, tmp_path: Path) -> None:
    backup, _ = await a_backed_up_life(place)
    with pytest.raises(Fatal, match="world 'live'"):
        Place(tmp_path / "other", world="sandbox:x").restore(backup)


async def test_a_database_of_another_world_is_not_replaced(place: Place) -> None:
    backup, before = await a_backed_up_life(place)
    other = Place(place.folder, world="sandbox:x")
    manifest = json.loads((backup.path / NAME).read_text())
    (backup.path / NAME).write_text(json.dumps({**manifest, "world": "sandbox:x"}))
    with pytest.raises(Fatal, match="it is not replaced"):
        other.restore(backup)
    async with place.desk() as desk:
        assert before.trades[0].id in [trade.id for trade in (await books_of(desk)).trades]


@pytest.mark.parametrize("name", ["desk.sqlite3", "market.sqlite3", NAME])
async def test_a_damaged_backup_is_refused_and_nothing_changes(place: Place, name: str) -> None:
    backup, _ = await a_backed_up_life(place)
    damaged = backup.path / name
    damaged.write_bytes(damaged.read_bytes()[:-10])
    files = {path: path.read_bytes() for path in (place.folder / "data").iterdir()}
    with pytest.raises(Fatal):
        place.restore(backup)
    assert {path: path.read_bytes() for path in (place.folder / "data").iterdir()} == files


async def test_what_is_no_backup_is_refused(place: Place) -> None:
    with pytest.raises(Fatal, match="is no backup"):
        place.restore(place.folder)


async def test_a_ledger_out_of_balance_is_never_called_a_backup(place: Place) -> None:
    await a_backed_up_life(place)
    with closing(sqlite3.connect(place.belongings.databases["desk"])) as connection, connection:
        connection.execute("UPDATE postings SET amount = '12.5' WHERE rowid = 1")
    with pytest.raises(Fatal, match="out of balance"):
        await place.backups.make(LATER)
    assert [backup.made_at for backup in await place.backups.all()] == [NOW]


async def test_a_damaged_database_is_never_called_a_backup(place: Place) -> None:
    await a_backed_up_life(place)
    place.belongings.databases["desk"].write_bytes(b"nonsense" * 1000)
    with pytest.raises(Fatal, match="no backup could be made"):
        await place.backups.make(LATER)
    assert len(list((place.folder / "backups").iterdir())) == 1


async def test_without_a_database_there_is_nothing_to_back_up(place: Place) -> None:
    with pytest.raises(Fatal, match="nothing to back up"):
        await place.backups.make(NOW)
    assert await place.backups.all() == []


async def test_backups_are_listed_by_age_and_removed(place: Place) -> None:
    async with place.desk():
        second, first = await place.backups.make(LATER), await place.backups.make(NOW)
    (place.folder / "backups" / "perpetuum-of-somebody-elseZ").mkdir()
    assert await place.backups.all() == [first, second]
    await place.backups.remove(first)
    assert await place.backups.all() == [second]
    with pytest.raises(Fatal, match="cannot be removed"):
        await place.backups.remove(replace(second, path=place.folder / "nowhere"))
