"""Market time beside wire time."""

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.clock import SandboxClock, clock_routes


class Wire:
    """Real time, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def a_clock(wire: Wire, *, speed: float = 1.0, end_ms: int | None = None) -> SandboxClock:
    return SandboxClock(start_ms=1_000_000, wall=wire, monotonic=wire, speed=speed, end_ms=end_ms)


def test_market_time_runs_at_the_chosen_speed() -> None:
    wire = Wire()
    clock = a_clock(wire, speed=60)
    wire.seconds += 2
    assert clock.now_ms() == 1_120_000
    clock.set_speed(1)
    wire.seconds += 2
    assert clock.now_ms() == 1_122_000
    assert clock.wire_ms() == 1_700_000_004_000
    assert clock.reading() == {"market_ms": 1_122_000, "wire_ms": 1_700_000_004_000, "speed": 1.0}


def test_a_frozen_clock_stands() -> None:
    wire = Wire()
    clock = a_clock(wire, speed=0)
    wire.seconds += 100
    assert clock.now_ms() == 1_000_000


async def test_the_clock_stops_where_the_recording_ends() -> None:
    wire = Wire()
    clock = a_clock(wire, end_ms=1_005_000)
    wire.seconds += 100
    assert clock.now_ms() == 1_005_000
    await clock.advance(60)
    assert clock.now_ms() == 1_005_000


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused_and_changes_nothing(speed: float) -> None:
    clock = a_clock(Wire())
    with pytest.raises(ValueError, match="speed"):
        clock.set_speed(speed)
    assert clock.speed == 1.0


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
async def test_time_does_not_go_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        await a_clock(Wire()).advance(seconds)


async def test_listeners_hear_of_every_turn_until_they_leave() -> None:
    clock = a_clock(Wire())
    heard: list[int] = []
    leave = clock.subscribe(lambda: heard.append(clock.now_ms()))
    await clock.advance(1)
    clock.set_speed(2)
    leave()
    await clock.advance(1)
    assert heard == [1_001_000, 1_001_000]


def test_a_clock_goes_on_from_its_kept_state() -> None:
    wire = Wire()
    clock = a_clock(wire, speed=60)
    wire.seconds += 1
    later = a_clock(wire)
    later.restore(clock.state())
    assert (later.now_ms(), later.speed) == (1_060_000, 60.0)


async def test_the_stream_tells_at_once_and_on_every_turn() -> None:
    wire = Wire()
    clock = a_clock(wire, speed=0)
    app = web.Application()
    app.add_routes(clock_routes(clock))
    async with TestClient(TestServer(app)) as client, client.ws_connect("/clock") as socket:
        first = orjson.loads(await socket.receive_str())
        assert first == {"market_ms": 1_000_000, "wire_ms": 1_700_000_000_000, "speed": 0.0}
        await clock.advance(30)
        assert orjson.loads(await socket.receive_str())["market_ms"] == 1_030_000
        clock.set_speed(5)
        assert orjson.loads(await socket.receive_str())["speed"] == 5.0
        # and once a second without any turn
        assert orjson.loads(await socket.receive_str())["speed"] == 5.0
