"""Telegram's sending limits as one queue in order of priority.

Documented limits: about 30 messages a second overall, one a second in a chat (short bursts pass), 20 a
minute in a group. A `retry_after` of the server overrides them.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from engines.core.bucket import Bucket
from engines.core.window import Window
from ports.messages import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Messages a second overall and in a chat, the burst an answer may take, messages a minute in a group."""

    overall_per_s: float = 30
    chat_per_s: float = 1
    chat_burst: int = 3
    group_per_min: float = 20


@dataclass(order=True, slots=True)
class _Waiter:
    priority: int
    order: int
    chat_id: int = field(compare=False)
    turn: "asyncio.Future[None]" = field(compare=False)


@dataclass(slots=True)
class Limiter:
    """Grants turns to send, the most urgent first, never faster than the rates.

    In any chat answers may take a burst; a push waits until the whole burst has come back. A group has
    its rate a minute besides.
    """

    rates: Rates = field(default_factory=Rates)
    monotonic: Callable[[], float] = time.monotonic
    most_chats: int = 10_000
    _overall: Window = field(init=False)
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _groups: dict[int, Window] = field(default_factory=dict)
    _not_before: dict[int, float] = field(default_factory=dict)
    _waiting: list[_Waiter] = field(default_factory=list)
    _order: int = 0
    _pump: "asyncio.Task[None] | None" = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._overall = Window.per(1, self.rates.overall_per_s)

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

    def paused_s(self, chat_id: int) -> float:
        """How much longer the server wants this chat left alone."""
        return max(0.0, self._not_before.get(chat_id, 0.0) - self.monotonic())

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
                with suppress(TimeoutError):
                    async with asyncio.timeout(shortest):
                        await self._news.wait()

    def _wait_s(self, chat_id: int, priority: Priority) -> float:
        now = self.monotonic()
        wait = max(self._overall.wait_s(now), self._not_before.get(chat_id, 0.0) - now)
        if chat_id < 0:
            wait = max(wait, self._group(chat_id).wait_s(now))
        chat = self._chat(chat_id, now)
        wait = max(wait, chat.wait_s(now))
        if priority > Priority.ANSWER and not chat.is_full:
            # A push takes no part in the burst that is kept for answers.
            wait = max(wait, (chat.burst - chat.tokens) / chat.rate)
        return wait

    def _spend(self, chat_id: int) -> None:
        now = self.monotonic()
        self._overall.take(now)
        if chat_id < 0:
            self._group(chat_id).take(now)
        self._chat(chat_id, now).take()

    def _chat(self, chat_id: int, now: float) -> Bucket:
        chat = self._chats.get(chat_id)
        if chat is None:
            self._forget_when_many()
            burst = float(self.rates.chat_burst)
            chat = self._chats[chat_id] = Bucket(self.rates.chat_per_s, burst, burst, now)
        return chat

    def _group(self, chat_id: int) -> Window:
        group = self._groups.get(chat_id)
        if group is None:
            self._forget_when_many()
            group = self._groups[chat_id] = Window.per(60, self.rates.group_per_min)
        return group

    def _forget_when_many(self) -> None:
        if len(self._chats) + len(self._groups) >= self.most_chats:
            for kept in (self._chats, self._groups, self._not_before):
                kept.clear()
