"""The whole sandbox on one port, and worlds that go on."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.server import serve
from sandbox.telegram.people import BOT_TOKEN
from sandbox.world import WorldOptions, build_world
from tests.build.sandbox import a_world


async def test_every_service_answers_on_one_port() -> None:
    runner, url = await serve(a_world(WorldOptions()), 0)
    async with aiohttp.ClientSession() as http:
        for path in (
            "/",
            "/static/index.html",
            "/bybit/v5/market/time",
            "/binance/api/v3/time",
            "/control/state",
        ):
            async with http.get(url + path) as response:
                assert response.status == 200, path
        async with http.ws_connect(f"{url}/clock") as clock:
            assert (await clock.receive_json()).keys() == {"market_ms", "wire_ms", "speed"}
        async with http.get(f"{url}/static/index.html") as response:
            assert response.headers["Cache-Control"] == "no-cache"
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    async with Bot(BOT_TOKEN, session=session).context() as bot:
        assert (await bot.get_me()).username == "perpetuum_sandbox_bot"
    await runner.cleanup()


async def test_stopping_lets_go_of_who_waits() -> None:
    world = a_world(WorldOptions())
    runner, url = await serve(world, 0)
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/control/stream") as page:
        await page.receive()
        await runner.cleanup()
        assert (await page.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_a_taken_port_is_an_error() -> None:
    runner, url = await serve(a_world(WorldOptions()), 0)
    with pytest.raises(OSError, match="ddress already in use"):
        await serve(a_world(WorldOptions()), int(url.rpartition(":")[2]))
    await runner.cleanup()


async def test_a_world_with_a_state_folder_goes_on(tmp_path: Path) -> None:
    options = WorldOptions(state=tmp_path, start=datetime(2025, 3, 1, tzinfo=UTC), speed=0, seed=3)
    world = build_world(options)
    await world.clock.advance(86_400)
    world.market.shock("BTCUSDT", 25)
    anna = world.telegram.people.find("Anna")
    assert anna is not None
    anna.language = "ru"
    world.telegram.keep_person(anna)
    shown = world.market.snapshot()
    world.close()
    later = build_world(WorldOptions(state=tmp_path))
    assert later.clock_view()["market"] == "2025-03-02T00:00:00+00:00"
    assert later.clock.speed == 0
    assert later.market.snapshot() == shown
    again = later.telegram.people.find("anna")
    assert again is not None
    assert again.language == "ru"
    later.close()


async def test_a_state_folder_of_another_market_is_refused(tmp_path: Path) -> None:
    build_world(WorldOptions(state=tmp_path, seed=3)).close()
    with pytest.raises(ValueError, match="another market"):
        build_world(WorldOptions(state=tmp_path, seed=4))


async def test_a_recording_is_played(shared_data: Path) -> None:
    start = datetime(2025, 5, 1, tzinfo=UTC)
    world = build_world(WorldOptions(replay=shared_data / "ohlcv", start=start, speed=0))
    assert (world.clock_view()["source"], world.clock_view()["market"]) == (
        "replay",
        "2025-05-01T00:00:00+00:00",
    )
    world.close()


async def test_stopping_does_not_wait_for_open_feeds_and_slow_answers() -> None:
    world = a_world(WorldOptions())
    world.faults.merge({"binance": {"delay_s": 600}})
    runner, url = await serve(world, 0)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/clock") as clock,
        http.ws_connect(f"{url}/bybit/v5/public/spot"),
    ):
        slow = asyncio.create_task(http.get(f"{url}/binance/api/v3/time"))
        await clock.receive()
        async with asyncio.timeout(3):
            await runner.cleanup()
        with pytest.raises(aiohttp.ClientError):
            await slow
