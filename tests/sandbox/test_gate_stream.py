"""The Gate twin's public streams: acknowledgements, recorded shapes, no lost candle, and the real client."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from sandbox.gate.wire import SIZE_HEADER
from sandbox.market.replay import recorded_origin
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues, gate_client, running_venues

START = JANUARY_MS + 3 * DAY
NOW = START + 7 * HOUR + 23 * MINUTE + 17_400


@pytest.fixture
async def venues(tmp_path: Path) -> AsyncIterator[Venues]:
    async with running_venues(recorded_origin(a_recording(tmp_path), START), NOW) as running:
        yield running


class Line:
    """One connection to a stream."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, message: Any) -> None:
        await self._socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = orjson.loads(await self._socket.receive_str())
        return heard

    async def first(self, channel: str, *payload: str) -> dict[str, Any]:
        await self.say({"id": 1, "channel": channel, "event": "subscribe", "payload": payload})
        assert (await self.hear())["result"] == {"status": "success"}
        return await self.hear()


@pytest.fixture
async def spot(venues: Venues) -> AsyncIterator[Line]:
    async with venues.http.ws_connect(f"{venues.url}/gate/ws/v4/") as socket:
        yield Line(socket)


@pytest.fixture
async def futures(venues: Venues) -> AsyncIterator[Line]:
    headers = {SIZE_HEADER: "1"}
    async with venues.http.ws_connect(f"{venues.url}/gate/v4/ws/usdt", headers=headers) as socket:
        yield Line(socket)


SHAPES: dict[str, tuple[str, ...]] = {
    "spot/ws/subscribe_to_ticker_updates": ("spot.tickers", "BTC_USDT"),
    "spot/ws/subscribe_to_book_ticker_updates": ("spot.book_ticker", "BTC_USDT"),
    "spot/ws/subscribe_to_kline_updates": ("spot.candlesticks", "1m", "BTC_USDT"),
    "spot/ws/subscribe_to_trade_updates": ("spot.trades", "BTC_USDT"),
    "spot/ws/subscribe_to_order_book_updates": ("spot.order_book_update", "BTC_USDT", "100ms"),
    "spot/ws/subscribe_to_partial_order_book_updates": ("spot.order_book", "BTC_USDT", "5", "1000ms"),
    "futures/ws/subscribe_to_ticker_updates": ("futures.tickers", "BTC_USDT"),
    "futures/ws/subscribe_to_book_ticker_updates": ("futures.book_ticker", "BTC_USDT"),
    "futures/ws/subscribe_to_kline_updates": ("futures.candlesticks", "5m", "BTC_USDT"),
    "futures/ws/subscribe_to_book_updates": ("futures.order_book_update", "BTC_USDT", "100ms", "20"),
    "futures/ws/subscribe_to_trade_updates": ("futures.trades", "BTC_USDT"),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_messages_have_the_shape_that_was_recorded(
    venues: Venues, spot: Line, futures: Line, shared_data: Path, name: str
) -> None:
    channel, *payload = SHAPES[name]
    line = spot if channel.startswith("spot.") else futures
    recorded = json.loads((shared_data / "fixtures" / "gate_v4" / f"{name}.json").read_text())["events"]
    await line.say({"id": -999, "channel": channel, "event": "subscribe", "payload": payload})
    agreed = recorded[1]["message"]
    agreed["time"] = int(agreed["time"])
    agreed["payload"] = payload
    assert shape_gaps(agreed, await line.hear()) == []
    if channel.endswith("trades"):
        await venues.clock.advance(5)
    pushed = recorded[2]["message"]
    pushed.pop("conn_id", None)
    assert shape_gaps(pushed, await line.hear()) == []


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("not json", "invalid json format"),
        ("[1]", "invalid json format"),
        ({"channel": "spot.dance", "event": "subscribe", "payload": []}, "unknown channel"),
        ({"channel": "futures.tickers", "event": "subscribe", "payload": ["BTC_USDT"]}, "unknown channel"),
        (
            {"channel": "spot.tickers", "event": "subscribe", "payload": ["NOPE_USDT"]},
            "unknown currency pair: NOPE_USDT",
        ),
        (
            {"channel": "spot.candlesticks", "event": "subscribe", "payload": ["7h", "BTC_USDT"]},
            "invalid payload",
        ),
        ({"channel": "spot.obu", "event": "subscribe", "payload": ["ob.BTC_USDT.3"]}, "invalid payload"),
    ],
)
async def test_what_is_not_understood_is_refused(spot: Line, message: Any, why: str) -> None:
    await spot.say(message)
    refused = await spot.hear()
    assert refused["result"] == {"status": "fail"}
    assert why in refused["error"]["message"]


async def test_pings_are_answered(spot: Line, futures: Line) -> None:
    await spot.say({"time": 1, "channel": "spot.ping"})
    assert (await spot.hear())["channel"] == "spot.pong"
    await futures.say({"time": 1, "channel": "futures.ping"})
    assert (await futures.hear())["channel"] == "futures.pong"


@pytest.mark.parametrize("kind", ["spot", "futures"])
async def test_a_day_passed_at_once_loses_no_candle(
    spot: Line, futures: Line, venues: Venues, kind: str
) -> None:
    line = spot if kind == "spot" else futures

    def candle(message: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = message["result"] if kind == "spot" else message["result"][0]
        return result

    forming = candle(await line.first(f"{kind}.candlesticks", "5m", "BTC_USDT"))
    opened = NOW // (5 * MINUTE) * 5 * MINUTE
    assert int(forming["t"]) * 1000 == opened
    await venues.clock.advance(86_400)
    told = [candle(await line.hear()) for _ in range(289)]
    assert [int(one["t"]) * 1000 for one in told] == list(range(opened, opened + DAY + 1, 5 * MINUTE))
    if kind == "spot":
        assert [one["w"] for one in told] == [True] * 288 + [False]


async def test_an_obu_book_continues_with_the_levels_that_changed(spot: Line, venues: Venues) -> None:
    whole = (await spot.first("spot.obu", "ob.BTC_USDT.50"))["result"]
    assert whole["full"] is True
    book = {side: dict(whole[side]) for side in "ba"}
    before = whole["u"]
    for _ in range(5):
        await venues.clock.advance(7)
        delta = (await spot.hear())["result"]
        assert (delta["U"], delta.get("full")) == (before + 1, None)
        before = delta["u"]
        for side in "ba":
            for price, size in delta[side]:
                book[side].pop(price, None)
                if float(size):
                    book[side][price] = size
    answer = await venues.get("/gate/api/v4/spot/order_book", currency_pair="BTC_USDT", limit=50)
    assert book == {"b": dict(answer["bids"]), "a": dict(answer["asks"])}


async def test_an_ended_subscription_is_silent(spot: Line, venues: Venues) -> None:
    await spot.first("spot.tickers", "BTC_USDT")
    await spot.say({"id": 2, "channel": "spot.tickers", "event": "unsubscribe", "payload": ["BTC_USDT"]})
    assert (await spot.hear())["event"] == "unsubscribe"
    await venues.clock.advance(600)
    await spot.say({"channel": "spot.ping"})
    assert (await spot.hear())["channel"] == "spot.pong"


async def test_a_silent_stream_stays_open_and_says_nothing(spot: Line, venues: Venues) -> None:
    await spot.first("spot.book_ticker", "BTC_USDT")
    venues.faults.merge({"gate": {"silent": True}})
    await venues.clock.advance(600)
    await spot.say({"channel": "spot.ping"})
    await asyncio.sleep(0.05)
    venues.faults.clear()
    await venues.clock.advance(1)
    assert (await spot.hear())["result"]["t"] >= NOW + 601_000


async def test_repeated_candles_are_told_twice(spot: Line, venues: Venues) -> None:
    venues.faults.merge({"gate": {"repeat": True}})
    first = await spot.first("spot.candlesticks", "5m", "BTC_USDT")
    assert (await spot.hear())["result"] == first["result"]


async def test_the_client_watches_tickers_candles_and_books(venues: Venues) -> None:
    async with gate_client(venues) as client:
        await client.load_markets()
        assert (await client.watch_ticker("BTC/USDT"))["last"]
        assert (await client.watch_ticker("BTC/USDT:USDT"))["markPrice"]
        best = (await client.watch_bids_asks(["BTC/USDT:USDT"]))["BTC/USDT:USDT"]
        assert float(best["bid"]) < float(best["ask"])
        for symbol in ("BTC/USDT", "BTC/USDT:USDT"):
            assert (await client.watch_ohlcv(symbol, "1h"))[-1][0] == NOW // HOUR * HOUR
        book = await client.watch_order_book("BTC/USDT")
        assert len(book["bids"]) == len(book["asks"]) == 50


async def test_the_client_keeps_a_futures_book_from_a_snapshot(venues: Venues) -> None:
    async with gate_client(venues) as client:
        await client.load_markets()
        watched = asyncio.create_task(client.watch_order_book("BTC/USDT:USDT", 20))
        while not watched.done():
            await venues.clock.advance(1)
            await asyncio.wait({watched}, timeout=0.02)
        book = watched.result()
        at_ms = book["nonce"]
        shown = venues.market.third_perps(at_ms)["BTCUSDT"].depth(20, at_ms)
        assert [level[0] for level in book["bids"]] == [ticks / 100 for ticks, _ in shown.bids]


async def test_the_client_watches_trades(venues: Venues) -> None:
    async with gate_client(venues) as client:
        await client.load_markets()
        for symbol in ("BTC/USDT", "BTC/USDT:USDT"):
            trades = asyncio.create_task(client.watch_trades(symbol))
            while not trades.done():
                await venues.clock.advance(1)
                await asyncio.wait({trades}, timeout=0.02)
            assert trades.result()[0]["symbol"] == symbol
