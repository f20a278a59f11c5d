"""Candles on the wire: whatever the clock and the socket do, the store ends with what the venue has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from bot.app import App
from bot.outside import open_candles
from bot.settings import load
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between
from engines.market.plan import KEPT
from ports.candles import CandleStore, Series
from sandbox.world import WorldOptions
from tests.build.desk import desk_process, environment_of, running_desk
from tests.build.sandbox import VERA, Sandbox, running_sandbox, until

DAY_S = 86_400
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[App]:
    """A desk that collects the candles of all three markets."""
    async with running_desk(sandbox, market__collected=100, market__collected_min_turnover_usd=0) as app:
        yield app


def series_of(symbol: str, timeframe: Timeframe) -> Series:
    return Series(venue="bybit", kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)


def of_the_world(sandbox: Sandbox, series: Series, start_ms: int, stop_ms: int) -> Candles:
    """What the venue's own book has of candles that had closed at `stop_ms`."""
    step_ms = series.timeframe.ms
    book = sandbox.world.market.spot(stop_ms)[series.symbol]
    return book.candles(step_ms, start_ms, series.timeframe.floor(stop_ms), stop_ms).closed_before(
        stop_ms, step_ms
    )


async def filled(desk: App, *, within_s: float = 60.0) -> None:
    """Wait until the store is as deep as it should be and nothing is missing."""

    async def look() -> bool:
        there = await desk.services.candles.summary()
        filling = there.filling
        return 0 < filling.series == filling.done and not there.missing and not there.waiting

    await until(look, "the store is full", within_s=within_s)


@asynccontextmanager
async def stored(sandbox: Sandbox) -> AsyncIterator[CandleStore]:
    """The store of the desk in that sandbox, opened beside it."""
    nowhere = sandbox.folder / "no such file"
    store = await open_candles(load(environ=environment_of(sandbox), dotenv=nowhere, toml=nowhere))
    try:
        yield store
    finally:
        await store.close()


async def assert_whole(sandbox: Sandbox, start_ms: int, stop_ms: int) -> int:
    """Every candle that the venue has of that time is stored as the venue has it; how many there are."""
    count = 0
    async with stored(sandbox) as store:
        for series in (series_of(symbol, timeframe) for symbol in SYMBOLS for timeframe in KEPT):
            theirs = of_the_world(sandbox, series, start_ms, stop_ms)
            ours = between(await store.between(series, start_ms, stop_ms), 0, series.timeframe.floor(stop_ms))
            assert ours.time_ms.tolist() == theirs.time_ms.tolist(), series
            for name in ("open", "high", "low", "close"):
                np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9)
            count += len(ours)
    return count


async def now_ms(sandbox: Sandbox) -> int:
    return int((await sandbox.control("GET", "state"))["clock"]["market_ms"])


async def test_a_day_at_speed_without_a_lost_candle(sandbox: Sandbox, desk: App) -> None:
    await filled(desk)
    start_ms = await now_ms(sandbox)
    await sandbox.set_speed(5760)  # a day in fifteen seconds

    async def day_is_over() -> bool:
        return await now_ms(sandbox) >= start_ms + DAY_S * 1000

    await until(day_is_over, "a day has passed")
    await sandbox.set_speed(0)
    await filled(desk)

    count = await assert_whole(sandbox, start_ms, await now_ms(sandbox))
    assert count >= len(SYMBOLS) * (287 + 95 + 23 + 5)
    counts = desk.services.candles.counts
    assert counts.unsound == 0
    assert counts.closed > 0.9 * len(SYMBOLS) * 288, "nearly all of them by the stream"
    assert counts.derived > 0.9 * len(SYMBOLS) * 96


async def test_a_jump_of_two_days_leaves_no_gap(sandbox: Sandbox, desk: App) -> None:
    await filled(desk)
    start_ms = await now_ms(sandbox)
    stop_ms = await sandbox.advance(2 * DAY_S)
    await filled(desk)
    assert await assert_whole(sandbox, start_ms, stop_ms) >= len(SYMBOLS) * (575 + 191 + 47 + 11 + 1)


async def test_what_a_silent_socket_did_not_say_is_fetched(sandbox: Sandbox, desk: App) -> None:
    await filled(desk)
    start_ms = await now_ms(sandbox)
    closed = desk.services.candles.counts.closed
    await sandbox.break_(bybit={"silent": True})
    stop_ms = await sandbox.advance(6 * 3600)
    await filled(desk)
    assert desk.services.candles.counts.closed == closed
    assert desk.services.candles.counts.repaired >= len(SYMBOLS) * 71
    assert await assert_whole(sandbox, start_ms, stop_ms) >= len(SYMBOLS) * (71 + 23 + 5)


async def test_candles_that_come_twice_or_in_disorder_are_kept_once_and_in_order(
    sandbox: Sandbox, desk: App
) -> None:
    await filled(desk)
    start_ms = await now_ms(sandbox)
    await sandbox.break_(bybit={"repeat": True, "shuffle": True})
    stop_ms = await sandbox.advance(6 * 3600)
    await filled(desk)
    assert desk.services.candles.counts.repeated > 0
    assert await assert_whole(sandbox, start_ms, stop_ms) >= len(SYMBOLS) * (71 + 23 + 5)


async def test_a_restart_goes_on_from_the_store(tmp_path: Path, small_recording: Path) -> None:
    async with running_sandbox(tmp_path, WorldOptions(replay=small_recording)) as sandbox:
        async with running_desk(sandbox, market__collected=100, market__collected_min_turnover_usd=0) as desk:
            await filled(desk)
            start_ms = await now_ms(sandbox)
        await sandbox.advance(5 * 3600)
        async with running_desk(sandbox, market__collected=100, market__collected_min_turnover_usd=0) as desk:
            await filled(desk)
            stored_anew = desk.services.candles.counts.stored
            assert stored_anew < len(SYMBOLS) * (70 + 25 + 8 + 3 + 1), "only what was missed"
            shown = await desk.services.markets.candles("BTCUSDT", Timeframe.M5, 200)
            assert len(shown) == 200
        assert await assert_whole(sandbox, start_ms, await now_ms(sandbox)) > len(SYMBOLS) * 60


async def test_a_killed_desk_loses_no_candle(tmp_path: Path, small_recording: Path) -> None:
    async with running_sandbox(tmp_path, WorldOptions(replay=small_recording, speed=600)) as sandbox:
        async with desk_process(sandbox, market__collected=100, market__collected_min_turnover_usd=0) as desk:
            start_ms = await now_ms(sandbox)

            async def has_some() -> bool:
                async with stored(sandbox) as store:
                    return len(await store.coverage()) == len(SYMBOLS) * len(KEPT)

            await until(has_some, "candles of every series")
            await desk.kill()
        await sandbox.set_speed(0)
        async with running_desk(
            sandbox, market__collected=100, market__collected_min_turnover_usd=0
        ) as again:
            await filled(again)
        assert await assert_whole(sandbox, start_ms, await now_ms(sandbox)) > 0


async def test_status_tells_about_candles(sandbox: Sandbox, desk: App) -> None:
    await filled(desk)
    status = (await sandbox.ask(VERA, "/status"))["text"]
    assert "✓ 3 markets · candles: " in status
    assert "filled" not in status
    assert "⚠️" not in status
