"""The market database: opening it, trouble with it, and that it stands in nobody's way."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sql.candles import SqlCandles
from adapters.sql.desk import SqlDesk
from adapters.sql.market_file import MarketFile
from adapters.sql.opening import examine_at
from adapters.sql.place import locate
from engines.core.timeframe import Timeframe
from engines.market.gaps import Span, missing
from ports.errors import Fatal, Transient
from tests.build.candles import JANUARY_MS, a_series, rows_of, some_candles

BTC = a_series()
M5 = Timeframe.M5.ms


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "market.sqlite3"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SqlCandles]:
    """A store with 1000 candles in a file."""
    store = await SqlCandles.open(f"sqlite:///{file}", world="live", mode="paper")
    await store.upsert(BTC, some_candles(1000))
    yield store
    await store.close()


async def test_what_was_stored_is_there_after_a_restart(url: str) -> None:
    for changed in (300, 0):
        store = await SqlCandles.open(url, world="live", mode="paper")
        assert await store.upsert(BTC, some_candles(300)) == changed
        await store.close()


async def test_a_database_of_another_world_stops_the_start(url: str) -> None:
    store = await SqlCandles.open(url, world="live", mode="paper")
    await store.close()
    with pytest.raises(Fatal, match=r"market database .* belongs to world 'live'.*name another"):
        await SqlCandles.open(url, world="sandbox:7", mode="paper")


async def test_both_databases_live_side_by_side(url: str) -> None:
    """On a server they are two schemas of one database; in a file each needs its own."""
    other = url.replace("desk", "market") if url.startswith("sqlite") else url
    desk = await SqlDesk.open(url, world="live", mode="paper")
    store = await SqlCandles.open(other, world="live", mode="paper")
    await store.upsert(BTC, some_candles(10))
    await desk.facts.put("claim", "x")
    assert len(await store.last(BTC, 20)) == 10
    assert await desk.facts.get("claim") == "x"
    await store.close()
    await desk.close()


async def test_it_can_be_examined(url: str) -> None:
    store = await SqlCandles.open(url, world="live", mode="paper")
    await store.close()
    health = await examine_at(url, schema="market")
    assert (health.problem, health.revision) == (None, "0001")


async def test_a_server_out_of_reach_is_transient(unused_tcp_port: int) -> None:
    url = f"postgresql://ann:s3cret@127.0.0.1:{unused_tcp_port}/crypto"
    with pytest.raises(Transient, match="out of reach"):
        await SqlCandles.open(url, world="live", mode="paper")


async def test_a_second_process_sees_and_adds_candles(store: SqlCandles, file: Path) -> None:
    other = await SqlCandles.open(f"sqlite:///{file}", world="live", mode="paper")
    assert len(await other.last(BTC, 2000)) == 1000
    await other.upsert(a_series("ETHUSDT"), some_candles(7))
    assert len(await store.last(a_series("ETHUSDT"), 10)) == 7
    await other.close()


async def test_damaged_candles_are_never_used_and_can_be_fetched_again(store: SqlCandles, file: Path) -> None:
    with sqlite3.connect(file) as hand:
        hand.execute(
            "UPDATE chunks SET bars = zeroblob(length(bars)) WHERE count = 256 AND start_ms > ?",
            (JANUARY_MS,),
        )
        damaged = hand.execute("SELECT count(*) FROM chunks WHERE bars = zeroblob(length(bars))").fetchone()[
            0
        ]
    hand.close()
    assert damaged > 1
    for _ in range(damaged):
        with pytest.raises(Transient, match=r"damaged candles.*fetched again") as trouble:
            await store.last(BTC, 1000)
        assert trouble.value.kind == "database"
    left = await store.between(BTC, JANUARY_MS, JANUARY_MS + 1000 * M5)
    gaps = missing(left.time_ms, Timeframe.M5, Span(JANUARY_MS, JANUARY_MS + 1000 * M5))
    assert sum(gap.count(Timeframe.M5) for gap in gaps) == 256 * damaged
    assert await store.upsert(BTC, some_candles(1000)) == 256 * damaged
    assert rows_of(await store.last(BTC, 1000)) == rows_of(some_candles(1000))


@pytest.mark.parametrize("bars", ["x'00'", "x''", "zeroblob(12288)"])
async def test_damaged_candles_are_written_over(store: SqlCandles, file: Path, bars: str) -> None:
    with sqlite3.connect(file) as hand:
        hand.execute(f"UPDATE chunks SET bars = {bars}")
    hand.close()
    assert await store.upsert(BTC, some_candles(1000)) == 1000
    assert rows_of(await store.last(BTC, 1000)) == rows_of(some_candles(1000))


async def test_damaged_candles_are_forgotten_without_being_read(store: SqlCandles, file: Path) -> None:
    with sqlite3.connect(file) as hand:
        hand.execute("UPDATE chunks SET bars = x'00'")
    hand.close()
    await store.forget_before(BTC, JANUARY_MS + 300 * M5)
    assert all(one.first_ms >= JANUARY_MS + 300 * M5 for one in await store.coverage())


async def test_a_damaged_file_is_transient(store: SqlCandles, file: Path) -> None:
    await store.close()
    pages = bytearray(file.read_bytes())
    pages[4096 * 2 :] = b"\x07" * (len(pages) - 4096 * 2)
    file.write_bytes(pages)
    broken = SqlCandles(locate(f"sqlite:///{file}", schema="market"), MarketFile(file))
    with pytest.raises(Transient, match="restore it from a backup") as trouble:
        await broken.last(BTC, 100)
    assert trouble.value.kind == "database"
    await broken.close()


async def test_a_full_disk_is_transient_and_nothing_is_lost(store: SqlCandles) -> None:
    """A limit on the size of files stands for the disk's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (await store.size_bytes(), hard))
    try:
        with pytest.raises(Transient) as trouble:
            await store.upsert(BTC, some_candles(20_000, seed=2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert trouble.value.kind == "database"
    assert rows_of(await store.last(BTC, 1000)) == rows_of(some_candles(1000))
    assert await store.upsert(BTC, some_candles(20_000, seed=2)) == 20_000


async def test_a_locked_file_can_still_be_read(store: SqlCandles, file: Path) -> None:
    hasty = SqlCandles(locate(f"sqlite:///{file}", schema="market"), MarketFile(file, busy_timeout_s=0.01))
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert len(await hasty.last(BTC, 100)) == 100
    with pytest.raises(Transient, match="locked by another process"):
        await hasty.upsert(BTC, some_candles(1, seed=9))
    holder.execute("COMMIT")
    holder.close()
    assert await hasty.upsert(BTC, some_candles(1, seed=9)) == 1
    await hasty.close()


async def test_a_read_that_finds_a_lock_waits_for_it_in_a_thread(file: Path) -> None:
    """Only a file without a write-ahead log can be locked against readers for as long as a test likes."""
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("CREATE TABLE series (id INTEGER)")
    rows = MarketFile(file)
    holder.execute("BEGIN EXCLUSIVE")
    reading = asyncio.create_task(rows.read("SELECT count(*) FROM series", {}, is_small=True))
    await asyncio.sleep(0.05)
    assert not reading.done()  # and the event loop goes on
    holder.execute("COMMIT")
    assert await reading == [(0,)]
    holder.close()
    await rows.close()


async def test_our_own_mistakes_are_not_the_databases(store: SqlCandles) -> None:
    await store.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await store.last(BTC, 10)
