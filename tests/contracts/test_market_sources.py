"""One battery over every market source: whatever stands behind the port keeps its promises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta

import numpy as np
import pytest

from adapters.exchange.build import build_market_source
from engines.core.instrument import MarketKind
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.errors import Refused
from ports.markets import MarketSource
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument
from tests.build.twins import running_twins


@asynccontextmanager
async def over_the_wire(venue: str) -> AsyncIterator[MarketSource]:
    async with running_twins() as twins:
        yield build_market_source(venue, twins.clock, base_url=f"{twins.url}/{venue}")


@asynccontextmanager
async def in_memory(_: str) -> AsyncIterator[MarketSource]:
    yield FakeMarketSource([an_instrument("BTC"), an_instrument("ETH")], [a_ticker("BTCUSDT")])


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
