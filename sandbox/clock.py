"""The sandbox's market clock, and the stream that tells the bot about it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import orjson
from aiohttp import WSMsgType, web

FASTEST = 100_000.0
"""Market seconds a real second that the clock can run at."""
LONGEST_LEAP_S = 366 * 86_400

_HEARTBEAT_S = 1.0


class SandboxClock:
    """Market time that runs at a chosen speed beside real (wire) time.

    `start_ms` is the market time at which the clock starts (UTC epoch milliseconds) and `end_ms`, when
    given, the last moment it can reach: the end of a recording. `speed` is market seconds per wire second;
    0 is frozen. `wall` yields Unix seconds and `monotonic` steady seconds, as `time.time` and
    `time.monotonic` do.
    """

    def __init__(
        self,
        *,
        start_ms: int,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        speed: float = 1.0,
        end_ms: int | None = None,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._anchor_ms = start_ms
        self._anchor_s = monotonic()
        self._speed = _checked_speed(speed)
        self._end_ms = end_ms
        self._listeners: list[Callable[[], None]] = []

    @property
    def speed(self) -> float:
        """Market seconds per wire second."""
        return self._speed

    def now_ms(self) -> int:
        """Market time, UTC epoch milliseconds."""
        now = self._anchor_ms + int((self._monotonic() - self._anchor_s) * 1000 * self._speed)
        return now if self._end_ms is None else min(now, self._end_ms)

    def wire_ms(self) -> int:
        """Real time, UTC epoch milliseconds."""
        return int(self._wall() * 1000)

    def reading(self) -> dict[str, float]:
        """The clock as the bot and the chat page read it."""
        return {"market_ms": self.now_ms(), "wire_ms": self.wire_ms(), "speed": self._speed}

    def set_speed(self, speed: float) -> None:
        """Run at `speed` from now on. Raises `ValueError` when it is not within 0 to `FASTEST`."""
        checked = _checked_speed(speed)
        self._re_anchor(self.now_ms())
        self._speed = checked
        self._announce()

    async def advance(self, seconds: float) -> None:
        """Jump ahead by `seconds` of market time; whoever follows the clock catches up on what lies between.

        Raises `ValueError` when `seconds` is negative, not a number or longer than `LONGEST_LEAP_S`.
        """
        if not seconds >= 0:
            raise ValueError(f"time only goes forward: advance by {seconds}")
        if seconds > LONGEST_LEAP_S:
            raise ValueError(f"one leap is at most a year ({LONGEST_LEAP_S} s), not {seconds:g} s")
        self._re_anchor(self.now_ms() + round(seconds * 1000))
        self._announce()
        await asyncio.sleep(0)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every change of speed and every jump; the answer ends the subscription."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def state(self) -> dict[str, float]:
        """What a later run needs to go on from here."""
        return {"market_ms": self.now_ms(), "speed": self._speed}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from an earlier run's `state()`."""
        self._re_anchor(int(state["market_ms"]))
        self._speed = _checked_speed(state["speed"])
        self._announce()

    def _re_anchor(self, market_ms: int) -> None:
        self._anchor_ms = market_ms if self._end_ms is None else min(market_ms, self._end_ms)
        self._anchor_s = self._monotonic()

    def _announce(self) -> None:
        for callback in tuple(self._listeners):
            callback()


def clock_routes(clock: SandboxClock, is_silent: Callable[[], bool] = lambda: False) -> list[web.RouteDef]:
    """The WebSocket `/clock`: a reading on connection, on every change and once a second.

    Nothing is sent while `is_silent` says so: a fault to survive.
    """

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        changed = asyncio.Event()
        unsubscribe = clock.subscribe(changed.set)
        teller = asyncio.create_task(_tell(clock, socket, changed, is_silent))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            unsubscribe()
            teller.cancel()
            await asyncio.gather(teller, return_exceptions=True)
        return socket

    return [web.get("/clock", stream)]


async def _tell(
    clock: SandboxClock,
    socket: web.WebSocketResponse,
    changed: asyncio.Event,
    is_silent: Callable[[], bool],
) -> None:
    while not socket.closed:
        changed.clear()
        try:
            if not is_silent():
                await socket.send_str(orjson.dumps(clock.reading()).decode())
        except ConnectionError:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARTBEAT_S):
                await changed.wait()


def _checked_speed(speed: float) -> float:
    if not 0 <= speed <= FASTEST:
        raise ValueError(f"speed must be a number of market seconds per second, 0 to {FASTEST:g}: {speed}")
    return float(speed)
