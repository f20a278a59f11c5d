"""One battery over every market source: whatever stands behind the port keeps its promises."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from adapters.exchange.build import build_market_source
from engines.core.instrument import MarketKind
from engines.core.perp import Funding
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.errors import Refused
from ports.markets import MarketSource, PriceOf
from tests.build.clock import NOON
from tests.build.markets import (
    FakeMarketSource,
    a_perp,
    a_perp_ticker,
    a_ticker,
    an_instrument,
    some_candles,
)
from tests.build.twins import running_twins


@asynccontextmanager
async def over_the_wire(venue: str) -> AsyncIterator[MarketSource]:
    async with running_twins() as twins:
        yield build_market_source(venue, twins.clock, base_url=f"{twins.url}/{venue}")


@asynccontextmanager
async def in_memory(_: str) -> AsyncIterator[MarketSource]:
    source = FakeMarketSource(
        [an_instrument("BTC"), an_instrument("ETH")],
        [a_ticker("BTCUSDT")],
        perps=[a_perp("BTC")],
        perp_tickers=[a_perp_ticker("BTCUSDT")],
    )
    for kind in MarketKind:
        for price_of in PriceOf:
            source.past[kind, "BTCUSDT", Timeframe.M5, price_of] = some_candles(5000, Timeframe.M5)
    source.settled = [
        Funding(symbol="BTCUSDT", rate=Decimal("0.0001"), at=NOON - timedelta(hours=8 * number))
        for number in reversed(range(300))
    ]
    yield source


WORLDS = {
    "fake": (in_memory, "fake"),
    "bybit": (over_the_wire, "bybit"),
    "binance": (over_the_wire, "binance"),
}


@pytest.fixture(params=WORLDS)
async def source(request: pytest.FixtureRequest) -> AsyncIterator[MarketSource]:
    world, venue = WORLDS[request.param]
    async with world(venue) as source:
        yield source
        await source.close()


async def test_instruments_are_spot_markets_named_once_with_a_grid(source: MarketSource) -> None:
    instruments = await source.instruments()
    symbols = [one.symbol for one in instruments]
    assert "BTCUSDT" in symbols
    assert len(set(symbols)) == len(symbols)
    for one in instruments:
        assert one.kind is MarketKind.SPOT
        assert one.symbol == one.base + one.quote
        assert one.tick > 0
        assert one.lot > 0
        assert one.min_notional >= 0


async def test_tickers_are_positive_and_dated_in_utc(source: MarketSource) -> None:
    tickers = await source.tickers()
    assert "BTCUSDT" in tickers
    for symbol, ticker in tickers.items():
        assert ticker.symbol == symbol
        assert ticker.last > 0
        assert ticker.at.utcoffset() == timedelta(0)
        assert ticker.bid is None or ticker.ask is None or ticker.bid <= ticker.ask
        assert ticker.change_24h is None or ticker.change_24h > -1


async def test_candles_rise_in_time_lie_on_the_grid_and_hold_together(source: MarketSource) -> None:
    candles = await source.candles("BTCUSDT", Timeframe.H1, limit=3)
    assert len(candles) == 3
    assert (np.diff(candles.time_ms) > 0).all()
    assert (candles.time_ms % Timeframe.H1.ms == 0).all()
    assert (candles.high >= np.maximum(candles.open, candles.close)).all()
    assert (candles.low <= np.minimum(candles.open, candles.close)).all()
    assert (candles.volume >= 0).all()


async def test_fewer_candles_are_the_latest_ones(source: MarketSource) -> None:
    three = await source.candles("BTCUSDT", Timeframe.H1, limit=3)
    two = await source.candles("BTCUSDT", Timeframe.H1, limit=2)
    assert two.time_ms.tolist() == three.time_ms[1:].tolist()


async def test_an_unknown_symbol_is_refused(source: MarketSource) -> None:
    with pytest.raises(Refused) as refusal:
        await source.candles("NOPEUSDT", Timeframe.H1, limit=3)
    assert refusal.value.code == "unknown_symbol"


async def now_ms(source: MarketSource) -> int:
    """Market time, as the venue's candles tell it."""
    return int((await source.candles("BTCUSDT", Timeframe.M5, limit=1)).time_ms[-1])


async def test_history_is_the_candles_that_open_inside_its_span(source: MarketSource) -> None:
    step, end = Timeframe.M5.ms, await now_ms(source)
    found = await source.history(
        "BTCUSDT", Timeframe.M5, start_ms=end - 20 * step + 1, stop_ms=end - 10 * step
    )
    assert found.time_ms.tolist() == [end - step * number for number in range(19, 10, -1)]
    assert (found.high >= np.maximum(found.open, found.close)).all()
    assert (found.low <= np.minimum(found.open, found.close)).all()


async def test_a_long_history_begins_with_its_oldest_thousand(source: MarketSource) -> None:
    step, end = Timeframe.M5.ms, await now_ms(source)
    start = end - 2500 * step
    found = await source.history("BTCUSDT", Timeframe.M5, start_ms=start, stop_ms=end)
    assert found.time_ms.tolist() == [start + step * number for number in range(1000)]
    rest = await source.history("BTCUSDT", Timeframe.M5, start_ms=start + 2000 * step, stop_ms=end)
    assert len(rest) == 500


async def test_a_span_before_and_one_after_all_candles_are_empty(source: MarketSource) -> None:
    step, end = Timeframe.M5.ms, await now_ms(source)
    assert not len(await source.history("BTCUSDT", Timeframe.M5, start_ms=0, stop_ms=step))
    later = end + 10 * step
    assert not len(await source.history("BTCUSDT", Timeframe.M5, start_ms=later, stop_ms=later + 5 * step))


async def test_the_book_is_sorted_from_the_best_and_does_not_cross(source: MarketSource) -> None:
    book = await source.depth("BTCUSDT", MarketKind.SPOT, levels=3)
    assert (book.symbol, len(book.bids), len(book.asks)) == ("BTCUSDT", 3, 3)
    bids, asks = [price for price, _ in book.bids], [price for price, _ in book.asks]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert all(size > 0 for _, size in (*book.bids, *book.asks))
    assert book.at.utcoffset() == timedelta(0)


async def test_unknown_markets_are_refused_on_every_road(source: MarketSource) -> None:
    asked: list[Coroutine[Any, Any, object]] = [
        source.history("NOPEUSDT", Timeframe.M5, start_ms=0, stop_ms=1),
        source.depth("NOPEUSDT", MarketKind.SPOT),
        source.depth("NOPEUSDT", MarketKind.PERP),
        source.fundings("NOPEUSDT", since=datetime(2025, 1, 1, tzinfo=UTC)),
    ]
    for question in asked:
        with pytest.raises(Refused) as refusal:
            await question
        assert refusal.value.code == "unknown_symbol"


async def test_perpetuals_are_listed_where_there_are_some(source: MarketSource) -> None:
    perps = {one.symbol: one for one in await source.perps()}
    tickers = await source.perp_tickers()
    if source.venue == "binance":
        assert (perps, tickers) == ({}, {})
        return
    btc, ticker = perps["BTCUSDT"], tickers["BTCUSDT"]
    assert (btc.kind, btc.base, btc.quote) == (MarketKind.PERP, "BTC", "USDT")
    assert btc.tick > 0
    assert btc.lot > 0
    assert abs(ticker.mark / ticker.last - 1) < Decimal("0.05")
    assert ticker.index is not None
    assert ticker.funding_rate is not None
    assert ticker.next_funding_at is not None
    assert ticker.next_funding_at > ticker.at - timedelta(seconds=1)
    assert all(one.mark > 0 and one.symbol == symbol for symbol, one in tickers.items())


@pytest.mark.parametrize("price_of", PriceOf)
async def test_a_perpetual_has_a_history_of_each_price(source: MarketSource, price_of: PriceOf) -> None:
    if not await source.perps():
        return
    step, end = Timeframe.M5.ms, await now_ms(source)
    found = await source.history(
        "BTCUSDT",
        Timeframe.M5,
        start_ms=end - 5 * step,
        stop_ms=end,
        kind=MarketKind.PERP,
        price_of=price_of,
    )
    assert found.time_ms.tolist() == [end - step * number for number in range(5, 0, -1)]


async def test_fundings_after_a_moment_rise_in_time(source: MarketSource) -> None:
    if not await source.perps():
        return
    now = datetime.fromtimestamp(await now_ms(source) / 1000, UTC)
    found = await source.fundings("BTCUSDT", since=now - timedelta(days=2, minutes=5))
    assert 5 <= len(found) <= 7
    assert [one.at for one in found] == sorted({one.at for one in found})
    assert (await source.fundings("BTCUSDT", since=found[2].at)) == found[3:]


async def test_the_server_time_is_aware(source: MarketSource) -> None:
    assert (await source.server_time()).tzinfo is UTC


async def test_a_stream_can_be_cancelled_and_closing_may_be_repeated(source: MarketSource) -> None:
    heard: list[Ticker] = []
    stream = asyncio.create_task(source.watch_tickers(["BTCUSDT"], heard.append))
    await asyncio.sleep(0.01)
    stream.cancel()
    await asyncio.gather(stream, return_exceptions=True)
    await source.close()
    await source.close()
