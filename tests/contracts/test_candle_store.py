"""One battery over every store of candles: in memory, SQLite, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.sql.candles import SqlCandles
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain, empty, pick
from ports.candles import CandleStore, Coverage
from ports.errors import Refused
from tests.build.candles import JANUARY_MS, MemoryCandles, a_series, rows_of, some_candles

M5 = Timeframe.M5.ms
BTC = a_series()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CandleStore]:
    if request.param == "memory":
        yield MemoryCandles()
        return
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/market.sqlite"
    else:
        url = await request.getfixturevalue("postgres_server").create_database()
    store = await SqlCandles.open(url, world="live", mode="paper")
    yield store
    await store.close()


def rewritten(candles: Candles, *rows: int) -> Candles:
    """The same with another volume in those rows."""
    volume = candles.volume.copy()
    volume[list(rows)] += 1
    return replace(candles, volume=volume)


async def all_of(store: CandleStore) -> list[tuple[float, ...]]:
    return rows_of(await store.between(BTC, 0, 2**45))


async def test_nothing_is_known_at_first(store: CandleStore) -> None:
    assert len(await store.last(BTC, 10)) == 0
    assert len(await store.between(BTC, 0, JANUARY_MS)) == 0
    assert list(await store.coverage()) == []
    assert await store.forget_before(BTC, JANUARY_MS) == 0
    assert list(await store.coverage()) == []


async def test_candles_come_back_bit_for_bit(store: CandleStore) -> None:
    candles = some_candles(3000)
    assert await store.upsert(BTC, candles) == 3000
    assert await all_of(store) == rows_of(candles)
    found = await store.last(BTC, 1000)
    assert rows_of(found) == rows_of(candles.rows(-1000))
    assert found.time_ms.dtype == np.int64
    assert {column.dtype for column in (found.open, found.volume)} == {np.dtype(np.float64)}


async def test_storing_again_changes_nothing(store: CandleStore) -> None:
    candles = some_candles(700)
    await store.upsert(BTC, candles)
    assert await store.upsert(BTC, candles) == 0
    assert await store.upsert(BTC, candles.rows(100, 400)) == 0
    assert await all_of(store) == rows_of(candles)


async def test_no_candles_are_no_change(store: CandleStore) -> None:
    assert await store.upsert(BTC, empty()) == 0
    assert list(await store.coverage()) == []


async def test_only_what_is_new_or_different_is_counted(store: CandleStore) -> None:
    candles = some_candles(900)
    await store.upsert(BTC, candles.rows(0, 600))
    later = rewritten(candles.rows(500), 0, 99)
    assert await store.upsert(BTC, later) == 2 + 300
    assert await all_of(store) == rows_of(chain([candles.rows(0, 500), later]))


async def test_the_order_of_pieces_does_not_matter(store: CandleStore) -> None:
    candles = some_candles(1200)
    for start in (900, 0, 600, 300):
        await store.upsert(BTC, candles.rows(start, start + 300))
    assert await all_of(store) == rows_of(candles)


async def test_one_candle_after_the_other(store: CandleStore) -> None:
    candles = some_candles(30, start_ms=JANUARY_MS + 250 * M5)
    for row in range(30):
        assert await store.upsert(BTC, candles.rows(row, row + 1)) == 1
    assert await all_of(store) == rows_of(candles)


async def test_series_do_not_mix(store: CandleStore) -> None:
    others = [
        a_series("ETHUSDT"),
        a_series(timeframe=Timeframe.H1),
        a_series(kind=MarketKind.PERP),
        a_series(venue="binance"),
    ]
    for seed, series in enumerate([BTC, *others]):
        await store.upsert(series, some_candles(20, series.timeframe, seed=seed))
    for seed, series in enumerate([BTC, *others]):
        kept = await store.last(series, 50)
        assert rows_of(kept) == rows_of(some_candles(20, series.timeframe, seed=seed))
    assert [one.series for one in await store.coverage()] == sorted([BTC, *others])


@pytest.mark.parametrize("timeframe", Timeframe)
async def test_every_timeframe_is_kept(store: CandleStore, timeframe: Timeframe) -> None:
    series = a_series(timeframe=timeframe)
    candles = some_candles(600, timeframe)
    await store.upsert(series, candles)
    assert rows_of(await store.last(series, 600)) == rows_of(candles)


async def test_the_last_before_a_time(store: CandleStore) -> None:
    candles = some_candles(600)
    await store.upsert(BTC, candles)
    for row in (0, 1, 255, 256, 257, 599):
        before_ms = int(candles.time_ms[row])
        for at_ms, stop in ((before_ms, row), (before_ms + 1, row + 1)):
            found = await store.last(BTC, 300, before_ms=at_ms)
            assert rows_of(found) == rows_of(candles.rows(max(0, stop - 300), stop))


async def test_the_last_of_sparse_candles(store: CandleStore) -> None:
    """One candle a day in a series of five minutes."""
    sparse = pick(some_candles(200 * 288), np.arange(0, 200 * 288, 288))
    await store.upsert(BTC, sparse)
    assert rows_of(await store.last(BTC, 150)) == rows_of(sparse.rows(-150))
    assert rows_of(await store.last(BTC, 500)) == rows_of(sparse)


@pytest.mark.parametrize("count", [0, -1])
async def test_the_last_none_are_none(store: CandleStore, count: int) -> None:
    await store.upsert(BTC, some_candles(10))
    assert len(await store.last(BTC, count)) == 0


async def test_a_range_holds_its_start_and_not_its_end(store: CandleStore) -> None:
    candles = some_candles(600)
    await store.upsert(BTC, candles)
    for first, stop in ((0, 600), (255, 256), (255, 257), (256, 256), (300, 200), (10, 599)):
        found = await store.between(BTC, int(candles.time_ms[first]), JANUARY_MS + stop * M5)
        assert rows_of(found) == rows_of(candles.rows(first, max(first, stop)))
    assert len(await store.between(BTC, JANUARY_MS - 10 * M5, JANUARY_MS)) == 0
    assert len(await store.between(BTC, JANUARY_MS + 1, JANUARY_MS + M5)) == 0


async def test_coverage_says_first_last_and_count(store: CandleStore) -> None:
    candles = some_candles(1000)
    await store.upsert(BTC, chain([candles.rows(0, 400), candles.rows(700)]))
    (covered,) = await store.coverage()
    assert covered == Coverage(series=BTC, first_ms=JANUARY_MS, last_ms=JANUARY_MS + 999 * M5, count=700)


@pytest.mark.parametrize("gone", [0, 1, 255, 256, 300, 599, 600])
async def test_what_opens_before_a_time_is_forgotten(store: CandleStore, gone: int) -> None:
    candles = some_candles(600)
    await store.upsert(BTC, candles)
    await store.upsert(a_series("ETHUSDT"), candles)
    assert await store.forget_before(BTC, JANUARY_MS + gone * M5) == gone
    assert await store.forget_before(BTC, JANUARY_MS + gone * M5) == 0
    assert await all_of(store) == rows_of(candles.rows(gone))
    assert sum(one.count for one in await store.coverage()) == 600 - gone + 600


async def test_impossible_candles_are_refused_and_none_is_stored(store: CandleStore) -> None:
    bad = some_candles(500)
    bad.high[400] = bad.low[400] / 2
    with pytest.raises(Refused) as refused:
        await store.upsert(BTC, bad)
    assert refused.value.code == "bad_candles"
    assert refused.value.params == {"series": BTC, "row": 400, "why": "has its high below its low"}
    assert list(await store.coverage()) == []


async def test_writers_at_once_lose_nothing(store: CandleStore) -> None:
    candles = some_candles(500)
    pieces = [pick(candles, np.arange(start, 500, 10)) for start in range(10)]
    changed = await asyncio.gather(*(store.upsert(BTC, piece) for piece in pieces))
    assert sum(changed) == 500
    assert await all_of(store) == rows_of(candles)


async def test_readers_see_whole_candles_while_others_write(store: CandleStore) -> None:
    old, new = some_candles(400), some_candles(400, seed=2)
    await store.upsert(BTC, old)
    whole = (rows_of(old), rows_of(new))

    async def write() -> None:
        for candles in (new, old) * 5:
            await store.upsert(BTC, candles)

    writing = asyncio.create_task(write())
    while not writing.done():
        assert await all_of(store) in whole
        await asyncio.sleep(0)
    await writing


async def test_room_on_disk_grows_with_what_is_kept(store: CandleStore) -> None:
    before = await store.size_bytes()
    await store.upsert(BTC, some_candles(20_000))
    assert await store.size_bytes() >= before + 20_000 * 40


async def test_closing_twice_is_fine(store: CandleStore) -> None:
    await store.close()
    await store.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.tuples(st.integers(0, 900), st.integers(1, 400), st.integers(1, 5), st.integers(0, 3)),
        min_size=1,
        max_size=6,
    ),
    asked=st.tuples(st.integers(-10, 1400), st.integers(-10, 1400)),
)
def test_any_history_reads_as_in_memory(
    pieces: list[tuple[int, int, int, int]], asked: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def compare() -> None:
        url = f"sqlite:///{tmp_path_factory.mktemp('any')}/market.sqlite"
        file, memory = await SqlCandles.open(url, world="live", mode="paper"), MemoryCandles()
        for start, count, step, seed in pieces:
            candles = pick(some_candles(1400, seed=seed), np.arange(start, start + count, step))
            assert await file.upsert(BTC, candles) == await memory.upsert(BTC, candles)
        assert await file.coverage() == await memory.coverage()
        start_ms, stop_ms = (JANUARY_MS + at * M5 for at in asked)
        theirs = await memory.between(BTC, start_ms, stop_ms)
        assert rows_of(await file.between(BTC, start_ms, stop_ms)) == rows_of(theirs)
        theirs = await memory.last(BTC, asked[0], before_ms=stop_ms)
        assert rows_of(await file.last(BTC, asked[0], before_ms=stop_ms)) == rows_of(theirs)
        assert await file.forget_before(BTC, start_ms) == await memory.forget_before(BTC, start_ms)
        assert await all_of(file) == await all_of(memory)
        await file.close()

    asyncio.run(compare())
