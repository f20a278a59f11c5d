"""The Bybit twin's streams: acknowledgements, recorded shapes, no lost candle, and the real client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from sandbox.bybit.stream import pause_s
from sandbox.market.replay import recorded_origin
from sandbox.recording import read_bars
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues, bybit_client, running_venues

START = JANUARY_MS + 3 * DAY
NOW = START + 7 * HOUR + 23 * MINUTE + 17_400


@pytest.fixture
async def venues(tmp_path: Path) -> AsyncIterator[Venues]:
    async with running_venues(recorded_origin(a_recording(tmp_path), START), NOW) as running:
        yield running


class Line:
    """One connection to a public stream."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, message: Any) -> None:
        await self._socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = orjson.loads(await self._socket.receive_str())
        return heard

    async def until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not is_it(heard := await self.hear()):
            pass
        return heard


@pytest.fixture
async def spot(venues: Venues) -> AsyncIterator[Line]:
    async with venues.http.ws_connect(f"{venues.url}/bybit/v5/public/spot") as socket:
        yield Line(socket)


@pytest.fixture
async def linear(venues: Venues) -> AsyncIterator[Line]:
    async with venues.http.ws_connect(f"{venues.url}/bybit/v5/public/linear") as socket:
        yield Line(socket)


async def first_message(line: Line, topic: str) -> dict[str, Any]:
    await line.say({"op": "subscribe", "req_id": "1", "args": [topic]})
    assert (await line.hear())["success"] is True
    return await line.hear()


async def test_subscriptions_and_pings_are_acknowledged(spot: Line, linear: Line) -> None:
    await spot.say({"op": "subscribe", "req_id": "7", "args": ["tickers.BTCUSDT"]})
    acknowledged = await spot.hear()
    assert acknowledged.pop("conn_id")
    assert acknowledged == {"success": True, "ret_msg": "subscribe", "req_id": "7", "op": "subscribe"}
    await linear.say({"op": "subscribe", "req_id": "8", "args": ["tickers.BTCUSDT"]})
    assert (await linear.hear())["ret_msg"] == ""
    await linear.say({"op": "ping", "req_id": "9"})
    pong = await linear.until(lambda one: one.get("op") == "ping")
    assert (pong["ret_msg"], pong["req_id"]) == ("pong", "9")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("not json", "Json format error"),
        ("[1]", "Json format error"),
        ({"op": "dance"}, "error:invalid op"),
        ({"op": "subscribe", "args": ["tickers.NOPEUSDT"]}, "error:handler not found,topic:tickers.NOPEUSDT"),
        ({"op": "subscribe", "args": ["kline.7.BTCUSDT"]}, "error:handler not found"),
        ({"op": "subscribe", "args": ["orderbook.3.BTCUSDT"]}, "error:handler not found"),
        ({"op": "subscribe", "args": ["nonsense"]}, "error:handler not found"),
    ],
)
async def test_what_is_not_understood_is_refused(spot: Line, message: Any, why: str) -> None:
    await spot.say(message)
    refused = await spot.hear()
    assert refused["success"] is False
    assert why in refused["ret_msg"]


SHAPES = {
    "ws/spot_ticker": ("spot", "tickers.BTCUSDT"),
    "ws/linear_ticker": ("linear", "tickers.BTCUSDT"),
    "adapter/ws_orderbook_snapshot": ("spot", "orderbook.50.BTCUSDT"),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_messages_have_the_shape_that_was_recorded(
    spot: Line, linear: Line, shared_data: Path, name: str
) -> None:
    category, topic = SHAPES[name]
    recorded = json.loads((shared_data / "fixtures" / "bybit_v5" / f"{name}.json").read_text())
    if "events" in recorded:
        recorded = recorded["events"][-1]["message"]
    assert shape_gaps(recorded, await first_message(spot if category == "spot" else linear, topic)) == []


async def test_trades_have_the_shape_that_was_recorded(spot: Line, venues: Venues, shared_data: Path) -> None:
    recorded = json.loads((shared_data / "fixtures" / "bybit_v5" / "ws" / "spot_trades.json").read_text())
    await spot.say({"op": "subscribe", "args": ["publicTrade.BTCUSDT"]})
    await spot.hear()
    await venues.clock.advance(5)
    assert shape_gaps(recorded["events"][-1]["message"], await spot.hear()) == []


async def test_a_day_passed_at_once_loses_no_candle(spot: Line, venues: Venues, tmp_path: Path) -> None:
    forming = await first_message(spot, "kline.5.BTCUSDT")
    step, opened = 5 * MINUTE, NOW // (5 * MINUTE) * 5 * MINUTE
    assert (forming["data"][0]["start"], forming["data"][0]["confirm"]) == (opened, False)
    await venues.clock.advance(86_400)
    told = [(await spot.hear()) for _ in range(289)]
    closed = [message["data"][0] for message in told[:-1]]
    assert [candle["start"] for candle in closed] == list(range(opened, opened + DAY, step))
    assert all(candle["confirm"] for candle in closed)
    assert told[-1]["data"][0]["confirm"] is False
    recorded = read_bars(tmp_path / "ohlcv" / "binance_BTCUSDT_5m.csv.gz")
    row = int(recorded.time_ms.searchsorted(opened))
    for number, candle in enumerate(closed):
        assert candle["close"] == f"{recorded.close[row + number]:.2f}"
        assert candle["volume"] == f"{recorded.volume[row + number]:.3f}"
    assert told[0]["ts"] == opened + step


async def test_a_month_of_minutes_comes_whole(spot: Line, venues: Venues) -> None:
    await first_message(spot, "kline.1.BTCUSDT")
    await venues.clock.advance(2 * 86_400)
    starts = [(await spot.hear())["data"][0]["start"] for _ in range(2 * 1440)]
    assert starts == list(range(starts[0], starts[0] + 2 * DAY, MINUTE))


async def test_a_perpetuals_ticker_continues_with_what_changed(linear: Line, venues: Venues) -> None:
    snapshot = await first_message(linear, "tickers.BTCUSDT")
    assert snapshot["type"] == "snapshot"
    assert "openInterestValue" in snapshot["data"]
    venues.market.shock("BTCUSDT", 5)
    delta = await linear.until(lambda one: one["type"] == "delta")
    assert delta["data"]["tickDirection"] == "PlusTick"
    assert "lastPrice" in delta["data"]
    assert "nextFundingTime" not in delta["data"]


async def test_a_book_continues_with_the_levels_that_changed(spot: Line, venues: Venues) -> None:
    snapshot = await first_message(spot, "orderbook.50.BTCUSDT")
    book = {side: dict(snapshot["data"][side]) for side in "ba"}
    for _ in range(5):
        await venues.clock.advance(7)
        delta = await spot.hear()
        assert delta["type"] == "delta"
        for side in "ba":
            for price, size in delta["data"][side]:
                book[side].pop(price, None)
                if float(size):
                    book[side][price] = size
    answer = await venues.get("/bybit/v5/market/orderbook", category="spot", symbol="BTCUSDT", limit=50)
    assert book == {side: dict(answer["result"][side]) for side in "ba"}


async def test_the_best_level_always_comes_whole(spot: Line, venues: Venues) -> None:
    await first_message(spot, "orderbook.1.BTCUSDT")
    await venues.clock.advance(10)
    assert (await spot.hear())["type"] == "snapshot"


async def test_an_ended_subscription_is_silent(spot: Line, venues: Venues) -> None:
    await first_message(spot, "tickers.BTCUSDT")
    await spot.say({"op": "unsubscribe", "req_id": "2", "args": ["tickers.BTCUSDT"]})
    assert (await spot.hear())["op"] == "unsubscribe"
    await venues.clock.advance(600)
    await spot.say({"op": "ping"})
    assert (await spot.hear())["ret_msg"] == "pong"


async def test_a_silent_stream_stays_open_and_says_nothing(spot: Line, venues: Venues) -> None:
    await first_message(spot, "tickers.BTCUSDT")
    venues.faults.merge({"bybit": {"silent": True}})
    await venues.clock.advance(600)
    await spot.say({"op": "ping"})
    await asyncio.sleep(0.05)
    venues.faults.clear()
    await venues.clock.advance(1)
    heard = await spot.hear()
    assert heard["ts"] >= NOW + 601_000


async def test_the_client_watches_tickers_candles_and_books(venues: Venues) -> None:
    async with bybit_client(venues) as client:
        await client.load_markets()
        ticker = (await client.watch_tickers(["BTC/USDT", "ETH/USDT"])).popitem()[1]
        assert ticker["timestamp"] == NOW
        perp = await client.watch_tickers(["BTC/USDT:USDT"])
        assert set(perp) == {"BTC/USDT:USDT"}
        candles = await client.watch_ohlcv("BTC/USDT", "1h")
        assert candles[-1][0] == NOW // HOUR * HOUR
        book = await client.watch_order_book("BTC/USDT", 50)
        assert len(book["bids"]) == len(book["asks"]) == 50
        trades = asyncio.create_task(client.watch_trades("BTC/USDT"))
        while not trades.done():
            await venues.clock.advance(1)
            await asyncio.wait({trades}, timeout=0.02)
        assert trades.result()[0]["symbol"] == "BTC/USDT"


async def test_the_clients_candles_have_no_hole_after_a_jump(venues: Venues) -> None:
    async with bybit_client(venues) as client:
        await client.load_markets()
        await client.watch_ohlcv("BTC/USDT", "5m")
        await venues.clock.advance(6 * 3600)
        last = NOW // (5 * MINUTE) * 5 * MINUTE + 6 * HOUR
        while (await client.watch_ohlcv("BTC/USDT", "5m"))[-1][0] < last:
            pass
        times = [row[0] for row in client.ohlcvs["BTC/USDT"]["5m"]]
        assert times == list(range(times[0], last + 1, 5 * MINUTE))


@pytest.mark.parametrize(
    ("topics", "after_ms", "speed", "expected"),
    [
        (["tickers.BTCUSDT"], 299_000, 300.0, 0.5),
        (["tickers.BTCUSDT", "kline.5.BTCUSDT"], 240_000, 300.0, 0.2),
        (["kline.60.BTCUSDT", "kline.5.BTCUSDT"], 0, 300.0, 0.5),
        (["kline.5.BTCUSDT"], 299_900, 1.0, 0.1),
        (["kline.5.BTCUSDT"], 299_900, 0.0, 0.5),
        (["kline.5.BTCUSDT"], 299_900, 3600.0, 0.5),
    ],
)
def test_a_candle_is_told_as_it_closes(
    topics: list[str], after_ms: int, speed: float, expected: float
) -> None:
    assert pause_s(topics, START + after_ms, speed) == expected
