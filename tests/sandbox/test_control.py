"""The control API over a whole world."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.server import serve
from sandbox.stream import Stream
from sandbox.world import World, WorldOptions
from tests.build.sandbox import a_world
from tests.build.telegram import ANNA, GROUP


@dataclass
class Running:
    """A served world and a client."""

    world: World
    url: str
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.http.request(method, f"{self.url}/control{path}", json=body) as response:
            return response.status, await response.json()


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    world = a_world(WorldOptions(seed=1))
    runner, url = await serve(world, 0)
    try:
        async with aiohttp.ClientSession() as http:
            yield Running(world, url, http)
    finally:
        await runner.cleanup()


async def test_the_state_tells_everything(running: Running) -> None:
    status, state = await running.call("GET", "/state")
    assert status == 200
    assert [(u["id"], u["name"], u["role"], u["chat"], u["language"]) for u in state["users"]] == [
        (1001, "Anna", "admin", 1001, "en"),
        (1002, "Tom", "trader", 1002, "en"),
        (1003, "Vera", "viewer", 1003, "en"),
        (1004, "Sam", "stranger", 1004, "en"),
    ]
    group = state["chats"][-1]
    assert (group["id"], group["type"], group["title"]) == (GROUP, "supergroup", "Desk admins")
    assert (group["members"], group["pinned"]) == ([1001, 1002], None)
    assert state["clock"].keys() == {"market_ms", "market", "wire_ms", "speed", "source", "from_ms", "to_ms"}
    assert (state["clock"]["source"], state["clock"]["speed"]) == ("synthetic", 1.0)
    assert {"symbol", "last", "change_24h", "source", "history_from_ms"} <= state["markets"][0].keys()
    assert state["faults"] == {}
    assert state["bot"] == {
        "username": "perpetuum_sandbox_bot",
        "name": "Perpetuum",
        "commands": [],
        "is_polling": False,
    }


async def test_the_clock_is_turned(running: Running) -> None:
    _, clock = await running.call("POST", "/clock", {"speed": 0})
    _, later = await running.call("POST", "/clock", {"advance_s": 3600})
    assert later["market_ms"] - clock["market_ms"] == 3_600_000
    assert later["speed"] == 0
    for body in ({"speed": -1}, {"speed": "fast"}, {"advance_s": -1}, {"advance_s": True}):
        status, error = await running.call("POST", "/clock", body)
        assert (status, list(error)) == (400, ["error"])


async def test_a_market_is_shocked(running: Running) -> None:
    await running.call("POST", "/clock", {"speed": 0})
    _, state = await running.call("GET", "/state")
    before = {row["symbol"]: float(row["last"]) for row in state["markets"]}
    status, shocked = await running.call("POST", "/markets/btcusdt/shock", {"percent": -10})
    assert (status, shocked["symbol"]) == (200, "BTCUSDT")
    assert float(shocked["last"]) == pytest.approx(before["BTCUSDT"] * 0.9, rel=1e-3)
    assert (await running.call("POST", "/markets/NOPE/shock", {"percent": 1}))[0] == 404
    assert (await running.call("POST", "/markets/BTCUSDT/shock", {"percent": -100}))[0] == 400
    assert (await running.call("POST", "/markets/BTCUSDT/shock", {}))[0] == 400


async def test_a_coin_is_listed(running: Running) -> None:
    status, row = await running.call(
        "POST", "/markets", {"symbol": " newcusdt ", "price": 2.5, "turnover": 5e6}
    )
    assert (status, row["symbol"], row["source"]) == (200, "NEWCUSDT", "synthetic")
    assert (await running.call("POST", "/markets", {"symbol": "OTHER"}))[1]["symbol"] == "OTHERUSDT"
    _, state = await running.call("GET", "/state")
    assert {"NEWCUSDT", "OTHERUSDT"} <= {row["symbol"] for row in state["markets"]}
    assert (await running.call("POST", "/markets/NEWCUSDT/shock", {"percent": 5}))[0] == 200
    for body in ({}, {"symbol": 7}, {"symbol": "BTC"}, {"symbol": "NEWC"}, {"symbol": "X", "price": "much"}):
        status, error = await running.call("POST", "/markets", body)
        assert (status, list(error)) == (400, ["error"])


async def test_faults_are_set_and_cleared(running: Running) -> None:
    assert await running.call("POST", "/faults", {"telegram": {"down": True, "real_limits": True}}) == (
        200,
        {"telegram": {"down": True, "real_limits": True}},
    )
    assert running.world.telegram.limits.is_on
    assert (await running.call("POST", "/faults", {"kraken": {}}))[0] == 400
    assert await running.call("DELETE", "/faults") == (200, {})
    assert not running.world.telegram.limits.is_on


async def test_the_page_sees_what_happens(running: Running) -> None:
    async with running.http.ws_connect(f"{running.url}/control/stream") as socket:
        await until(lambda: running.world.stream.is_listening)
        await running.call("POST", "/users/anna/messages", {"text": "hi"})
        await running.call("POST", "/faults", {"bybit": {"silent": True}})
        await running.call("POST", "/clock", {"speed": 60})
        await running.call("POST", "/markets/BTCUSDT/shock", {"percent": 1})
        seen: dict[str, Any] = {}
        while not {"message", "faults", "clock", "tickers"} <= seen.keys():
            event = await socket.receive_json()
            seen.setdefault(event["type"], event)
        assert (seen["message"]["message"]["text"], seen["message"]["message"]["chat"]) == ("hi", ANNA)
        assert seen["faults"]["faults"] == {"bybit": {"silent": True}}
        assert seen["clock"]["source"] == "synthetic"
        assert len(seen["tickers"]["markets"]) == 12
    await until(lambda: not running.world.stream.is_listening)


async def test_the_clock_and_tickers_are_shown_by_themselves(running: Running) -> None:
    pulse = asyncio.create_task(running.world.pulse(0.001))
    async with running.http.ws_connect(f"{running.url}/control/stream") as socket:
        kinds = [(await socket.receive_json())["type"] for _ in range(4)]
    assert {"clock", "tickers"} <= set(kinds)
    pulse.cancel()


async def test_a_silent_clock_stays_connected_and_says_nothing(running: Running) -> None:
    await running.call("POST", "/faults", {"clock": {"silent": True}})
    async with running.http.ws_connect(f"{running.url}/clock") as socket:
        await running.call("POST", "/clock", {"speed": 5})
        await running.call("DELETE", "/faults")
        await running.call("POST", "/clock", {"speed": 7})
        assert (await socket.receive_json())["speed"] == 7


async def test_a_page_that_does_not_keep_up_is_dropped() -> None:
    stream = Stream()
    stream.tell({"type": "unheard"})
    app = web.Application()
    app.add_routes([web.get("/", stream.serve)])
    async with TestClient(TestServer(app)) as client, client.ws_connect("/") as socket:
        await until(lambda: stream.is_listening)
        for number in range(2_500):
            stream.tell({"type": "n", "number": number})
        message = await socket.receive()
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await socket.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)
