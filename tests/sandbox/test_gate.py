"""The Gate twin's market data: recorded shapes, recorded candles, Gate's refusals, and the real client."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from sandbox.gate.markets import contracts_in, multiplier
from sandbox.market.replay import recorded_origin
from sandbox.market.synthetic import OPENING_MS
from tests.build.origins import made_up_market
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues, gate_client, running_venues

START = JANUARY_MS + 3 * DAY
NOW = START + 7 * HOUR + 23 * MINUTE + 17_400
API = "/gate/api/v4"


@pytest.fixture
async def venues(tmp_path: Path) -> AsyncIterator[Venues]:
    async with running_venues(recorded_origin(a_recording(tmp_path), START), NOW) as running:
        yield running


@pytest.fixture
async def client(venues: Venues) -> AsyncIterator[Any]:
    async with gate_client(venues) as one:
        await one.load_markets()
        yield one


BTC = {"currency_pair": "BTC_USDT"}
PERP = {"contract": "BTC_USDT"}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "spot/rest/exchange_data_get_assets": ("spot/currencies", {}),
    "spot/rest/exchange_data_get_symbols": ("spot/currency_pairs", {}),
    "spot/rest/exchange_data_get_symbol": ("spot/currency_pairs/BTC_USDT", {}),
    "spot/rest/exchange_data_get_tickers": ("spot/tickers", BTC),
    "spot/rest/exchange_data_get_order_book": ("spot/order_book", {**BTC, "limit": 2, "with_id": "true"}),
    "spot/rest/exchange_data_get_klines": ("spot/candlesticks", {**BTC, "limit": 1}),
    "futures/rest/exchange_data_get_contract": ("futures/usdt/contracts/BTC_USDT", {}),
    "futures/rest/exchange_data_get_tickers": ("futures/usdt/tickers", PERP),
    "futures/rest/exchange_data_get_order_book": (
        "futures/usdt/order_book",
        {**PERP, "limit": 2, "with_id": "true"},
    ),
    "futures/rest/exchange_data_get_klines": ("futures/usdt/candlesticks", {**PERP, "limit": 1}),
    "futures/rest/exchange_data_get_trades": ("futures/usdt/trades", {**PERP, "limit": 1}),
    "futures/rest/exchange_data_get_funding_rate_history": ("futures/usdt/funding_rate", PERP),
}
LEVERAGED_TOKENS = ("etf_net_value", "etf_pre_net_value", "etf_pre_timestamp", "etf_leverage")


@pytest.mark.parametrize("name", SHAPES)
async def test_answers_have_the_shape_that_was_recorded(venues: Venues, shared_data: Path, name: str) -> None:
    path, query = SHAPES[name]
    recorded = json.loads((shared_data / "fixtures" / "gate_v4" / f"{name}.json").read_text())["response"]
    if path == "spot/tickers":
        recorded = [{key: value for key, value in recorded[0].items() if key not in LEVERAGED_TOKENS}]
    assert shape_gaps(recorded, await venues.get(f"{API}/{path}", **query)) == []


@pytest.mark.parametrize(
    ("path", "query", "label"),
    [
        ("spot/tickers", {"currency_pair": "NOPE_USDT"}, "INVALID_CURRENCY_PAIR"),
        ("spot/tickers", {"currency_pair": "BTCUSDT"}, "INVALID_CURRENCY_PAIR"),
        ("spot/currency_pairs/NOPE_USDT", {}, "INVALID_CURRENCY_PAIR"),
        ("spot/currencies/NOPE", {}, "INVALID_CURRENCY"),
        ("spot/order_book", {}, "MISSING_REQUIRED_PARAM"),
        ("spot/order_book", {**BTC, "limit": "many"}, "INVALID_PARAM_VALUE"),
        ("spot/candlesticks", {**BTC, "interval": "7h"}, "INVALID_PARAM_VALUE"),
        ("spot/candlesticks", {**BTC, "limit": "1001"}, "INVALID_PARAM_VALUE"),
        ("spot/candlesticks", {**BTC, "interval": "1m", "from": "1000000"}, "INVALID_PARAM_VALUE"),
        ("futures/usdt/contracts/NOPE_USDT", {}, "CONTRACT_NOT_FOUND"),
        ("futures/usdt/candlesticks", {"contract": "mark_NOPE_USDT"}, "CONTRACT_NOT_FOUND"),
        ("futures/usdt/funding_rate", {}, "MISSING_REQUIRED_PARAM"),
    ],
)
async def test_wrong_parameters_are_refused_as_gate_does(
    venues: Venues, path: str, query: dict[str, str], label: str
) -> None:
    async with venues.http.get(f"{venues.url}{API}/{path}", params=query) as response:
        assert response.status == 400
        body = await response.json()
    assert body["label"] == label
    assert set(body) == {"label", "message"}


async def test_too_many_candles_at_once_are_refused(venues: Venues) -> None:
    span = {"from": str((NOW - 2000 * MINUTE) // 1000), "to": str(NOW // 1000)}
    refused = await venues.get(f"{API}/spot/candlesticks", **BTC, interval="1m", **span)
    assert "too broad" in refused["message"]


async def test_an_unknown_path_is_not_found(venues: Venues) -> None:
    async with venues.http.get(f"{venues.url}{API}/nonsense") as response:
        assert response.status == 404
        assert (await response.json())["label"] == "NOT_FOUND"


async def test_contract_sizes_are_texts_to_clients_that_want_decimals(venues: Venues) -> None:
    url = f"{venues.url}{API}/futures/usdt/order_book?contract=BTC_USDT"
    async with venues.http.get(url) as response:
        assert isinstance((await response.json())["asks"][0]["s"], int)
    async with venues.http.get(url, headers={"X-Gate-Size-Decimal": "1"}) as response:
        assert isinstance((await response.json())["asks"][0]["s"], str)


async def test_contracts_are_ten_lots_and_no_finer_than_a_ten_thousandth() -> None:
    async with running_venues(made_up_market(), OPENING_MS + HOUR) as venues:
        books = venues.market.third_perps(OPENING_MS + HOUR)
    assert multiplier(books["BTCUSDT"]) == Decimal("0.0001")
    assert multiplier(books["SOLUSDT"]) == Decimal("0.01")
    assert multiplier(books["DOGEUSDT"]) == Decimal(1)
    assert multiplier(books["SHIBUSDT"]) == Decimal(10)
    assert contracts_in(books["BTCUSDT"], 0.00019) == 1


async def test_the_client_reads_what_it_needs(client: Any, venues: Venues) -> None:
    assert {"BTC/USDT", "ETH/USDT", "SOL/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT"} <= set(client.symbols)
    assert await client.fetch_time() == 1_700_000_000_000
    spot, perp = venues.market.third_spot(NOW)["BTCUSDT"], venues.market.third_perps(NOW)["BTCUSDT"]
    assert (await client.fetch_ticker("BTC/USDT"))["last"] == spot.price_text(spot.last(NOW))
    assert (await client.fetch_tickers(["BTC/USDT:USDT"]))["BTC/USDT:USDT"]["last"] == perp.price_text(
        perp.last(NOW)
    )
    assert len((await client.fetch_order_book("BTC/USDT", 5))["bids"]) == 5
    assert len((await client.fetch_order_book("BTC/USDT:USDT", 5))["asks"]) == 5
    assert (await client.fetch_trades("BTC/USDT:USDT", limit=3))[-1]["timestamp"] <= NOW
    assert (await client.fetch_funding_rate("BTC/USDT:USDT"))["fundingRate"] == "0.0001"
    history = await client.fetch_funding_rate_history("ETH/USDT:USDT", limit=2)
    assert [row["timestamp"] for row in history] == [START - 8 * HOUR, START]
    assert {row["fundingRate"] for row in history} == {"-0.00002345"}
    with pytest.raises(ccxt.BadSymbol):
        await client.publicSpotGetTickers({"currency_pair": "NOPE_USDT"})


@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTC/USDT:USDT"])
async def test_candles_come_oldest_first_and_by_pages(client: Any, symbol: str) -> None:
    hour = NOW // HOUR * HOUR
    assert [row[0] for row in await client.fetch_ohlcv(symbol, "1h", limit=2)] == [hour - HOUR, hour]
    page = await client.fetch_ohlcv(symbol, "1h", since=START, limit=3)
    assert [row[0] for row in page] == [START, START + HOUR, START + 2 * HOUR]


async def test_venues_show_recorded_candles_alike(client: Any, venues: Venues) -> None:
    candles = await client.fetch_ohlcv("BTC/USDT", "1h", limit=50)
    bybit = await venues.get(
        "/bybit/v5/market/kline", category="spot", symbol="BTCUSDT", interval="60", limit=50
    )
    theirs = [[int(at), *prices[:5]] for at, *prices in reversed(bybit["result"]["list"])]
    assert candles == theirs


async def test_index_and_mark_candles_have_no_volume(client: Any) -> None:
    index = await client.fetch_ohlcv("BTC/USDT:USDT", "1h", limit=3, params={"price": "index"})
    spot = await client.fetch_ohlcv("BTC/USDT", "1h", limit=3)
    assert [row[:5] for row in index] == [row[:5] for row in spot]
    mark = await client.fetch_ohlcv("BTC/USDT:USDT", "1h", limit=3, params={"price": "mark"})
    assert {row[5] for row in (*index, *mark)} == {None}


async def test_a_halted_market_is_not_tradable_and_its_prices_stand(venues: Venues) -> None:
    venues.faults.merge({"gate": {"halted": ["BTCUSDT"]}})
    before = await venues.get(f"{API}/spot/tickers", **BTC)
    await venues.clock.advance(3600)
    assert await venues.get(f"{API}/spot/tickers", **BTC) == before
    assert (await venues.get(f"{API}/spot/currency_pairs/BTC_USDT"))["trade_status"] == "untradable"
    assert (await venues.get(f"{API}/futures/usdt/contracts/BTC_USDT"))["status"] == "suspend"


async def test_venues_of_a_synthetic_market_are_a_few_basis_points_apart() -> None:
    async with running_venues(made_up_market(), OPENING_MS + HOUR) as venues:
        gate = {row["currency_pair"]: row["last"] for row in await venues.get(f"{API}/spot/tickers")}
        answer = await venues.get("/bybit/v5/market/tickers", category="spot")
    gaps = [
        Decimal(gate[row["symbol"].replace("USDT", "_USDT")]) / Decimal(row["lastPrice"]) - 1
        for row in answer["result"]["list"]
        if Decimal(row["lastPrice"]) > 1
    ]
    assert any(gaps)
    assert all(abs(gap) < Decimal("0.001") for gap in gaps)
