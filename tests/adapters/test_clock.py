import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.clock import StreamedClock, SystemClock
from tests.build.clock import NOON

DAY_S = 86_400.0


class ClockWire:
    """The sandbox's side of the stream. `frame` is what a new listener hears."""

    def __init__(self) -> None:
        self.frame: str | None = None
        self.streams: list[web.WebSocketResponse] = []
        self.dials = 0
        self.url = ""

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        self.dials += 1
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        self.streams.append(stream)
        if self.frame is not None:
            await stream.send_str(self.frame)
        async for _ in stream:
            pass
        self.streams.remove(stream)
        return stream

    async def tell(self, market: datetime, *, speed: float, wire_ago_s: float = 0.0) -> None:
        wire_ms = (time.time() - wire_ago_s) * 1000
        self.frame = json.dumps({"market_ms": market.timestamp() * 1000, "wire_ms": wire_ms, "speed": speed})
        for stream in self.streams:
            await stream.send_str(self.frame)

    async def hang_up(self) -> None:
        for stream in list(self.streams):
            await stream.close()


@pytest.fixture
async def wire() -> AsyncIterator[ClockWire]:
    wire = ClockWire()
    app = web.Application()
    app.router.add_get("/clock", wire.listen)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    wire.url = f"ws://127.0.0.1:{server.port}/clock"
    yield wire
    await wire.hang_up()
    await server.close()


@pytest.fixture
async def clock(wire: ClockWire) -> AsyncIterator[StreamedClock]:
    clock = StreamedClock(wire.url, backoff_s=(0.01, 0.02))
    running = asyncio.create_task(clock.run())
    yield clock
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.002)


async def test_the_system_clock_runs_on_wire_time() -> None:
    clock = SystemClock()
    assert clock.speed == 1.0
    assert clock.now() - clock.wire_now() < timedelta(seconds=1)
    assert clock.age_s(clock.now() + timedelta(hours=1)) == 0.0
    assert clock.age_s(clock.now() - timedelta(hours=1)) >= 3600
    await clock.sleep(-1)


async def test_before_the_first_frame_market_time_is_wire_time() -> None:
    clock = StreamedClock("ws://127.0.0.1:1/clock")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.speed == 1.0
    assert not clock.is_connected


async def test_market_time_follows_the_stream(wire: ClockWire, clock: StreamedClock) -> None:
    await wire.tell(NOON, speed=0.0)
    await clock.ready()
    assert clock.is_connected
    assert clock.now() == NOON
    assert abs(clock.wire_now() - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_frame_that_travelled_long_counts_from_when_it_was_sent(
    wire: ClockWire, clock: StreamedClock
) -> None:
    await wire.tell(NOON, speed=600.0, wire_ago_s=2.0)
    await clock.ready()
    assert clock.now() >= NOON + timedelta(seconds=1200)


async def test_a_foreign_wall_clock_is_not_believed(wire: ClockWire, clock: StreamedClock) -> None:
    await wire.tell(NOON, speed=0.5, wire_ago_s=DAY_S)
    await clock.ready()
    assert clock.now() < NOON + timedelta(hours=1)


async def test_age_is_in_real_seconds(wire: ClockWire, clock: StreamedClock) -> None:
    await wire.tell(NOON, speed=600.0)
    await clock.ready()
    assert 10 <= clock.age_s(NOON - timedelta(seconds=6000)) < 100
    assert clock.age_s(NOON + timedelta(days=300)) == 0.0


async def test_age_counts_market_seconds_while_the_market_stands_still(
    wire: ClockWire, clock: StreamedClock
) -> None:
    await wire.tell(NOON, speed=0.0)
    await clock.ready()
    assert clock.age_s(NOON - timedelta(seconds=90)) == 90.0


async def test_a_fast_market_wakes_sleepers_soon(wire: ClockWire, clock: StreamedClock) -> None:
    await wire.tell(NOON, speed=600.0)
    await clock.ready()
    await clock.sleep(30)
    assert clock.now() >= NOON + timedelta(seconds=30)


async def test_a_jump_wakes_sleepers(wire: ClockWire, clock: StreamedClock) -> None:
    await wire.tell(NOON, speed=1.0)
    await clock.ready()
    sleeper = asyncio.create_task(clock.sleep(DAY_S))
    await asyncio.sleep(0)
    await wire.tell(NOON + timedelta(seconds=DAY_S / 2), speed=1.0)
    await asyncio.sleep(0.02)
    assert not sleeper.done()
    await wire.tell(NOON + timedelta(seconds=DAY_S + 1), speed=1.0)
    async with asyncio.timeout(10):
        await sleeper


async def test_a_market_that_stands_still_lets_sleepers_sleep_until_it_runs(
    wire: ClockWire, clock: StreamedClock
) -> None:
    await wire.tell(NOON, speed=0.0)
    await clock.ready()
    sleeper = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0.02)
    assert not sleeper.done()
    await wire.tell(NOON, speed=6000.0)
    async with asyncio.timeout(10):
        await sleeper


async def test_a_lost_stream_goes_on_from_the_last_frame_and_is_dialled_again(
    wire: ClockWire, clock: StreamedClock
) -> None:
    await wire.tell(NOON, speed=600.0)
    await clock.ready()
    await wire.hang_up()
    await until(lambda: wire.dials == 2)
    assert clock.now() > NOON
    assert clock.speed == 600.0
    await until(lambda: clock.is_connected)


@pytest.mark.parametrize("frame", ["{broken", "[]", "{}", '{"market_ms": "soon"}'])
async def test_a_frame_of_nonsense_is_a_lost_stream(
    wire: ClockWire, clock: StreamedClock, frame: str
) -> None:
    wire.frame = frame
    await until(lambda: wire.dials >= 2)
    assert not clock.is_connected


async def test_a_clock_that_cannot_be_reached_is_dialled_until_it_can(unused_tcp_port: int) -> None:
    clock = StreamedClock(f"ws://127.0.0.1:{unused_tcp_port}/clock", backoff_s=(0.01, 0.02))
    running = asyncio.create_task(clock.run())
    await asyncio.sleep(0.05)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
