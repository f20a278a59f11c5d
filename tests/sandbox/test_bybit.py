"""The Bybit twin over HTTP: recorded shapes, recorded candles, Bybit's refusals, and the real client."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from sandbox.market.replay import recorded_origin
from sandbox.recording import read_bars
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues, bybit_client, running_venues

START = JANUARY_MS + 3 * DAY
NOW = START + 7 * HOUR + 23 * MINUTE + 17_400
MARKET = "/bybit/v5/market"


@pytest.fixture
async def venues(tmp_path: Path) -> AsyncIterator[Venues]:
    async with running_venues(recorded_origin(a_recording(tmp_path), START), NOW) as running:
        yield running


@pytest.fixture
async def client(venues: Venues) -> AsyncIterator[Any]:
    async with bybit_client(venues) as one:
        await one.load_markets()
        yield one


SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "rest/exchange_data_get_klines": ("kline", {"category": "linear", "interval": "60", "limit": 3}),
    "rest/exchange_data_get_spot_symbols": ("instruments-info", {"category": "spot"}),
    "rest/exchange_data_get_linear_inverse_symbols": ("instruments-info", {"category": "linear"}),
    "rest/exchange_data_get_spot_tickers": ("tickers", {"category": "spot"}),
    "rest/exchange_data_get_linear_inverse_tickers": ("tickers", {"category": "linear"}),
    "rest/exchange_data_get_orderbook": ("orderbook", {"category": "spot"}),
    "adapter/http_get_orderbook": ("orderbook", {"category": "linear", "limit": 3}),
    "rest/exchange_data_get_trade_history": ("recent-trade", {"category": "spot"}),
    "adapter/http_get_trades_recent": ("recent-trade", {"category": "linear"}),
    "rest/exchange_data_get_funding_rate_history": ("funding/history", {"category": "linear"}),
    "rest/exchange_data_get_index_price_klines": (
        "index-price-kline",
        {"category": "linear", "interval": "1"},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_answers_have_the_shape_that_was_recorded(venues: Venues, shared_data: Path, name: str) -> None:
    path, query = SHAPES[name]
    recorded = json.loads((shared_data / "fixtures" / "bybit_v5" / f"{name}.json").read_text())
    served = await venues.get(f"{MARKET}/{path}", symbol="BTCUSDT", **query)
    assert shape_gaps(recorded.get("response", recorded), served) == []


async def test_market_data_tells_market_time_and_the_server_real_time(venues: Venues) -> None:
    tickers = await venues.get(f"{MARKET}/tickers", category="spot")
    assert tickers["time"] == NOW
    time = await venues.get(f"{MARKET}/time")
    assert time["time"] == 1_700_000_000_000
    assert time["result"] == {"timeSecond": "1700000000", "timeNano": "1700000000000000000"}


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("kline", {"category": "spot", "symbol": "NOPEUSDT", "interval": "60"}, "symbol invalid"),
        ("kline", {"category": "spot", "interval": "60"}, "symbol invalid"),
        ("kline", {"category": "spot", "symbol": "BTCUSDT", "interval": "7"}, "interval invalid"),
        (
            "kline",
            {"category": "spot", "symbol": "BTCUSDT", "interval": "1", "limit": "x"},
            "limit invalid",
        ),
        (
            "kline",
            {"category": "spot", "symbol": "BTCUSDT", "interval": "1", "start": 9, "end": 8},
            "start must not",
        ),
        ("tickers", {"category": "stocks"}, "Category is invalid"),
        ("tickers", {}, "Category is invalid"),
        ("tickers", {"category": "inverse", "symbol": "BTCUSD"}, "symbol invalid"),
        ("funding/history", {"category": "spot", "symbol": "BTCUSDT"}, "Category is invalid"),
        (
            "funding/history",
            {"category": "linear", "symbol": "BTCUSDT", "startTime": 1},
            "endTime is required",
        ),
    ],
)
async def test_wrong_parameters_are_refused_as_bybit_does(
    venues: Venues, path: str, query: dict[str, Any], message: str
) -> None:
    refused = await venues.get(f"{MARKET}/{path}", **query)
    assert refused["retCode"] == 10001
    assert message in refused["retMsg"]
    assert refused["result"] == {}


async def test_an_unknown_path_is_not_found(venues: Venues) -> None:
    async with venues.http.get(f"{venues.url}/bybit/v5/market/nonsense") as response:
        assert response.status == 404


async def test_klines_come_newest_first_and_by_pages(venues: Venues) -> None:
    async def times(**query: Any) -> list[int]:
        answer = await venues.get(
            f"{MARKET}/kline", category="spot", symbol="BTCUSDT", interval="60", **query
        )
        return [int(row[0]) for row in answer["result"]["list"]]

    hour = NOW // HOUR * HOUR
    assert await times(limit=3) == [hour, hour - HOUR, hour - 2 * HOUR]
    assert await times(end=START, limit=2) == [START, START - HOUR]
    assert await times(start=START, limit=2) == [START + HOUR, START]
    assert await times(start=0, limit=2) == [JANUARY_MS + HOUR, JANUARY_MS]
    assert await times(start=START, end=START + 5 * HOUR, limit=2) == [START + 5 * HOUR, START + 4 * HOUR]
    assert await times(start=NOW + DAY) == []


async def test_mark_and_index_klines_have_no_volume(venues: Venues) -> None:
    for path in ("mark-price-kline", "index-price-kline"):
        answer = await venues.get(f"{MARKET}/{path}", symbol="BTCUSDT", interval="60", limit=2)
        assert [len(row) for row in answer["result"]["list"]] == [5, 5]


async def test_linear_instruments_come_by_pages(venues: Venues) -> None:
    first = (await venues.get(f"{MARKET}/instruments-info", category="linear", limit=1))["result"]
    cursor = first["nextPageCursor"]
    rest = (await venues.get(f"{MARKET}/instruments-info", category="linear", cursor=cursor))["result"]
    assert [row["symbol"] for row in (*first["list"], *rest["list"])] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert rest["nextPageCursor"] == ""
    waiting = await venues.get(f"{MARKET}/instruments-info", category="linear", status="PreLaunch")
    assert waiting["result"]["list"] == []


async def test_the_client_loads_every_market(client: Any) -> None:
    assert set(client.symbols) == {
        "BTC/USDT",
        "ETH/USDT",
        "SOL/USDT",
        "BTC/USDT:USDT",
        "ETH/USDT:USDT",
        "SOL/USDT:USDT",
    }
    assert client.market("BTC/USDT")["precision"]["price"] == "0.01"


async def test_the_client_reads_the_time(client: Any) -> None:
    assert await client.fetch_time() == 1_700_000_000_000


async def test_the_client_reads_tickers(client: Any, venues: Venues) -> None:
    tickers = await client.fetch_tickers(params={"type": "spot"})
    book = venues.market.spot(NOW)["BTCUSDT"]
    assert tickers["BTC/USDT"]["last"] == book.price_text(book.last(NOW))
    assert Decimal(tickers["BTC/USDT"]["bid"]) <= Decimal(tickers["BTC/USDT"]["last"])
    perps = await client.fetch_tickers(params={"type": "swap"})
    assert set(perps) == {"BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"}


async def test_the_client_gets_recorded_candles_to_the_last_digit(client: Any, tmp_path: Path) -> None:
    bars = read_bars(tmp_path / "ohlcv" / "binance_BTCUSDT_5m.csv.gz")
    fetched = await client.fetch_ohlcv("BTC/USDT", "5m", since=START, limit=80)
    recorded = bars.rows(3 * 288, 3 * 288 + 80)
    assert len(fetched) == 80
    for row, (at, *numbers) in enumerate(fetched):
        assert at == recorded.time_ms[row]
        columns = (recorded.open, recorded.high, recorded.low, recorded.close, recorded.volume)
        assert [Decimal(number) for number in numbers] == [
            Decimal(f"{column[row]:.{places}f}")
            for column, places in zip(columns, (2, 2, 2, 2, 3), strict=True)
        ]


async def test_the_client_reads_the_book_and_trades(client: Any) -> None:
    book = await client.fetch_order_book("ETH/USDT", 20)
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert book["bids"][0][0] < book["asks"][0][0]
    trades = await client.fetch_trades("BTC/USDT", limit=10)
    assert len(trades) == 10
    assert trades[-1]["timestamp"] < NOW


async def test_the_client_reads_recorded_funding(client: Any) -> None:
    rates = await client.fetch_funding_rate_history("ETH/USDT:USDT", limit=3)
    assert [rate["fundingRate"] for rate in rates] == ["-0.00002345"] * 3
    assert [rate["timestamp"] for rate in rates] == [START - 16 * HOUR, START - 8 * HOUR, START]


async def test_the_client_sees_a_wrong_symbol_as_bad(client: Any) -> None:
    with pytest.raises(ccxt.ExchangeError):
        await client.publicGetV5MarketKline({"category": "spot", "symbol": "NOPE", "interval": "1"})


async def test_a_coin_listed_while_it_runs_is_in_every_answer(venues: Venues, client: Any) -> None:
    venues.market.list_coin("NEWC", price=2.5, turnover=30e6)
    await client.load_markets(True)
    market = client.market("NEWC/USDT")
    assert (market["spot"], market["active"]) == (True, True)
    tickers = await venues.get(f"{MARKET}/tickers", category="spot")
    row = next(one for one in tickers["result"]["list"] if one["symbol"] == "NEWCUSDT")
    assert Decimal(row["bid1Price"]) <= Decimal(row["lastPrice"]) <= Decimal(row["ask1Price"])
    candles = await client.fetch_ohlcv("NEWC/USDT", "1m", limit=200)
    assert [candle[0] for candle in candles] == [NOW // MINUTE * MINUTE]
