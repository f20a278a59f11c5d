"""The quotas of one account at a venue: requests wait for their turn here, the most urgent first."""

import asyncio
import heapq
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum

import structlog

from engines.core.bucket import Bucket

_SAY_EVERY_S = 10.0

log = structlog.get_logger()


class Urgency(IntEnum):
    """Who goes first. A request never overtakes one of its own urgency."""

    REDUCE = 0
    """Cancels, and orders that make a position smaller."""
    CHANGE = 1
    """Settings of the account, amended orders."""
    ENTER = 2


@dataclass(order=True, slots=True)
class _Waiter:
    urgency: int
    number: int
    turn: "asyncio.Future[None]" = field(compare=False)


class Governor:
    """Grants turns at no more than `per_s` a second, `burst` at once. `queued` is how many wait.

    Reads and acts have a governor each, so that neither starves the other.
    """

    def __init__(
        self, name: str, *, per_s: float, burst: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._monotonic = monotonic
        self._bucket = Bucket(per_s, burst, burst, monotonic())
        self._not_before = 0.0
        self._silent_until = 0.0
        self._waiting: list[_Waiter] = []
        self._number = 0
        self._pump: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def queued(self) -> int:
        """Requests that wait for their turn."""
        return len(self._waiting)

    async def turn(self, urgency: Urgency) -> None:
        """Return when the request may be sent."""
        if not self._waiting and self._wait_s() <= 0:
            self._bucket.take()
            return
        self._number += 1
        waiter = _Waiter(urgency, self._number, asyncio.get_running_loop().create_future())
        self._say_so()
        heapq.heappush(self._waiting, waiter)
        self._news.set()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._grant(), name=f"{self._name} quota")
        try:
            await waiter.turn
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise

    def pause(self, seconds: float) -> None:
        """The venue asked for patience: nothing more for so long."""
        self._not_before = max(self._not_before, self._monotonic() + seconds)

    async def close(self) -> None:
        """Let everybody go who still waits: they are cancelled."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        for waiter in self._waiting:
            waiter.turn.cancel()
        self._waiting = []

    async def _grant(self) -> None:
        while self._waiting:
            self._news.clear()
            wait_s = self._wait_s()
            if wait_s > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._news.wait()
                continue
            waiter = heapq.heappop(self._waiting)
            if not waiter.turn.done():  # else cancelled, and about to withdraw
                self._bucket.take()
                waiter.turn.set_result(None)

    def _wait_s(self) -> float:
        now = self._monotonic()
        return max(self._bucket.wait_s(now), self._not_before - now)

    def _say_so(self) -> None:
        """That requests wait, once in a while."""
        now = self._monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _SAY_EVERY_S
            log.warning("venue_queue", quota=self._name, queued=len(self._waiting) + 1)

    def _withdraw(self, waiter: _Waiter) -> None:
        """Somebody gave up: his turn, where it was granted already, goes to the next."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            heapq.heapify(self._waiting)
        elif not waiter.turn.cancelled():
            self._bucket.give_back()
