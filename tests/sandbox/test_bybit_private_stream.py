"""The Bybit twin's private stream: what it tells, and how it is disturbed and cut."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import WSMsgType

from sandbox.accounts import TRADING
from sandbox.bybit.door import signature
from sandbox.wiretap import Phase, WireEvent
from tests.build.bybit_desk import BybitDesk, a_bybit_desk
from tests.build.shapes import shape_gaps

TOPICS = ["order", "execution", "position", "wallet"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[BybitDesk]:
    async with a_bybit_desk(tmp_path) as running:
        yield running


class Line:
    """A private connection of a client."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def hear(self) -> dict[str, Any]:
        message = await self.socket.receive(timeout=10)
        assert message.type is WSMsgType.TEXT, message
        heard: dict[str, Any] = orjson.loads(message.data)
        return heard

    async def say(self, **message: Any) -> dict[str, Any]:
        await self.socket.send_json(message)
        return await self.hear()

    async def until(self, topic: str) -> dict[str, Any]:
        while True:
            heard = await self.hear()
            if heard.get("topic") == topic:
                return heard


@asynccontextmanager
async def a_line(desk: BybitDesk, *topics: str) -> AsyncIterator[Line]:
    async with desk.venues.http.ws_connect(f"{desk.venues.url}/bybit/v5/private") as socket:
        line = Line(socket)
        until = int(time.time() * 1000) + 10_000
        args = [TRADING.key, until, signature(TRADING, f"GET/realtime{until}")]
        assert (await line.say(op="auth", args=args))["success"]
        if topics:
            assert (await line.say(op="subscribe", args=list(topics)))["success"]
        yield line


async def test_a_fill_is_told_on_every_topic(desk: BybitDesk) -> None:
    async with a_line(desk, *TOPICS) as line:
        await desk.order("Buy", "0.001", orderLinkId="told-0")
        heard = [await line.hear() for _ in range(4)]
    by_topic = {one["topic"]: one["data"] for one in heard}
    assert set(by_topic) == set(TOPICS)
    assert [row["orderStatus"] for row in by_topic["order"]] == ["Filled"]
    assert [row["execQty"] for row in by_topic["execution"]] == ["0.001"]
    assert [row["side"] for row in by_topic["position"]] == ["Buy"]
    assert [coin["coin"] for coin in by_topic["wallet"][0]["coin"]] == ["USDT"]


async def test_what_the_market_does_later_is_told_without_being_asked(desk: BybitDesk) -> None:
    async with a_line(desk, "order") as line:
        await desk.order("Buy", "0.01", price=desk.at("0.99"), orderLinkId="later-0")
        assert (await line.hear())["data"][0]["orderStatus"] == "New"
        desk.venues.market.shock("BTCUSDT", -2)
        await desk.venues.clock.advance(2)
        assert (await line.hear())["data"][0]["orderStatus"] == "Filled"


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("ws/private_order", "order"),
        ("ws/private_user_trades", "execution"),
        ("ws/private_position", "position"),
        ("ws/private_balance", "wallet"),
        ("adapter/ws_account_order", "order"),
        ("adapter/ws_account_order_stop_loss", "order"),
        ("adapter/ws_account_wallet", "wallet"),
    ],
)
async def test_messages_have_the_shape_that_was_recorded(
    desk: BybitDesk, shared_data: Path, name: str, topic: str
) -> None:
    recorded = json.loads((shared_data / "fixtures" / "bybit_v5" / f"{name}.json").read_text())
    message = recorded["events"][-1]["message"] if "events" in recorded else recorded
    if topic == "wallet":
        del message["data"][0]["coin"][1:]
    async with a_line(desk, topic) as line:
        await desk.order("Buy", "0.01")
        assert shape_gaps(message, await line.until(topic)) == []


async def test_the_real_client_hears_its_orders_and_trades(desk: BybitDesk) -> None:
    await desk.client.load_markets()
    async with a_line(desk, "order") as line:  # tells when the order was taken
        watched = asyncio.ensure_future(desk.client.watch_orders("BTC/USDT:USDT"))
        while not watched.done():
            await desk.order("Buy", "0.001")
            await line.until("order")
            await asyncio.sleep(0.05)
    assert (await watched)[0]["status"] == "closed"


async def test_strangers_and_strange_wishes_are_refused(desk: BybitDesk) -> None:
    async with desk.venues.http.ws_connect(f"{desk.venues.url}/bybit/v5/private") as socket:
        line = Line(socket)
        assert not (await line.say(op="subscribe", args=["order"]))["success"]
        until = int(time.time() * 1000) + 10_000
        for args in (
            ["NOBODY", until, "x"],
            [TRADING.key, until, "x"],
            [TRADING.key, until - 20_000, signature(TRADING, f"GET/realtime{until - 20_000}")],
        ):
            assert not (await line.say(op="auth", args=args))["success"]
        await socket.send_str("{")
        assert not (await line.hear())["success"]
    async with a_line(desk) as line:
        assert not (await line.say(op="subscribe", args=["weather"]))["success"]
        assert (await line.say(op="ping"))["op"] == "pong"
        assert not (await line.say(op="sing"))["success"]
        assert (await line.say(op="unsubscribe", args=["order"]))["success"]


async def test_reports_come_twice_or_the_newest_first(desk: BybitDesk) -> None:
    async with a_line(desk, "order", "execution") as line:
        desk.venues.faults.merge({"bybit": {"repeat": True, "shuffle": True}})
        await desk.order("Buy", "0.01")
        heard = [(await line.hear())["topic"] for _ in range(4)]
    assert heard == ["order", "order", "execution", "execution"]


async def test_reports_are_told_again_to_who_comes_back(desk: BybitDesk) -> None:
    await desk.order("Buy", "0.01", orderLinkId="again-0")
    desk.venues.faults.merge({"bybit": {"replay": 100}})
    async with a_line(desk, "execution") as line:
        assert {row["orderLinkId"] for row in (await line.hear())["data"]} == {"again-0"}


async def test_a_silent_stream_stays_open_and_says_nothing(desk: BybitDesk) -> None:
    async with a_line(desk, "order") as line:
        desk.venues.faults.merge({"bybit": {"silent": True, "methods": ["/v5/private"]}})
        assert (await desk.order("Buy", "0.01"))["retCode"] == 0
        with pytest.raises(TimeoutError):
            await line.socket.receive(timeout=0.4)
        assert not line.socket.closed
        desk.venues.faults.clear()
        await desk.order("Buy", "0.02", orderLinkId="heard-0")
        assert (await line.hear())["data"][-1]["orderLinkId"] == "heard-0"


async def test_a_stream_is_cut_after_so_many_messages(desk: BybitDesk) -> None:
    desk.venues.faults.merge({"bybit": {"cut_after": 1}})
    async with a_line(desk, *TOPICS) as line:
        await desk.order("Buy", "0.01")
        await line.hear()
        assert (await line.socket.receive(timeout=10)).type is not WSMsgType.TEXT


@pytest.mark.parametrize(("phase", "is_heard"), [(Phase.BEFORE, False), (Phase.AFTER, True)])
async def test_the_wire_is_cut_at_a_message(desk: BybitDesk, phase: Phase, is_heard: bool) -> None:
    heard: list[WireEvent] = []

    def tap(event: WireEvent) -> bool:
        heard.append(event)
        return event.what == "stream order" and event.phase is phase

    end = desk.venues.wiretap.listen(tap)
    async with a_line(desk, "order") as line:
        await desk.order("Buy", "0.01", orderLinkId="cut-0")
        message = await line.socket.receive(timeout=10)
    end()
    assert (message.type is WSMsgType.TEXT) is is_heard
    assert [event.number for event in heard] == sorted(event.number for event in heard)
    assert (await desk.shown("cut-0"))["orderStatus"] == "Filled"
