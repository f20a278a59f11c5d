"""The bot's clock against the sandbox's: two programs, one market time."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.clock import StreamedClock
from sandbox.clock import SandboxClock, clock_routes
from tests.build.clock import NOON


@pytest.fixture
def world() -> SandboxClock:
    return SandboxClock(start_ms=int(NOON.timestamp() * 1000), wall=time.time, monotonic=time.monotonic)


@pytest.fixture
async def clock(world: SandboxClock) -> AsyncIterator[StreamedClock]:
    app = web.Application()
    app.add_routes(clock_routes(world))
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    clock = StreamedClock(f"ws://127.0.0.1:{server.port}/clock")
    running = asyncio.create_task(clock.run())
    await clock.ready()
    yield clock
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await server.close()


async def until_speed(clock: StreamedClock, speed: float) -> None:
    async with asyncio.timeout(10):
        while clock.speed != speed:
            await asyncio.sleep(0.002)


def apart(world: SandboxClock, clock: StreamedClock) -> timedelta:
    return abs(clock.now() - datetime.fromtimestamp(world.now_ms() / 1000, UTC))


@pytest.mark.parametrize("speed", [0.0, 2.0, 600.0])
async def test_both_tell_the_same_market_time_at_any_speed(
    world: SandboxClock, clock: StreamedClock, speed: float
) -> None:
    world.set_speed(speed)
    await until_speed(clock, speed)
    assert apart(world, clock) < timedelta(seconds=1 + speed / 10)


async def test_advancing_the_sandbox_wakes_whoever_sleeps_in_the_bot(
    world: SandboxClock, clock: StreamedClock
) -> None:
    sleeper = asyncio.create_task(clock.sleep(3600))
    await world.advance(3601)
    async with asyncio.timeout(10):
        await sleeper
    assert apart(world, clock) < timedelta(seconds=5)


async def test_sleepers_of_a_frozen_world_wake_when_it_runs_again(
    world: SandboxClock, clock: StreamedClock
) -> None:
    world.set_speed(0)
    await until_speed(clock, 0)
    sleeper = asyncio.create_task(clock.sleep(600))
    await asyncio.sleep(0.01)
    assert not sleeper.done()
    world.set_speed(60_000)
    async with asyncio.timeout(10):
        await sleeper
