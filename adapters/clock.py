"""Clocks: the system's own, and the sandbox's, whose market time may run fast, jump or stand still."""

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp

_LONGEST_LAG_S = 5.0
_FRAME_WAIT_S = 5.0


class SystemClock:
    """Live: market time is wire time."""

    @property
    def speed(self) -> float:
        """Always 1."""
        return 1.0

    def now(self) -> datetime:
        """Now, aware UTC."""
        return datetime.now(UTC)

    def wire_now(self) -> datetime:
        """Now, aware UTC."""
        return datetime.now(UTC)

    def age_s(self, at: datetime) -> float:
        """Seconds since `at`, never negative."""
        return max((self.now() - at).total_seconds(), 0.0)

    async def sleep(self, market_s: float) -> None:
        """Sleep that many seconds."""
        await asyncio.sleep(max(market_s, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchor:
    """Market time at an instant of the monotonic clock, and its pace from there on."""

    market: datetime
    taken_s: float
    speed: float

    def market_at(self, instant_s: float) -> datetime:
        return self.market + timedelta(seconds=(instant_s - self.taken_s) * self.speed)


class StreamedClock:
    """Follows the sandbox's clock stream (`ws://.../clock`).

    `run` is the supervised task; until its first frame (`ready`) market time is wire time. When the stream
    is lost, market time goes on at its last pace from the last frame.
    """

    def __init__(self, url: str, *, backoff_s: tuple[float, float] = (0.2, 5.0)) -> None:
        self._url = url
        self._first_pause_s, self._longest_pause_s = backoff_s
        self._anchor = _Anchor(market=datetime.now(UTC), taken_s=time.monotonic(), speed=1.0)
        self._told = asyncio.Event()
        self._ready = asyncio.Event()
        self._is_connected = False

    @property
    def is_connected(self) -> bool:
        """Whether the stream is up and has spoken."""
        return self._is_connected

    @property
    def speed(self) -> float:
        """Market seconds a real second."""
        return self._anchor.speed

    def now(self) -> datetime:
        """Market time."""
        return self._anchor.market_at(time.monotonic())

    def wire_now(self) -> datetime:
        """Real time."""
        return datetime.now(UTC)

    def age_s(self, at: datetime) -> float:
        """Real seconds since a market event; while the market stands still, market seconds."""
        return max((self.now() - at).total_seconds(), 0.0) / (self.speed or 1.0)

    async def sleep(self, market_s: float) -> None:
        """Sleep until market time has advanced by `market_s`, by running or by jumping."""
        until = self.now() + timedelta(seconds=market_s)
        while (left_s := (until - self.now()).total_seconds()) > 0:
            told = self._told
            try:
                async with asyncio.timeout(left_s / self.speed if self.speed else None):
                    await told.wait()
            except TimeoutError:
                continue

    async def ready(self) -> None:
        """Wait for the first frame."""
        await self._ready.wait()

    async def run(self) -> None:
        """Endless: follow the stream, dial again when it breaks or falls silent."""
        pause_s = self._first_pause_s
        while True:
            try:
                await self._follow()
            except (aiohttp.ClientError, OSError, TimeoutError, LookupError, TypeError, ValueError):
                if self._is_connected:
                    pause_s = self._first_pause_s
            finally:
                self._is_connected = False
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, self._longest_pause_s)

    async def _follow(self) -> None:
        """Take frames until the stream breaks, which always raises."""
        async with aiohttp.ClientSession() as session, session.ws_connect(self._url) as stream:
            while True:
                self._take(json.loads(await stream.receive_str(timeout=_FRAME_WAIT_S)))

    def _take(self, frame: dict[str, float]) -> None:
        """Anchor market time to a frame, minus what it took to get here."""
        market = datetime.fromtimestamp(frame["market_ms"] / 1000, UTC)
        lag_s = time.time() - frame["wire_ms"] / 1000
        if not 0 <= lag_s <= _LONGEST_LAG_S:  # the other side's wall clock is not ours
            lag_s = 0.0
        self._anchor = _Anchor(market=market, taken_s=time.monotonic() - lag_s, speed=float(frame["speed"]))
        self._is_connected = True
        self._ready.set()
        told, self._told = self._told, asyncio.Event()
        told.set()
