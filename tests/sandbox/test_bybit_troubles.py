"""Halted markets, and candles told twice or out of order."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from sandbox.market.replay import recorded_origin
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.venues import Venues, bybit_client, running_venues

START = JANUARY_MS + 3 * DAY
NOW = START + 7 * HOUR + 3 * MINUTE


@pytest.fixture
async def venues(tmp_path: Path) -> AsyncIterator[Venues]:
    async with running_venues(recorded_origin(a_recording(tmp_path), START), NOW) as running:
        yield running


async def last_price(venues: Venues, category: str, symbol: str) -> str:
    answer = await venues.get("/bybit/v5/market/tickers", category=category, symbol=symbol)
    price: str = answer["result"]["list"][0]["lastPrice"]
    return price


@pytest.mark.parametrize("category", ["spot", "linear"])
async def test_a_halted_market_is_listed_as_closed_and_its_price_stands(
    venues: Venues, category: str
) -> None:
    venues.faults.merge({"bybit": {"halted": ["BTCUSDT"]}})
    listed = await venues.get("/bybit/v5/market/instruments-info", category=category)
    states = {row["symbol"]: row["status"] for row in listed["result"]["list"]}
    assert states["BTCUSDT"] == "Closed"
    assert all(state == "Trading" for symbol, state in states.items() if symbol != "BTCUSDT")
    before = await last_price(venues, category, "BTCUSDT")
    await venues.clock.advance(6 * 3600)
    assert await last_price(venues, category, "BTCUSDT") == before
    rows = await venues.get("/bybit/v5/market/kline", category=category, symbol="BTCUSDT", interval="5")
    assert int(rows["result"]["list"][0][0]) <= NOW
    venues.faults.clear()
    assert await last_price(venues, category, "BTCUSDT") != before


async def test_a_halted_market_has_no_ticks_and_the_others_go_on(venues: Venues) -> None:
    async with venues.http.ws_connect(f"{venues.url}/bybit/v5/public/spot") as socket:
        await socket.send_json({"op": "subscribe", "args": ["tickers.BTCUSDT", "tickers.ETHUSDT"]})
        for _ in range(3):  # the acknowledgement and both tickers
            await socket.receive()
        venues.faults.merge({"bybit": {"halted": ["BTCUSDT"]}})
        await venues.clock.advance(1)  # the halt begins with the first look at it
        heard = orjson.loads((await socket.receive()).data)
        if heard["topic"] == "tickers.BTCUSDT":
            heard = orjson.loads((await socket.receive()).data)
        await venues.clock.advance(3600)
        assert orjson.loads((await socket.receive()).data)["topic"] == "tickers.ETHUSDT"


async def test_the_real_client_sees_a_halted_market_as_inactive(venues: Venues) -> None:
    venues.faults.merge({"bybit": {"halted": ["BTCUSDT"]}})
    async with bybit_client(venues) as client:
        markets = await client.load_markets()
    assert not markets["BTC/USDT"]["active"]
    assert not markets["BTC/USDT:USDT"]["active"]
    assert markets["ETH/USDT"]["active"]


async def candles_after(venues: Venues, **fault: bool) -> list[dict[str, Any]]:
    """The three candles that become due together ten minutes later: two closed, one forming."""
    async with venues.http.ws_connect(f"{venues.url}/bybit/v5/public/spot") as socket:
        await socket.send_json({"op": "subscribe", "args": ["kline.5.BTCUSDT"]})
        await socket.receive()
        await socket.receive()
        venues.faults.merge({"bybit": fault})
        await venues.clock.advance(600)
        count = 6 if fault.get("repeat") else 3
        return [orjson.loads((await socket.receive()).data)["data"][0] for _ in range(count)]


async def test_repeated_candles_come_twice(venues: Venues) -> None:
    rows = await candles_after(venues, repeat=True)
    assert rows[::2] == rows[1::2]
    assert [row["confirm"] for row in rows[::2]] == [True, True, False]


async def test_shuffled_candles_come_newest_first(venues: Venues) -> None:
    rows = await candles_after(venues, shuffle=True)
    starts = [row["start"] for row in rows]
    assert starts == sorted(starts, reverse=True)
    assert [row["confirm"] for row in rows] == [False, True, True]
