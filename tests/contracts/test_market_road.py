"""The whole road of a price: the sandbox's market, the venue's wire, ccxt, the desk's own services."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from adapters.exchange.build import build_market_source
from engines.core.candle import Bar
from engines.core.timeframe import Timeframe
from ports.errors import Refused
from services.market.options import MarketOptions
from services.markets import Markets
from tests.build.twins import Twins, running_twins

OPTIONS = MarketOptions(poll_s=0.1, reference_poll_s=0.1, stream_review_s=0.05, backoff_s=(0.05, 0.1))


@asynccontextmanager
async def a_desk(
    *, speed: float = 1.0, quiet_s: float = 60.0, options: MarketOptions = OPTIONS
) -> AsyncIterator[tuple[Twins, Markets]]:
    async with running_twins(speed=speed) as twins:
        bybit, binance = (
            build_market_source(venue, twins.clock, base_url=f"{twins.url}/{venue}", quiet_s=quiet_s)
            for venue in ("bybit", "binance")
        )
        markets = Markets(bybit, binance, twins.clock, options)
        try:
            async with running(markets.run_universe(), markets.run_tickers(), markets.run_reference()):
                yield twins, markets
        finally:
            await markets.close()
            await bybit.close()
            await binance.close()


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_a_frozen_market_is_told_to_the_last_digit() -> None:
    async with a_desk(speed=0.0) as (twins, markets):
        await until(lambda: all(feed.age_s is not None for feed in markets.feeds()))
        instrument = await markets.resolve("биток")
        quote = await markets.quote(instrument.symbol)
        now_ms = twins.market.now_ms()
        book = twins.market.spot(now_ms)["BTCUSDT"]
        assert quote.ticker.last == Decimal(book.price_text(book.last(now_ms)))
        assert not quote.is_stale
        assert quote.reference_gap is not None
        assert abs(quote.reference_gap) < Decimal("0.01")
        candles = await markets.candles("BTCUSDT", Timeframe.H1, 200)
        assert len(candles) == 200
        assert candles.time_ms[-1] == Timeframe.H1.floor(now_ms)
        assert Decimal(str(candles.close[-1])) == quote.ticker.last


async def test_every_feed_is_up_at_speed_and_after_a_jump_of_a_day() -> None:
    async with a_desk(speed=60.0) as (twins, markets):
        await until(lambda: all(feed.is_ok for feed in markets.feeds()))
        before = await markets.quote("ETHUSDT")
        await twins.sandbox_clock.advance(86_400)
        await until(lambda: twins.clock.age_s(before.ticker.at) > 1_000)
        await until(lambda: not markets.quotes(["ETHUSDT"])[0].is_stale)
        after = await markets.quote("ETHUSDT")
        assert (after.ticker.at - before.ticker.at).total_seconds() >= 86_000
        assert after.age_s < OPTIONS.stale_after_s
        candles = await markets.candles("ETHUSDT", Timeframe.M15, 50)
        assert (np.diff(candles.time_ms) == Timeframe.M15.ms).all()


async def test_a_shock_reaches_the_movers() -> None:
    async with a_desk() as (twins, markets):
        await until(lambda: markets.top(1, "turnover"))
        before = (await markets.quote("LTCUSDT")).ticker.last
        twins.market.shock("LTCUSDT", 90.0)
        await until(lambda: markets.quotes(["LTCUSDT"])[0].ticker.last > before * Decimal("1.8"))
        assert markets.top(1, "movers_up")[0].ticker.symbol == "LTCUSDT"


async def test_a_silent_stream_is_reported_while_polling_keeps_prices_fresh() -> None:
    async with a_desk(quiet_s=0.3) as (twins, markets):
        await until(lambda: markets.feeds()[0].is_ok)
        twins.faults.merge({"bybit": {"silent": True}})
        await until(lambda: markets.feeds()[0].code == "failing")
        assert markets.feeds()[0].params["error"] == "silent"
        assert not (await markets.quote("BTCUSDT")).is_stale
        twins.faults.clear()
        await until(lambda: markets.feeds()[0].is_ok)


async def test_a_halted_market_leaves_the_desk_and_comes_back() -> None:
    async with a_desk(options=replace(OPTIONS, universe_refresh_s=0.1)) as (twins, markets):
        await until(lambda: markets.quotes(["ETHUSDT"]))
        twins.faults.merge({"bybit": {"halted": ["ETHUSDT"]}})
        await until(lambda: not markets.quotes(["ETHUSDT"]))
        with pytest.raises(Refused) as refusal:
            await markets.quote("ETHUSDT")
        assert refusal.value.code == "unknown_symbol"
        assert markets.quotes(["BTCUSDT"])
        twins.faults.clear()
        await until(lambda: markets.quotes(["ETHUSDT"]))


async def test_a_day_of_repeated_and_shuffled_candles_loses_none() -> None:
    heard: list[Bar] = []
    async with running_twins(speed=0.0) as twins:
        bybit = build_market_source("bybit", twins.clock, base_url=f"{twins.url}/bybit")
        watch = asyncio.create_task(bybit.watch_candles(["BTCUSDT", "ETHUSDT"], Timeframe.M5, heard.append))
        await until(lambda: {bar.symbol for bar in heard} == {"BTCUSDT", "ETHUSDT"})
        first_ms = heard[0].time_ms
        twins.faults.merge({"bybit": {"repeat": True, "shuffle": True}})
        await twins.sandbox_clock.advance(86_400)
        expected = {first_ms + step * Timeframe.M5.ms for step in range(288)}
        wanted = {(symbol, at) for symbol in ("BTCUSDT", "ETHUSDT") for at in expected}
        await until(lambda: wanted <= {(bar.symbol, bar.time_ms) for bar in heard if bar.is_closed})
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        told = await bybit.history(
            "BTCUSDT", Timeframe.M5, start_ms=first_ms, stop_ms=first_ms + 288 * Timeframe.M5.ms
        )
        await bybit.close()
    closes = {bar.time_ms: bar.close for bar in heard if bar.symbol == "BTCUSDT" and bar.is_closed}
    assert [closes[at] for at in told.time_ms.tolist()] == told.close.tolist()
