"""The Binance twin: recorded shapes, recorded candles, Binance's refusals, and the real client."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from sandbox.market.replay import recorded_origin
from sandbox.market.synthetic import OPENING_MS
from tests.build.origins import made_up_market
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues, binance_client, running_venues

START = JANUARY_MS + 3 * DAY
NOW = START + 7 * HOUR + 23 * MINUTE + 17_400
API = "/binance/api/v3"


@pytest.fixture
async def venues(tmp_path: Path) -> AsyncIterator[Venues]:
    async with running_venues(recorded_origin(a_recording(tmp_path), START), NOW) as running:
        yield running


@pytest.fixture
async def client(venues: Venues) -> AsyncIterator[Any]:
    async with binance_client(venues) as one:
        await one.load_markets()
        yield one


SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "rest/exchange_info_response": ("exchangeInfo", {}),
    "rest/klines_response": ("klines", {"symbol": "BTCUSDT", "interval": "1h", "limit": 1}),
    "rest/ticker_24hr_response": ("ticker/24hr", {"symbol": "BTCUSDT"}),
    "rest/ticker_price_response": ("ticker/price", {"symbol": "BTCUSDT"}),
    "rest/book_ticker_response": ("ticker/bookTicker", {"symbol": "BTCUSDT"}),
    "rest/server_time_response": ("time", {}),
    "rest/ping_response": ("ping", {}),
    "rest_2/http_spot_market_depth": ("depth", {"symbol": "BTCUSDT", "limit": 10}),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_answers_have_the_shape_that_was_recorded(venues: Venues, shared_data: Path, name: str) -> None:
    path, query = SHAPES[name]
    recorded = json.loads((shared_data / "fixtures" / "binance_spot" / f"{name}.json").read_text())
    if path == "exchangeInfo":
        recorded.pop("sors")  # smart order routes exist for a few pairs only
        recorded["symbols"][0]["permissionSets"] = [["SPOT"]]
        recorded["symbols"][0].pop("orderTypes")
    assert shape_gaps(recorded, await venues.get(f"{API}/{path}", **query)) == []


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("klines", {"symbol": "NOPEUSDT", "interval": "1h"}, -1121),
        ("klines", {"symbol": "BTCUSDT", "interval": "7h"}, -1120),
        ("klines", {"symbol": "BTCUSDT"}, -1102),
        ("klines", {"symbol": "BTCUSDT", "interval": "1h", "limit": "many"}, -1100),
        ("depth", {}, -1102),
        ("ticker/price", {"symbol": "NOPEUSDT"}, -1121),
        ("ticker/price", {"symbols": '["NOPEUSDT"]'}, -1121),
        ("ticker/price", {"symbols": "["}, -1121),
    ],
)
async def test_wrong_parameters_are_refused_as_binance_does(
    venues: Venues, path: str, query: dict[str, str], code: int
) -> None:
    async with venues.http.get(f"{venues.url}{API}/{path}", params=query) as response:
        assert response.status == 400
        body = await response.json()
    assert body["code"] == code
    assert set(body) == {"code", "msg"}


async def test_an_invalid_symbol_is_told_in_binances_words(venues: Venues) -> None:
    refused = await venues.get(f"{API}/ticker/24hr", symbol="NOPE")
    assert refused == {"code": -1121, "msg": "Invalid symbol."}


async def test_an_unknown_path_is_not_found(venues: Venues) -> None:
    async with venues.http.get(f"{venues.url}{API}/nonsense") as response:
        assert response.status == 404


async def test_tickers_come_for_one_for_some_and_for_all(venues: Venues) -> None:
    one = await venues.get(f"{API}/ticker/price", symbol="ETHUSDT")
    some = await venues.get(f"{API}/ticker/price", symbols='["ETHUSDT","BTCUSDT"]')
    every = await venues.get(f"{API}/ticker/price")
    assert [row["symbol"] for row in some] == ["ETHUSDT", "BTCUSDT"]
    assert one == some[0]
    assert {row["symbol"] for row in every} == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}


async def test_klines_come_oldest_first_and_by_pages(venues: Venues) -> None:
    async def times(**query: Any) -> list[int]:
        rows = await venues.get(f"{API}/klines", symbol="BTCUSDT", interval="1h", **query)
        return [row[0] for row in rows]

    hour = NOW // HOUR * HOUR
    assert await times(limit=2) == [hour - HOUR, hour]
    assert await times(startTime=0, limit=2) == [JANUARY_MS, JANUARY_MS + HOUR]
    assert await times(endTime=START, limit=2) == [START - HOUR, START]
    assert await times(startTime=START, endTime=START + 2 * HOUR) == [START, START + HOUR, START + 2 * HOUR]


async def test_the_client_reads_what_it_needs(client: Any, venues: Venues) -> None:
    assert set(client.symbols) == {"BTC/USDT", "ETH/USDT", "SOL/USDT"}
    assert await client.fetch_time() == 1_700_000_000_000
    tickers = await client.fetch_tickers()
    book = venues.market.spot(NOW)["BTCUSDT"]
    assert tickers["BTC/USDT"]["last"] == book.price_text(book.last(NOW))
    assert tickers["BTC/USDT"]["timestamp"] == NOW
    depth = await client.fetch_order_book("BTC/USDT", 5)
    assert len(depth["bids"]) == 5
    with pytest.raises(ccxt.BadSymbol):
        await client.publicGetTicker24hr({"symbol": "NOPE"})


async def test_both_venues_show_recorded_candles_alike(client: Any, venues: Venues) -> None:
    candles = await client.fetch_ohlcv("BTC/USDT", "1h", limit=50)
    bybit = await venues.get(
        "/bybit/v5/market/kline", category="spot", symbol="BTCUSDT", interval="60", limit=50
    )
    theirs = [[int(at), *prices[:5]] for at, *prices in reversed(bybit["result"]["list"])]
    assert candles == theirs


async def test_venues_of_a_synthetic_market_are_a_few_basis_points_apart() -> None:
    async with running_venues(made_up_market(), OPENING_MS + HOUR) as venues:
        binance = {row["symbol"]: row["price"] for row in await venues.get(f"{API}/ticker/price")}
        answer = await venues.get("/bybit/v5/market/tickers", category="spot")
    for row in answer["result"]["list"]:
        if Decimal(row["lastPrice"]) > 1:
            gap = Decimal(binance[row["symbol"]]) / Decimal(row["lastPrice"]) - 1
            assert abs(gap) < Decimal("0.001")
