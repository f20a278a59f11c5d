"""The store as deep as it should be, asking for nothing twice."""

import asyncio
from datetime import timedelta

import numpy as np
import pytest

from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, pick
from engines.market.gaps import missing
from engines.market.plan import FIVE, KEPT, depth
from ports.markets import PriceOf
from tests.build.candles import a_series, rows_of
from tests.build.collecting import NOON_MS, STEP, Collecting, a_past

MONTHS = timedelta(days=120)


@pytest.fixture
def desk() -> Collecting:
    desk = Collecting(backfills=1)
    a_past(desk.source, before=MONTHS)
    return desk


async def done(desk: Collecting, within_s: float = 10.0) -> None:
    """Let it work until nothing is due."""
    running = asyncio.create_task(desk.backfill.run())
    try:
        async with asyncio.timeout(within_s):
            while (progress := desk.backfill.progress()).done < progress.series:
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def assert_full(desk: Collecting, symbol: str = "BTCUSDT") -> None:
    for timeframe in KEPT:
        wanted = depth(timeframe, NOON_MS)
        theirs = between(desk.venue(timeframe, symbol), wanted.start_ms, wanted.stop_ms)
        assert rows_of(await desk.kept(timeframe, symbol)) == rows_of(theirs)


async def test_every_frame_is_filled_to_its_depth_in_pages(desk: Collecting) -> None:
    desk.backfill.want(["BTCUSDT"])
    await done(desk)
    await assert_full(desk)
    assert desk.counts.filled == desk.counts.stored == sum([len(await desk.kept(one)) for one in KEPT])
    # 1d: a full page and an empty one; 4h one, 1h three, 15m and 5m nine each
    assert len(desk.asked()) == 2 + 1 + 3 + 9 + 9


async def test_what_the_store_has_is_not_asked_for(desk: Collecting) -> None:
    desk.backfill.want(["BTCUSDT"])
    await done(desk)
    desk.source.asked.clear()
    for _ in range(2):
        desk.backfill.review()
        await done(desk)
    assert desk.asked() == []


async def test_days_that_the_venue_forgot_for_a_moment_are_asked_for_again(desk: Collecting) -> None:
    key = MarketKind.SPOT, "BTCUSDT", Timeframe.D1, PriceOf.TRADES
    days = desk.source.past[key]
    desk.source.past[key] = days.rows(60)
    desk.backfill.want(["BTCUSDT"])
    await done(desk)
    desk.source.past[key] = days
    desk.pass_time(desk.options.absent_s + 1)
    desk.backfill.review()
    await done(desk)
    assert int((await desk.kept(Timeframe.D1)).time_ms[0]) == int(days.time_ms[0])


async def test_a_restart_asks_only_for_what_is_missing(desk: Collecting) -> None:
    desk.backfill.want(["BTCUSDT"])
    await done(desk)
    kept = await desk.kept(Timeframe.H1)
    hole = pick(kept, np.flatnonzero((np.arange(len(kept)) < 500) | (np.arange(len(kept)) > 502)))
    desk.store._kept[a_series(timeframe=Timeframe.H1)] = hole

    again = restarted(desk)
    again.backfill.want(["BTCUSDT"])
    await done(again)
    await assert_full(again)
    assert again.counts.filled == 3
    days = [one for one in again.asked() if " 1d " in one]
    assert len(again.asked()) - len(days) == 1 + 2, "the hole, and the hours before the first trade"
    assert len(days) == 1, "whether there are older days"


async def test_a_kill_in_the_middle_loses_only_the_page_under_way(desk: Collecting) -> None:
    desk.backfill.want(["BTCUSDT"])
    running = asyncio.create_task(desk.backfill.run())
    async with asyncio.timeout(5):
        while len(desk.asked()) < 12:
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    asked = len(desk.asked())

    again = restarted(desk)
    again.backfill.want(["BTCUSDT"])
    await done(again)
    await assert_full(again)
    assert asked + len(again.asked()) <= 24 + 3


async def test_coarse_frames_come_first_and_big_markets_before_small(desk: Collecting) -> None:
    a_past(desk.source, "ETHUSDT", before=timedelta(days=2))
    desk = restarted(desk)
    desk.backfill.want(["ETHUSDT", "BTCUSDT"])
    await done(desk)
    order = list(dict.fromkeys(tuple(one.split()[2:4]) for one in desk.asked()))
    frames = ("1d", "4h", "1h", "15m", "5m")
    assert order == [(symbol, frame) for frame in frames for symbol in ("ETHUSDT", "BTCUSDT")]


async def test_what_people_look_at_is_filled_before_the_rest(desk: Collecting) -> None:
    a_past(desk.source, "ETHUSDT", before=timedelta(days=2))
    desk = restarted(desk)
    desk.backfill.want(["BTCUSDT", "ETHUSDT"])
    desk.backfill.prefer("ETHUSDT")
    desk.backfill.prefer("NOBODYUSDT")
    await done(desk)
    order = list(dict.fromkeys(one.split()[2] for one in desk.asked()))
    assert order == ["ETHUSDT", "BTCUSDT"]


async def test_a_young_market_is_not_asked_for_its_years_before(desk: Collecting) -> None:
    a_past(desk.source, "ETHUSDT", before=timedelta(days=2))
    desk.backfill.want(["ETHUSDT"])
    await done(desk)
    await assert_full(desk, "ETHUSDT")
    assert len(desk.asked()) == 6


async def test_holes_of_the_venue_are_remembered_and_asked_for_again_much_later(desk: Collecting) -> None:
    key = MarketKind.SPOT, "BTCUSDT", FIVE, PriceOf.TRADES
    whole = desk.source.past[key]
    there = np.flatnonzero(~np.isin(whole.time_ms, NOON_MS - STEP * np.array([700, 701, 2000])))
    desk.source.past[key] = pick(whole, there)
    desk.backfill.want(["BTCUSDT"])
    await done(desk)
    assert desk.counts.absent >= 3
    asked = len(desk.asked())
    desk.backfill.review()
    await done(desk)
    assert len(desk.asked()) == asked

    desk.source.past[key] = whole
    desk.pass_time(7 * 3600)
    desk.backfill.review()
    await done(desk)
    kept = (await desk.kept()).time_ms
    wanted = depth(FIVE, NOON_MS)
    assert missing(kept, FIVE, wanted) == []


async def test_a_venue_in_trouble_is_tried_again_until_it_answers(desk: Collecting) -> None:
    desk.source.failures = 7
    desk.backfill.want(["BTCUSDT"])
    await done(desk)
    await assert_full(desk)


async def test_a_market_that_is_gone_is_left_out(desk: Collecting) -> None:
    desk.backfill.want(["GONEUSDT", "BTCUSDT"])
    await done(desk)
    await assert_full(desk)


async def test_progress_tells_how_much_is_left(desk: Collecting) -> None:
    assert desk.backfill.progress().series == 0
    desk.backfill.want(["BTCUSDT"])
    before = desk.backfill.progress()
    assert (before.series, before.done, before.left_s) == (5, 0, None)
    desk.source.delay_s = 0.002
    running = asyncio.create_task(desk.backfill.run())
    while len(desk.asked()) < 8:
        desk.clock.move(0.5)
        await asyncio.sleep(0.001)
    during = desk.backfill.progress()
    assert 0 < during.done < 5
    assert during.left_s is not None
    assert during.candles_per_s is not None
    assert during.left_s > 0
    assert during.candles > 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def restarted(desk: Collecting) -> Collecting:
    """The parts anew over the same store and venue."""
    again = Collecting(desk.store, backfills=1)
    again.source.past = desk.source.past
    return again
