"""The history of a backtest: which series, from when, and what is said where there is too little."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engines.core.instrument import MarketKind
from engines.core.perp import Funding
from engines.core.timeframe import Timeframe
from ports.backtests import Progress, Stage
from ports.errors import Refused
from services.backtesting.reading import (
    NO_FUNDING,
    SHORTER,
    SOME_FUNDING,
    SPOT_PRICES,
    Found,
    HistoryReader,
    Wanted,
)
from services.candles import Collector
from services.market.options import MarketOptions
from services.market.perps import Perps
from services.market.ring import Rings
from services.markets import Markets
from tests.build.backtests import DAY_MS, fill
from tests.build.candles import MemoryCandles, a_series, some_candles
from tests.build.clock import NOON, HandClock
from tests.build.markets import FakeMarketSource
from tests.build.screens import a_universe, some_perps

NOW_MS = int(NOON.timestamp() * 1000)
HASTY = MarketOptions(answer_within_s=0.3, person_patience_s=(), patience_s=())


@dataclass(slots=True)
class Room:
    """A reader over a store in memory; `heard` is the progress that it told."""

    store: MemoryCandles
    source: FakeMarketSource
    reader: HistoryReader
    heard: list[Progress]

    async def read(
        self, *coins: str, days: int | None = 90, frames: tuple[Timeframe, ...] = (Timeframe.H1,)
    ) -> Found:
        instruments = [await self.reader.instrument(coin) for coin in coins or ("btc",)]
        wanted = Wanted(instruments=instruments, frames=frames, days=days)
        return await self.reader.read(wanted, self.heard.append)


@pytest.fixture
def room() -> Room:
    listed, tickers = a_universe()
    source, clock, store, rings = (
        FakeMarketSource(listed, tickers, **some_perps()),
        HandClock(),
        MemoryCandles(),
        Rings(),
    )
    markets = Markets(source, None, clock, HASTY, rings=rings, store=store)
    collector = Collector(source, markets, store, rings, clock)
    perps = Perps(source, clock, HASTY)
    return Room(store, source, HistoryReader(store, markets, perps, collector, clock, patience_s=0.0), [])


def settlements(first: int, last: int) -> list[Funding]:
    """One every eight hours, from so many before now to so many."""
    return [
        Funding(symbol="BTCUSDT", rate=Decimal("0.0001"), at=NOON - timedelta(hours=8 * back))
        for back in range(first, last - 1, -1)
    ]


async def test_the_days_that_were_asked_for_and_bars_before_to_warm_up(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 200, until_ms=NOW_MS)
    found = await room.read(days=90)
    history = found.history
    (market,) = history.markets
    hours = market.series[Timeframe.H1]
    assert (history.stop_ms, history.stop_ms - history.start_ms) == (NOW_MS, 90 * DAY_MS)
    assert hours.time_ms[0] == history.start_ms - 600 * Timeframe.H1.ms
    assert hours.time_ms[-1] == NOW_MS - Timeframe.H1.ms
    assert SHORTER not in found.notes
    assert [one.stage for one in room.heard] == [Stage.READING] * len(room.heard)
    assert room.heard[-1].share == 1.0


async def test_a_perpetual_is_traded_where_there_is_one_on_the_finer_grid(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 100, until_ms=NOW_MS)
    await fill(room.store, "DOGEUSDT", 100, until_ms=NOW_MS)
    perps, spots = await room.read("btc"), await room.read("doge")
    (perp,), (spot,) = perps.history.markets, spots.history.markets
    assert perp.instrument.kind is MarketKind.PERP
    assert perp.instrument.tick == Decimal("0.01")
    assert perps.notes == (SPOT_PRICES, NO_FUNDING)
    assert spot.instrument.kind is MarketKind.SPOT
    assert spot.fundings is None
    assert spots.notes == ()


async def test_fundings_since_the_start_come_from_the_venue(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 100, until_ms=NOW_MS)
    room.source.settled = settled = settlements(89, 0)
    found = await room.read("btc", days=30)
    (market,) = found.history.markets
    assert market.fundings is not None
    assert market.fundings.time_ms.tolist() == [int(one.at.timestamp() * 1000) for one in settled]
    assert market.fundings.rate.tolist() == [0.0001] * 90
    assert found.notes == (SPOT_PRICES,)


@pytest.mark.parametrize(
    ("first", "last", "is_part"), [(87, 0, False), (86, 0, True), (90, 3, False), (90, 4, True)]
)
async def test_fundings_of_a_part_of_the_time_are_told_as_that(
    room: Room, first: int, last: int, is_part: bool
) -> None:
    await fill(room.store, "BTCUSDT", 100, until_ms=NOW_MS)
    room.source.settled = settlements(first, last)
    found = await room.read("btc", days=30)
    assert (SOME_FUNDING in found.notes) is is_part
    assert NO_FUNDING not in found.notes


async def test_orders_are_filled_on_the_finest_series_that_goes_back_as_far(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 200, until_ms=NOW_MS)
    await fill(room.store, "BTCUSDT", 40, until_ms=NOW_MS, frame=Timeframe.M5)
    short, long = await room.read(days=30), await room.read(days=90)
    assert set(short.history.markets[0].series) == {Timeframe.M5, Timeframe.H1}
    assert set(long.history.markets[0].series) == {Timeframe.H1}


async def test_less_history_than_asked_is_played_and_said(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 50, until_ms=NOW_MS)
    found = await room.read(days=730)
    days = (found.history.stop_ms - found.history.start_ms) / DAY_MS
    assert 49 <= days <= 50
    assert SHORTER in found.notes


async def test_all_there_is_begins_where_the_youngest_market_begins(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 300, until_ms=NOW_MS)
    await fill(room.store, "ETHUSDT", 120, until_ms=NOW_MS)
    found = await room.read("btc", "eth", days=None)
    assert 119 <= (found.history.stop_ms - found.history.start_ms) / DAY_MS <= 120
    assert SHORTER not in found.notes


async def test_too_little_history_says_how_much_there_is_and_how_to_get_more(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 5, until_ms=NOW_MS)
    with pytest.raises(Refused) as refused:
        await room.read(days=365)
    assert refused.value.code == "backtest_history"
    assert refused.value.params == {
        "pair": "BTC/USDT",
        "timeframe": "1h",
        "days": 5,
        "fetch": "perpetuum backfill BTCUSDT --days 365 --timeframe 1h",
    }


async def test_no_history_at_all_is_no_crash(room: Room) -> None:
    with pytest.raises(Refused) as refused:
        await room.read(days=None)
    assert refused.value.params["days"] == 0


async def test_more_than_is_handled_gives_up_the_finer_series_first(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 40, until_ms=NOW_MS)
    await fill(room.store, "BTCUSDT", 40, until_ms=NOW_MS, frame=Timeframe.M5)
    room.reader.most_bars = 2000
    found = await room.read(days=30)
    assert set(found.history.markets[0].series) == {Timeframe.H1}
    room.reader.most_bars = 500
    with pytest.raises(Refused) as refused:
        await room.read(days=30)
    assert refused.value.code == "backtest_too_much"


async def test_a_series_with_a_hole_has_a_hole_in_the_history(room: Room) -> None:
    candles = some_candles(2000, Timeframe.H1, start_ms=NOW_MS - 2000 * Timeframe.H1.ms)
    series = a_series("BTCUSDT", Timeframe.H1)
    await room.store.upsert(series, candles.rows(0, 1000))
    await room.store.upsert(series, candles.rows(1100))
    found = await room.read(days=60)
    hours = found.history.markets[0].series[Timeframe.H1]
    assert (hours.time_ms[1:] - hours.time_ms[:-1]).max() == 101 * Timeframe.H1.ms


async def test_history_that_is_coming_in_is_waited_for(room: Room) -> None:
    await fill(room.store, "BTCUSDT", 20, until_ms=NOW_MS)
    room.reader.patience_s, room.reader.look_s = 60.0, 0.001
    reading = asyncio.create_task(room.read(days=60))
    while not room.heard:
        await asyncio.sleep(0)
    assert (room.heard[0].stage, room.heard[0].done, room.heard[0].total) == (Stage.FILLING, 20, 60)
    await fill(room.store, "BTCUSDT", 100, until_ms=NOW_MS)
    found = await reading
    assert found.history.stop_ms - found.history.start_ms == 60 * DAY_MS


async def test_another_venues_candles_are_not_taken(room: Room) -> None:
    other = replace(a_series("BTCUSDT", Timeframe.H1), venue="elsewhere")
    await room.store.upsert(other, some_candles(5000, Timeframe.H1, start_ms=NOW_MS - 5000 * Timeframe.H1.ms))
    with pytest.raises(Refused):
        await room.read(days=30)
