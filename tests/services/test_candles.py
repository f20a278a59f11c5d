"""The collector as a whole, over a venue in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import structlog

from engines.core.timeframe import Timeframe
from engines.market.aggregation import between
from engines.market.plan import FIVE, KEPT, depth
from ports.errors import Transient
from services.candles import Collector
from services.collect.options import CollectOptions
from services.market.options import MarketOptions
from services.market.ring import Rings
from services.markets import Markets
from tests.build.candles import MemoryCandles, a_series, rows_of, some_candles
from tests.build.clock import HandClock
from tests.build.collecting import NOON_MS, QUICK, STEP, a_past, bar_of
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument

ROAD = "candles 5m"


class Desk:
    """A venue with four markets: BTC 900 million a day, ETH 500, USDC 800, TINY half a million."""

    def __init__(self, store: MemoryCandles | None = None, **options: Any) -> None:
        turnover = {"BTC": 900_000_000, "ETH": 500_000_000, "USDC": 800_000_000, "TINY": 500_000}
        self.clock = HandClock()
        self.source = FakeMarketSource(
            [an_instrument(base) for base in turnover],
            [a_ticker(f"{base}USDT", turnover_24h=Decimal(daily)) for base, daily in turnover.items()],
        )
        for base in turnover:
            a_past(self.source, f"{base}USDT", before=timedelta(days=3))
        self.store = store or MemoryCandles()
        self.rings = Rings()
        self.markets = Markets(
            self.source,
            None,
            self.clock,
            MarketOptions(person_patience_s=(), patience_s=()),
            rings=self.rings,
            store=self.store,
        )
        self.collector = Collector(
            self.source,
            self.markets,
            self.store,
            self.rings,
            self.clock,
            CollectOptions(**{**QUICK, **options}),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Markets known, the collector at work."""
        await self.markets.quote("BTCUSDT")
        running = asyncio.create_task(self.collector.run())
        try:
            yield
            assert not running.done(), running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await self.collector.close()

    async def until(self, look: Any, within_s: float = 5.0) -> None:
        """Wait until `look` is true."""
        async with asyncio.timeout(within_s):
            while not look():
                await asyncio.sleep(0.005)

    def is_filled(self) -> bool:
        """Whether nothing is left to be filled."""
        progress = self.collector.filling
        return 0 < progress.series == progress.done

    def tell(self, symbol: str, step: int, **fields: Any) -> None:
        """Let the stream tell the candle that opens so many steps after noon."""
        past = between(self.past(symbol), NOON_MS, 2**62)
        self.source.push_bar(bar_of(past, NOON_MS + step * STEP, symbol=symbol, **fields))

    def past(self, symbol: str, timeframe: Timeframe = FIVE) -> Any:
        """What the venue has."""
        return next(
            candles
            for (_, name, frame, _), candles in self.source.past.items()
            if (name, frame) == (symbol, timeframe)
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_the_most_traded_markets_are_collected_and_those_kept(desk: Desk) -> None:
    async with desk.running():
        await desk.until(lambda: desk.source.watched_on(ROAD) == {"BTCUSDT", "ETHUSDT"})
        desk.markets.keep("watch", ["TINYUSDT", "GONEUSDT"])
        await desk.until(lambda: desk.source.watched_on(ROAD) == {"BTCUSDT", "ETHUSDT", "TINYUSDT"})
        desk.markets.keep("watch", [])
        await desk.until(lambda: desk.source.watched_on(ROAD) == {"BTCUSDT", "ETHUSDT"})


async def test_none_are_collected_where_none_are_wanted() -> None:
    desk = Desk(markets=0)
    async with desk.running():
        await asyncio.sleep(0.05)
    assert desk.source.streams == []
    assert await desk.store.coverage() == []


async def test_the_store_ends_full_and_the_stream_goes_on(desk: Desk) -> None:
    async with desk.running():
        await desk.until(desk.is_filled)
        desk.clock.move(901)
        for symbol in ("BTCUSDT", "ETHUSDT"):
            for step in range(3):
                desk.tell(symbol, step)
        await desk.until(lambda: desk.collector.counts.derived == 2)
        await desk.collector.close()

        for timeframe in KEPT:
            wanted = depth(timeframe, NOON_MS + 901_000)
            kept = await desk.store.between(a_series("ETHUSDT", timeframe), 0, 2**62)
            theirs = between(desk.past("ETHUSDT", timeframe), wanted.start_ms, wanted.stop_ms)
            assert kept.time_ms.tolist() == theirs.time_ms.tolist()
            assert kept.close.tolist() == theirs.close.tolist()

        summary = await desk.collector.summary()
        assert (summary.markets, summary.series, summary.missing) == (2, 10, 0)
        assert summary.candles == sum(one.count for one in await desk.store.coverage())
        assert summary.size_bytes > 0
        assert summary.filling.done == summary.filling.series == 10


async def test_charts_are_drawn_from_memory_while_the_stream_speaks(desk: Desk) -> None:
    async with desk.running():
        await desk.until(desk.is_filled)
        await desk.until(lambda: desk.source.watched_on(ROAD))
        desk.tell("BTCUSDT", 0, is_closed=False, at_ms=NOON_MS)
        for timeframe in (FIVE, Timeframe.M15, Timeframe.H1):
            shown = await desk.markets.candles("BTCUSDT", timeframe, 40)
            venue = between(desk.past("BTCUSDT", timeframe), 0, NOON_MS)
            assert rows_of(shown)[:-1] == rows_of(venue)[-39:]
            assert int(shown.time_ms[-1]) == NOON_MS
        assert [one for one in desk.source.asked if one.startswith("candles")] == []


async def test_a_chart_puts_its_market_first() -> None:
    desk = Desk(backfills=1)
    desk.source.delay_s = 0.003
    async with desk.running():
        await desk.until(lambda: any("history" in one for one in desk.source.asked))
        await desk.markets.candles("ETHUSDT", Timeframe.H1, 10)
        asked = len(desk.source.asked)
        await desk.until(desk.is_filled)
    later = [one.split()[2] for one in desk.source.asked[asked:] if one.startswith("history")]
    first_other = later.index("BTCUSDT", 3)
    assert set(later[first_other:]) == {"BTCUSDT"}


async def test_a_broken_stream_is_dialled_again_and_what_it_missed_fetched(desk: Desk) -> None:
    async with desk.running():
        await desk.until(desk.is_filled)
        await desk.until(lambda: desk.source.watched_on(ROAD))
        desk.source.break_stream(Transient("gone"))
        desk.clock.move(1811)
        await desk.until(lambda: desk.collector.counts.repaired >= 12)
        await desk.until(lambda: len(desk.source.watched_on(ROAD)) == 2)
        kept = await desk.store.between(a_series(), NOON_MS, 2**62)
        assert rows_of(kept) == rows_of(between(desk.past("BTCUSDT"), NOON_MS, NOON_MS + 6 * STEP))


async def test_the_venue_wins_where_sums_differ(desk: Desk) -> None:
    async with desk.running():
        await desk.until(desk.is_filled)
    hours = await desk.store.between(a_series(timeframe=Timeframe.M15), 0, 2**62)
    wrong = hours.rows(-4, -3)
    wrong.close[0] = wrong.low[0]
    await desk.store.upsert(a_series(timeframe=Timeframe.M15), wrong)
    desk.source.bars = between(desk.past("BTCUSDT", Timeframe.M15), 0, NOON_MS + 1).rows(-30)
    desk.markets.keep("watch", [])

    await desk.collector.audit()

    assert desk.collector.counts.differing > 0
    kept = await desk.store.between(a_series(timeframe=Timeframe.M15), 0, 2**62)
    assert rows_of(kept) == rows_of(between(desk.past("BTCUSDT", Timeframe.M15), 0, NOON_MS))
    audited = desk.collector.counts.audited
    await desk.collector.audit()
    assert desk.collector.counts.audited == audited, "not twice in ten minutes"


async def test_old_candles_are_forgotten_as_deep_as_they_are_kept(desk: Desk) -> None:
    async with desk.running():
        await desk.until(desk.is_filled)
    imported = a_series(venue="binance")
    await desk.store.upsert(imported, some_candles(10))
    before = {one.series: one for one in await desk.store.coverage()}
    desk.clock.move(30 * 86_400)
    gone = await desk.collector.retain()
    after = {one.series: one for one in await desk.store.coverage()}
    five = a_series()
    assert after[five].first_ms == depth(FIVE, NOON_MS + 30 * 86_400_000).start_ms
    assert after[imported] == before[imported]
    assert gone == 2 * (before[five].count - after[five].count)
    assert after[a_series(timeframe=Timeframe.H1)] == before[a_series(timeframe=Timeframe.H1)]
    assert await desk.collector.retain() == 0


async def test_the_heartbeat_says_what_was_done_since_the_last(desk: Desk) -> None:
    with structlog.testing.capture_logs() as logged:
        async with desk.running():
            await desk.until(desk.is_filled)
            await desk.until(lambda: desk.source.watched_on(ROAD))
            desk.tell("BTCUSDT", 0)
            await desk.until(lambda: desk.collector.counts.closed == 1)
            await desk.collector.heartbeat()
            await desk.collector.heartbeat()
    first, second = [one for one in logged if one["event"] == "candles"]
    assert (first["markets"], first["filled"], first["closed"], first["feed"]) == (2, "10/10", 1, "streaming")
    assert first["stored"] > 1000
    assert (second["closed"], second["stored"]) == (0, 0)


async def test_a_store_in_trouble_at_the_start_is_waited_for() -> None:
    class Sick(MemoryCandles):
        failures = 3

        async def last(self, *args: Any, **kwargs: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise Transient("locked", kind="database")
            return await super().last(*args, **kwargs)

    desk = Desk(Sick())
    async with desk.running():
        await desk.until(desk.is_filled)
