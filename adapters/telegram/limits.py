"""Telegram's sending limits as one queue in order of priority.

Documented limits: about 30 messages a second overall, one a second in a chat (short bursts pass), 20 a
minute in a group. A `retry_after` of the server overrides them.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engines.core.bucket import Bucket
from ports.messages import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Messages a second overall and in a chat, the burst an answer may take, messages a minute in a group."""

    overall_per_s: float = 30
    chat_per_s: float = 1
    chat_burst: int = 5
    group_per_min: float = 20


@dataclass(order=True, slots=True)
class _Waiter:
    priority: int
    order: int
    chat_id: int = field(compare=False)
    turn: "asyncio.Future[None]" = field(compare=False)


@dataclass(slots=True)
class Limiter:
    """Grants turns to send, the most urgent first, never faster than the rates."""

    rates: Rates = field(default_factory=Rates)
    monotonic: Callable[[], float] = time.monotonic
    most_chats: int = 10_000
    _overall: Bucket | None = None
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _not_before: dict[int, float] = field(default_factory=dict)
    _waiting: list[_Waiter] = field(default_factory=list)
    _order: int = 0
    _pump: "asyncio.Task[None] | None" = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def turn(self, chat_id: int, priority: Priority) -> None:
        """Return when a message to `chat_id` may be sent."""
        if not self._waiting and self._wait_s(chat_id, priority) <= 0:
            self._spend(chat_id)
            return
        self._order += 1
        waiter = _Waiter(priority, self._order, chat_id, asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, waiter)
        self._news.set()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._grant(), name="telegram-limits")
        await waiter.turn

    def pause(self, chat_id: int, seconds: float) -> None:
        """The server asked to leave this chat alone for so long."""
        self._not_before[chat_id] = self.monotonic() + seconds

    @property
    def queued(self) -> int:
        """Messages waiting for their turn."""
        return len(self._waiting)

    async def _grant(self) -> None:
        while self._waiting:
            self._news.clear()
            shortest = 60.0
            left: list[_Waiter] = []
            for waiter in sorted(self._waiting):
                if waiter.turn.done():
                    continue
                wait = self._wait_s(waiter.chat_id, Priority(waiter.priority))
                if wait <= 0:
                    self._spend(waiter.chat_id)
                    waiter.turn.set_result(None)
                else:
                    shortest = min(shortest, wait)
                    left.append(waiter)
            self._waiting = left
            if left:
                try:
                    await asyncio.wait_for(self._news.wait(), timeout=shortest)
                except TimeoutError:
                    continue

    def _wait_s(self, chat_id: int, priority: Priority) -> float:
        now = self.monotonic()
        if self._overall is None:
            rate = self.rates.overall_per_s
            self._overall = Bucket(rate, max(1.0, rate), max(1.0, rate), now)
        chat = self._bucket(chat_id, now)
        wait = max(self._overall.wait_s(now), chat.wait_s(now), self._not_before.get(chat_id, 0.0) - now)
        if priority > Priority.ANSWER and chat_id > 0 and not chat.is_full:
            # A push takes no part in the burst that is kept for answers.
            wait = max(wait, (chat.burst - chat.tokens) / chat.rate)
        return wait

    def _bucket(self, chat_id: int, now: float) -> Bucket:
        bucket = self._chats.get(chat_id)
        if bucket is None:
            if len(self._chats) >= self.most_chats:
                self._chats.clear()
                self._not_before.clear()
            if chat_id < 0:
                burst = max(1.0, self.rates.group_per_min)
                bucket = Bucket(self.rates.group_per_min / 60, burst, burst, now)
            else:
                burst = float(self.rates.chat_burst)
                bucket = Bucket(self.rates.chat_per_s, burst, burst, now)
            self._chats[chat_id] = bucket
        return bucket

    def _spend(self, chat_id: int) -> None:
        if self._overall is not None:
            self._overall.take()
        self._bucket(chat_id, self.monotonic()).take()
