"""Candles as they close: whatever the stream does, what is kept in the end is what the venue has."""

import asyncio
from datetime import timedelta

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, pick
from engines.market.plan import COARSE, FIVE, KEPT
from ports.candles import Series
from ports.errors import Transient
from tests.build.candles import MemoryCandles, a_series, rows_of, some_candles
from tests.build.collecting import NOON_MS, STEP, Collecting, a_past, bar_of

HOUR_S = 3600


@pytest.fixture
def desk() -> Collecting:
    return Collecting()


@pytest.fixture
def past(desk: Collecting) -> Candles:
    return a_past(desk.source)


def tell(desk: Collecting, past: Candles, *steps: int) -> None:
    """Let the stream tell closed candles: 0 is the one that opens at noon."""
    for step in steps:
        desk.live.hear(bar_of(past, NOON_MS + step * STEP))


async def assert_agrees(desk: Collecting, timeframe: Timeframe, start_ms: int, stop_ms: int) -> None:
    """The store and memory have what the venue has; sums of volumes may differ in their last bits."""
    theirs = between(desk.venue(timeframe), start_ms, stop_ms)
    for ours in (await desk.kept(timeframe), desk.ring(timeframe)):
        ours = between(ours, start_ms, stop_ms)
        assert ours.time_ms.tolist() == theirs.time_ms.tolist()
        for name in ("open", "high", "low", "close"):
            assert getattr(ours, name).tolist() == getattr(theirs, name).tolist()
        np.testing.assert_allclose(ours.volume, theirs.volume, rtol=1e-12)


async def test_closed_candles_are_kept_and_added_up(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, *range(48))

    await assert_agrees(desk, FIVE, NOON_MS, NOON_MS + 4 * HOUR_S * 1000)
    for timeframe in (Timeframe.M15, Timeframe.H1, Timeframe.H4):
        await assert_agrees(desk, timeframe, NOON_MS, NOON_MS + 4 * HOUR_S * 1000)
    assert desk.counts.closed == 48
    assert desk.counts.derived == 16 + 4 + 1
    assert desk.asked() == []


async def test_a_candle_that_comes_twice_is_kept_once(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, 0, 0, 1, 0)
    assert len(await desk.kept()) == 2
    assert desk.counts.repeated == 2
    assert desk.counts.stored == 2


async def test_candles_out_of_order_end_in_order(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, 2, 0, 5, 1, 4, 3)
    await assert_agrees(desk, FIVE, NOON_MS, NOON_MS + 6 * STEP)
    await assert_agrees(desk, Timeframe.M15, NOON_MS, NOON_MS + 6 * STEP)


async def test_a_revised_candle_replaces_the_first_also_in_the_sums(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, 0, 1, 2)
    first = bar_of(past, NOON_MS)
    desk.live.hear(bar_of(past, NOON_MS, high=first.high * 2))

    assert (await desk.kept()).high[0] == first.high * 2
    assert (await desk.kept(Timeframe.M15)).high[0] == first.high * 2
    assert desk.counts.revised == 1


async def test_a_missed_candle_is_fetched_and_what_hangs_on_it_added_up(
    desk: Collecting, past: Candles
) -> None:
    await desk.live.follow(["BTCUSDT"])
    desk.pass_time(HOUR_S)
    tell(desk, past, *(step for step in range(12) if step not in (3, 7, 8)))
    assert len(await desk.kept(Timeframe.H1)) == 0

    desk.pass_time(11)
    await desk.live.sweep()

    for timeframe in (FIVE, Timeframe.M15, Timeframe.H1):
        await assert_agrees(desk, timeframe, NOON_MS, NOON_MS + HOUR_S * 1000)
    assert desk.counts.repaired == 3
    assert len(desk.asked()) == 2
    await desk.live.sweep()
    assert len(desk.asked()) == 2


async def test_a_silent_stream_is_made_good_by_asking(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    now_ms = desk.pass_time(12 * HOUR_S + 11)
    await desk.live.sweep()
    for timeframe in (FIVE, Timeframe.M15, Timeframe.H1, Timeframe.H4):
        await assert_agrees(desk, timeframe, NOON_MS, timeframe.floor(now_ms))


async def test_a_stream_that_is_about_to_catch_up_is_left_alone(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    desk.pass_time(HOUR_S)
    tell(desk, past, 0, 1, 2)
    await desk.live.sweep()
    assert desk.asked() == []


async def test_a_coarse_candle_without_all_its_parts_is_fetched_while_the_stream_goes_on(
    desk: Collecting, past: Candles
) -> None:
    await desk.live.follow(["BTCUSDT"])  # at noon: the day's first half was not heard
    now_ms = desk.pass_time(12 * HOUR_S)
    tell(desk, past, *range(144))
    assert len(await desk.kept(Timeframe.D1)) == 0
    desk.pass_time(11)
    await desk.live.sweep()
    await assert_agrees(desk, Timeframe.D1, Timeframe.D1.floor(NOON_MS), now_ms)
    assert len(desk.asked()) == 1


async def test_a_jump_over_more_than_a_page_is_fetched_in_pages(desk: Collecting) -> None:
    a_past(desk.source, after=timedelta(days=6))
    await desk.live.follow(["BTCUSDT"])
    now_ms = desk.pass_time(5 * 86_400 + 11)
    await desk.live.sweep()
    kept = between(await desk.kept(), NOON_MS, FIVE.floor(now_ms))
    assert rows_of(kept) == rows_of(between(desk.venue(), NOON_MS, FIVE.floor(now_ms)))
    assert len(kept) == 5 * 288
    assert desk.live.missing("BTCUSDT", FIVE) == []


async def test_what_the_venue_lacks_is_not_asked_for_again(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    hole = set(range(NOON_MS + 2 * STEP, NOON_MS + 5 * STEP, STEP))
    there = np.array([at not in hole for at in past.time_ms.tolist()])
    key = next(one for one in desk.source.past if one[2] is FIVE)
    desk.source.past[key] = pick(past, np.flatnonzero(there))
    desk.pass_time(2 * HOUR_S + 11)
    await desk.live.sweep()
    asked = len(desk.asked())
    assert desk.counts.absent == 3
    assert desk.live.missing("BTCUSDT", FIVE) == []
    desk.pass_time(60)
    await desk.live.sweep()
    assert len(desk.asked()) == asked
    # the coarse candles over the hole are the venue's own
    await assert_agrees(desk, Timeframe.H1, NOON_MS, NOON_MS + 2 * HOUR_S * 1000)


async def test_what_the_venue_does_not_have_yet_is_asked_for_later(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    key = next(one for one in desk.source.past if one[2] is FIVE)
    desk.source.past[key] = between(past, 0, NOON_MS)
    desk.pass_time(311)
    await desk.live.sweep()
    assert desk.live.missing("BTCUSDT", FIVE) != []
    desk.source.past[key] = past
    await desk.live.sweep()
    assert len(desk.asked()) == 1, "not in the same breath"
    desk.pass_time(1)
    await desk.live.sweep()
    await assert_agrees(desk, FIVE, NOON_MS, NOON_MS + STEP)


async def test_a_venue_that_does_not_answer_is_asked_with_growing_pauses(
    desk: Collecting, past: Candles
) -> None:
    desk = Collecting(backoff_s=(5.0, 60.0))
    await desk.live.follow(["BTCUSDT"])
    desk.source.failure = Transient("down")
    asked = []
    for _ in range(40):
        desk.pass_time(10)
        await desk.live.sweep()
        asked.append(len(desk.asked()))
    # 30 candles of ten seconds after the first five minutes: pauses of 5, 10, 20, 40, 60 s
    assert 3 <= asked[-1] <= 6


async def test_a_restart_goes_on_where_the_store_ends(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, *range(12))
    await desk.shelf.flush()

    again = Collecting(desk.store)
    again.source.past = desk.source.past
    again.pass_time(3 * HOUR_S + 11)
    await again.live.follow(["BTCUSDT"])
    assert rows_of(again.ring()) == rows_of(between(past, NOON_MS, NOON_MS + 12 * STEP))
    assert rows_of(again.ring(Timeframe.H1)) == rows_of(await desk.kept(Timeframe.H1))
    await again.live.sweep()
    for timeframe in (FIVE, Timeframe.M15, Timeframe.H1):
        await assert_agrees(again, timeframe, NOON_MS, NOON_MS + 3 * HOUR_S * 1000)
    assert again.counts.repaired == 24


async def test_forming_candles_are_known_but_not_kept(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    desk.live.hear(bar_of(past, NOON_MS, is_closed=False, close=1.5, at_ms=NOON_MS + 20_000))
    desk.live.hear(bar_of(past, NOON_MS, is_closed=False, close=1.4, at_ms=NOON_MS + 10_000))
    ring = desk.rings.open(a_series())
    assert ring.forming is not None
    assert ring.forming.close == 1.5
    assert ring.whole().close.tolist() == [1.5]
    assert len(await desk.kept()) == 0
    tell(desk, past, 0)
    assert ring.forming is None
    desk.live.hear(bar_of(past, NOON_MS, is_closed=False, close=1.6, at_ms=NOON_MS + 30_000))
    assert ring.forming is None, "it has closed"


async def test_a_candle_that_cannot_be_is_left_out(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT"])
    desk.live.hear(bar_of(past, NOON_MS, high=1.0))
    desk.live.hear(bar_of(past, NOON_MS, close=float("nan")))
    assert desk.counts.unsound == 2
    assert len(await desk.kept()) == 0
    desk.pass_time(320)
    await desk.live.sweep()
    await assert_agrees(desk, FIVE, NOON_MS, NOON_MS + STEP)


async def test_markets_that_are_let_go_are_forgotten(desk: Collecting, past: Candles) -> None:
    await desk.live.follow(["BTCUSDT", "ETHUSDT"])
    assert len(desk.rings) == 2 * len(KEPT)
    await desk.live.follow(["ETHUSDT"])
    assert desk.live.symbols == {"ETHUSDT"}
    assert len(desk.rings) == len(KEPT)
    tell(desk, past, 0)
    assert desk.counts.messages == 0


async def test_a_market_that_is_let_go_while_others_are_repaired_disturbs_nobody() -> None:
    desk = Collecting(repairs=1)
    past = a_past(desk.source)
    a_past(desk.source, "ETHUSDT")
    await desk.live.follow(["BTCUSDT", "ETHUSDT"])
    desk.pass_time(HOUR_S + 11)
    desk.source.delay_s = 0.01
    sweeping = asyncio.create_task(desk.live.sweep())
    await asyncio.sleep(0.005)
    await desk.live.follow([])  # one is being repaired, one is next
    await sweeping
    assert len(desk.rings) == 0

    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, 12)
    await desk.live.sweep()
    await assert_agrees(desk, FIVE, NOON_MS, NOON_MS + 13 * STEP)


async def test_candles_of_the_future_keep_no_candle_of_today_away(desk: Collecting, past: Candles) -> None:
    await desk.store.upsert(a_series(), between(past, NOON_MS - 3 * STEP, NOON_MS))
    far_ms = NOON_MS + 365 * 86_400_000
    await desk.store.upsert(a_series(), some_candles(1, FIVE, start_ms=far_ms))

    await desk.live.follow(["BTCUSDT"])
    assert desk.ring().time_ms.tolist() == [NOON_MS - 3 * STEP, NOON_MS - 2 * STEP, NOON_MS - STEP]
    desk.pass_time(HOUR_S + 11)
    await desk.live.sweep()
    kept = between(await desk.kept(), 0, far_ms)
    assert kept.time_ms.tolist() == [NOON_MS + step * STEP for step in range(-3, 12)]


async def test_a_clock_that_was_set_back_is_followed(desk: Collecting, past: Candles) -> None:
    desk.pass_time(365 * 86_400)  # a wrong clock at the start
    await desk.live.follow(["BTCUSDT"])
    desk.pass_time(HOUR_S + 11 - 365 * 86_400)
    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, 12)
    desk.pass_time(2 * HOUR_S)
    await desk.live.sweep()
    await assert_agrees(desk, FIVE, NOON_MS + 12 * STEP, NOON_MS + 36 * STEP)


class BrokenCandles(MemoryCandles):
    """A store whose disk is full, until it is not."""

    is_broken = True

    async def upsert(self, series: Series, candles: Candles) -> int:
        if self.is_broken:
            raise Transient("the disk is full", kind="database")
        return await super().upsert(series, candles)


async def test_the_store_in_trouble_loses_nothing() -> None:
    store = BrokenCandles()
    desk = Collecting(store)
    past = a_past(desk.source)
    await desk.live.follow(["BTCUSDT"])
    tell(desk, past, 0, 1)
    with pytest.raises(Transient):
        await desk.shelf.flush()
    tell(desk, past, 2)
    store.is_broken = False
    await assert_agrees(desk, FIVE, NOON_MS, NOON_MS + 3 * STEP)
    for timeframe in COARSE[:1]:
        await assert_agrees(desk, timeframe, NOON_MS, NOON_MS + 3 * STEP)
