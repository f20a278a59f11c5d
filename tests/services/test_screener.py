"""The daily screen: who is looked at, who is left out, when it is made, what outlives a restart."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from ports.errors import Refused, Transient
from services.screener import AT_ONCE, Screener
from services.screening.day_screen import DayScreen, Sifted, read, written
from tests.build.frames import a_frame
from tests.build.screening import ScreenFloor

DAY_S = 86_400


@asynccontextmanager
async def running(floor: ScreenFloor) -> AsyncIterator[Screener]:
    """The screener at work, the list of markets known."""
    floor.markets.learn(floor.source.listed)
    task = asyncio.create_task(floor.screener.run())
    try:
        yield floor.screener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def made(screener: Screener) -> DayScreen:
    await screener.wait()
    assert screener.today is not None
    return screener.today


def symbols(screen: DayScreen) -> list[str]:
    return [pick.symbol for pick in screen.picks]


async def test_the_ten_best_of_all_that_are_traded_enough() -> None:
    floor = ScreenFloor()
    for number in range(12):
        floor.source.add(f"C{number:02}", turnover=1e9 - number)
    async with running(floor) as screener:
        screen = await made(screener)
    assert symbols(screen) == [f"C{number:02}USDT" for number in range(10)]
    assert screen.sifted == Sifted(listed=12, ranked=12)
    assert screen.made_at == floor.clock.now()


async def test_what_is_left_out_is_counted_by_its_flaw() -> None:
    floor = ScreenFloor()
    good = [floor.source.add(f"GOOD{number}") for number in range(4)]
    floor.source.add("THIN", turnover=1e6)
    floor.source.add("WIDE", bid=Decimal("99.7"), ask=Decimal("100.3"))
    floor.source.add("NOBID", bid=None)
    floor.source.add("CROSSED", bid=Decimal(101), ask=Decimal(100))
    floor.source.add("USDC")
    floor.source.young.add(floor.source.add("YOUNG"))
    floor.source.halted.add(floor.source.add("HALTED"))
    floor.source.unreadable[floor.source.add("BROKEN")] = Transient("no answer")
    floor.source.unreadable[floor.source.add("GONE")] = Refused("unknown_symbol", text="GONE", near=[])
    async with running(floor) as screener:
        screen = await made(screener)
    assert symbols(screen) == good
    assert screen.sifted == Sifted(listed=12, thin=1, wide=1, unquoted=2, young=1, unread=3, ranked=4)


async def test_a_day_on_which_nothing_is_traded_enough_has_an_empty_screen() -> None:
    floor = ScreenFloor()
    floor.source.add("THIN", turnover=1e5)
    async with running(floor) as screener:
        screen = await made(screener)
        assert (symbols(screen), screen.sifted, screener.has_failed) == ([], Sifted(listed=1, thin=1), False)


async def test_spreads_just_under_half_a_percent_pass() -> None:
    floor = ScreenFloor()
    floor.source.add("NEAR", bid=Decimal("99.76"), ask=Decimal("100.24"))
    async with running(floor) as screener:
        assert symbols(await made(screener)) == ["NEARUSDT"]


async def test_frames_of_collected_markets_cost_the_venue_nothing() -> None:
    floor = ScreenFloor()
    symbol = floor.source.add("BTC")
    floor.known[symbol] = {one: a_frame(one) for one in (Timeframe.D1, Timeframe.H4)}
    async with running(floor) as screener:
        await made(screener)
    assert floor.hot.made == []
    assert not [asked for asked in floor.source.asked if asked.startswith("candles")]


@pytest.mark.parametrize(
    "known",
    [
        replace(a_frame(), time_ms=a_frame().time_ms - Timeframe.D1.ms),
        a_frame(ema200=math.nan),
    ],
    ids=["behind", "of a history that is still being filled"],
)
async def test_frames_that_cannot_be_relied_on_are_fetched(known: Frame) -> None:
    floor = ScreenFloor()
    symbol = floor.source.add("BTC")
    floor.known[symbol] = {Timeframe.D1: known}
    async with running(floor) as screener:
        screen = await made(screener)
    assert len(floor.hot.made) == 2
    assert screen.sifted.ranked == 1


async def test_one_screen_a_day_whoever_asks() -> None:
    floor = ScreenFloor()
    floor.source.add("BTC")
    async with running(floor) as screener:
        await asyncio.gather(*(screener.wait() for _ in range(5)))
        await screener.want()
        await screener.wait()
        assert floor.source.asked.count("tickers") == 1

        floor.clock.move(DAY_S)
        assert screener.today is None
        assert screener.latest is not None
        await made(screener)
        assert floor.source.asked.count("tickers") == 2


async def test_it_outlives_a_restart() -> None:
    floor = ScreenFloor()
    floor.source.add("BTC")
    async with running(floor) as screener:
        before = await made(screener)
    floor.start()
    await floor.screener.load()
    assert floor.screener.today == before
    assert read(written(before)) == before


async def test_who_does_not_want_to_wait_sees_how_far_it_is() -> None:
    floor = ScreenFloor()
    for number in range(20):
        floor.source.add(f"C{number}")
    async with running(floor) as screener:
        floor.source.delay_s = 0.02
        screener.patience_s = 0.1
        await screener.wait()
        assert screener.today is None
        assert screener.progress is not None
        assert 0 < screener.progress.done < screener.progress.total == 20
        floor.source.delay_s, screener.patience_s = 0.0, 5.0
        await made(screener)
        assert screener.progress is None


async def test_few_markets_are_read_at_once() -> None:
    floor = ScreenFloor()
    for number in range(20):
        floor.source.add(f"C{number}")
    async with running(floor) as screener:
        floor.source.delay_s = 0.02
        screener.patience_s = 0.03
        await screener.wait()
        asked = [one for one in floor.source.asked if one.startswith("candles")]
        assert len(asked) <= AT_ONCE


async def test_it_is_made_anew_a_quarter_of_an_hour_later() -> None:
    floor = ScreenFloor()
    floor.source.add("BTC")
    async with running(floor) as screener:
        first = await made(screener)
        floor.clock.move(60)
        with pytest.raises(Refused) as refused:
            screener.again()
        assert (refused.value.code, refused.value.params) == ("screen_too_soon", {"left_s": 840.0})
        floor.clock.move(840)
        screener.again()
        assert screener.today == first
        while screener.today == first:
            await asyncio.sleep(0)
        assert screener.today is not None
        assert screener.today.made_at == floor.clock.now()


@pytest.mark.parametrize("failing", ["tickers", "candles", "list"])
async def test_a_screen_that_cannot_be_made_leaves_the_last_one_and_is_tried_again(failing: str) -> None:
    floor = ScreenFloor()
    symbol = floor.source.add("BTC")
    async with running(floor) as screener:
        first = await made(screener)
        floor.clock.move(DAY_S)
        if failing == "tickers":
            floor.source.failure = Transient("down")
        elif failing == "candles":
            floor.source.unreadable[symbol] = Transient("down")
        else:
            floor.markets.learn([])
        await screener.wait()
        assert (screener.today, screener.latest, screener.has_failed) == (None, first, True)
        assert screener.progress is None

        floor.source.failure = None
        floor.source.unreadable.clear()
        floor.markets.learn(floor.source.listed)
        assert symbols(await made(screener)) == [symbol]
        assert not screener.has_failed
