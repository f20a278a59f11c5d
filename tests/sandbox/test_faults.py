"""Faults: what they are, and what they do to a real client."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.faults import BadFault, Fault, Faults, faults_middleware, service_of
from tests.build.telegram import ANNA, TelegramDesk, telegram_desk


@pytest.fixture
async def desk() -> AsyncIterator[TelegramDesk]:
    async with telegram_desk() as running:
        yield running


@pytest.fixture
async def venues() -> AsyncIterator[tuple[Faults, TestClient[web.Request, web.Application]]]:
    """Something healthy under every path of a venue, a WebSocket that echoes among it."""
    faults = Faults()

    async def healthy(request: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application(middlewares=[faults_middleware(faults)])
    app.add_routes([web.get("/bybit/ws", echo), web.get("/{path:.*}", healthy)])
    async with TestClient(TestServer(app)) as client:
        yield faults, client


def test_paths_belong_to_services() -> None:
    paths = ["/bot1:x/getMe", "/file/bot1:x/a", "/bybit/v5/market/time", "/binance/api/v3/ping", "/clock"]
    assert [service_of(path) for path in paths] == ["telegram", "telegram", "bybit", "binance", "clock"]
    assert service_of("/control/state") is None
    assert service_of("/") is None


def test_changes_are_merged_by_service_and_cleared_together() -> None:
    faults, told = Faults(), []
    faults.subscribe(lambda: told.append(faults.view()))
    faults.merge({"telegram": {"delay_s": 2, "real_limits": True}, "bybit": {"down": True}})
    faults.merge({"telegram": {"status": 429, "retry_after": 3}, "bybit": {"down": False}})
    assert faults.view() == {"telegram": {"delay_s": 2, "status": 429, "retry_after": 3, "real_limits": True}}
    assert faults.has_real_limits
    faults.merge({"telegram": {"status": None}, "clock": {"silent": True}})
    assert "status" not in faults.view()["telegram"]
    assert faults.is_silent("clock")
    assert not faults.is_silent("telegram")
    assert not faults.is_silent("bybit")
    faults.clear()
    assert faults.view() == {}
    assert len(told) == 4


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kraken": {}}, "no service 'kraken'"),
        ({"bybit": True}, "an object of fault fields is wanted"),
        ({"bybit": {"broken": True}}, "no fault 'broken'"),
        ({"binance": {"real_limits": True}}, "no fault 'real_limits'"),
        ({"bybit": {"down": 1}}, "wrong type"),
        ({"bybit": {"count": True}}, "wrong type"),
        ({"bybit": {"delay_s": None}}, "wrong type"),
        ({"bybit": {"delay_s": -1}}, "not within"),
        ({"bybit": {"status": 200}}, "not within"),
        ({"bybit": {"count": 0}}, "not within"),
        ({"telegram": {"down": True}, "bybit": {"methods": "x"}}, "wrong type"),
    ],
)
def test_faults_that_cannot_be_change_nothing(changes: dict[str, Any], reason: str) -> None:
    faults = Faults()
    with pytest.raises(BadFault, match=reason):
        faults.merge(changes)
    assert faults.view() == {}


def test_a_fault_touches_only_the_methods_named() -> None:
    assert Fault().touches("telegram", "/bot1:x/getMe")
    assert Fault(methods=("getme",)).touches("telegram", "/bot1:x/getMe")
    assert not Fault(methods=("getMe",)).touches("telegram", "/bot1:x/getMenu")
    assert Fault(methods=("kline",)).touches("bybit", "/bybit/v5/market/kline")
    assert not Fault(methods=("kline",)).touches("bybit", "/bybit/v5/market/time")


def test_a_fault_ends_after_its_count() -> None:
    faults = Faults()
    faults.merge({"telegram": {"down": True, "count": 2, "methods": ["getMe"]}})
    assert faults.take("telegram", "/bot1:x/sendMessage") is None
    assert faults.take("telegram", "/bot1:x/getMe") is not None
    assert faults.view()["telegram"]["count"] == 1
    assert faults.take("telegram", "/bot1:x/getMe") is not None
    assert faults.take("telegram", "/bot1:x/getMe") is None
    assert faults.view() == {}


async def test_a_service_that_is_down_drops_the_connection(desk: TelegramDesk) -> None:
    desk.faults.merge({"telegram": {"down": True}})
    with pytest.raises(TelegramNetworkError):
        await desk.bot.get_me()
    desk.faults.clear()
    await desk.bot.get_me()


async def test_a_poll_that_waits_when_telegram_goes_down_is_dropped(desk: TelegramDesk) -> None:
    desk.faults.subscribe(desk.twin.updates.release)
    polling = asyncio.create_task(desk.bot.get_updates(timeout=30))
    while not desk.twin.updates.is_being_read:
        await asyncio.sleep(0.001)
    desk.faults.merge({"telegram": {"down": True}})
    with pytest.raises(TelegramNetworkError):
        await polling


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (403, TelegramForbiddenError, "bot was blocked by the user"),
        (409, TelegramConflictError, "terminated by other getUpdates request"),
        (500, TelegramServerError, "Internal Server Error"),
        (502, TelegramServerError, "Bad Gateway"),
        (599, TelegramServerError, "Error"),
    ],
)
async def test_telegram_refuses_in_its_own_shape(
    desk: TelegramDesk, status: int, error: type[Exception], words: str
) -> None:
    desk.faults.merge({"telegram": {"status": status}})
    with pytest.raises(error, match=words):
        await desk.bot.get_me()


async def test_flood_control_says_how_long_to_wait(desk: TelegramDesk) -> None:
    desk.faults.merge({"telegram": {"status": 429, "retry_after": 7, "methods": ["sendMessage"], "count": 1}})
    await desk.bot.get_me()
    with pytest.raises(TelegramRetryAfter) as refused:
        await desk.bot.send_message(ANNA, "x")
    assert refused.value.retry_after == 7
    await desk.bot.send_message(ANNA, "x")


async def test_malformed_answers_are_no_json_and_nothing_happened(desk: TelegramDesk) -> None:
    desk.faults.merge({"telegram": {"malformed": True}})
    with pytest.raises(ClientDecodeError):
        await desk.bot.send_message(ANNA, "x")
    assert await desk.messages(ANNA) == []


async def test_a_request_to_a_slow_service_that_is_given_up_is_not_carried_out(desk: TelegramDesk) -> None:
    desk.faults.merge({"telegram": {"delay_s": 0.2, "count": 1}})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await desk.bot.send_message(ANNA, "late")
    desk.faults.merge({"telegram": {"delay_s": 0.4, "count": 1}})
    await desk.bot.send_message(ANNA, "slow, but it comes")
    assert [message["text"] for message in await desk.messages(ANNA)] == ["slow, but it comes"]


@pytest.mark.parametrize(
    ("service", "status", "kind", "words"),
    [
        ("bybit", 429, "application/json", '"retCode":10006'),
        ("bybit", 403, "application/json", '"retCode":10010'),
        ("bybit", 400, "application/json", '"retCode":10001'),
        ("bybit", 502, "text/html", "<h1>502 Bad Gateway</h1>"),
        ("binance", 429, "application/json", '"code":-1003'),
        ("binance", 400, "application/json", '"msg":"Bad Request"'),
        ("binance", 503, "text/html", "Service Unavailable"),
        ("clock", 500, "text/plain", "Internal Server Error"),
    ],
)
async def test_venues_refuse_in_their_own_shapes(
    venues: tuple[Faults, TestClient[web.Request, web.Application]],
    service: str,
    status: int,
    kind: str,
    words: str,
) -> None:
    faults, client = venues
    faults.merge({service: {"status": status, "retry_after": 2}})
    async with client.get(f"/{service}") as response:
        assert (response.status, response.content_type) == (status, kind)
        assert words in await response.text()
    async with client.get("/control/state") as response:
        assert response.status == 200


async def test_open_sockets_are_cut_when_a_venue_goes_down(
    venues: tuple[Faults, TestClient[web.Request, web.Application]],
) -> None:
    faults, client = venues
    socket = await client.ws_connect("/bybit/ws")
    await socket.send_str("still here")
    assert await socket.receive_str() == "still here"
    faults.merge({"bybit": {"down": True}})
    assert (await socket.receive()).type in (WSMsgType.CLOSED, WSMsgType.CLOSE, WSMsgType.ERROR)
    with pytest.raises(aiohttp.ClientError):
        await client.ws_connect("/bybit/ws")


async def test_malformed_leaves_sockets_alone(
    venues: tuple[Faults, TestClient[web.Request, web.Application]],
) -> None:
    faults, client = venues
    faults.merge({"bybit": {"malformed": True}})
    socket = await client.ws_connect("/bybit/ws")
    await socket.send_str("fine")
    assert await socket.receive_str() == "fine"
    await socket.close()
