"""Long polling that survives what Telegram can do to it.

Our own loop instead of the framework's: one malformed update must not block the rest, updates that queued
up while we were down must be known as late, and a silent connection must be noticed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import Update
from pydantic import ValidationError

from adapters.telegram.methods import RawUpdates
from ports.errors import Fatal

log = structlog.get_logger()

ALLOWED = ["message", "callback_query", "my_chat_member"]
Handle = Callable[[Update, bool], Coroutine[Any, Any, None]]


def since_boot_s() -> float:
    """Seconds of a clock that goes on while the machine sleeps, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(slots=True)
class PollingState:
    """What `/status` tells: when Telegram last answered, and what is wrong if it does not.

    `is_silent`: neither an answer nor an error came for longer than a poll may take.
    """

    answered_at: float | None = None
    failing_since: float | None = None
    last_error: str | None = None
    is_conflict: bool = False
    is_silent: bool = False
    is_caught_up: bool = False
    received: int = 0
    skipped: int = 0


@dataclass(slots=True)
class Polling:
    """Feeds updates to `handle(update, is_late)`, at most `concurrency` at a time, in order per chat; one
    that `is_urgent` waits for no other.

    Everything before the first empty batch is late: it was sent while we were not there. So is what waited
    while Telegram was out of reach, or we were asleep, for `late_after_s`. When no answer came for
    `watchdog_s` beyond a poll's own time, whatever the cause, the state says so. At most `most_waiting`
    updates are taken in advance.
    """

    bot: Bot
    handle: Handle
    timeout_s: int = 25
    concurrency: int = 64
    most_waiting: int = 1000
    watchdog_s: float = 120.0
    late_after_s: float = 60.0
    longest_pause_s: float = 15.0
    on_return: Callable[[float], Awaitable[None]] | None = None
    is_urgent: Callable[[Update], bool] = lambda update: False
    monotonic: Callable[[], float] = time.monotonic
    since_boot: Callable[[], float] = since_boot_s
    state: PollingState = field(default_factory=PollingState)
    _offset: int | None = None
    _heard_at: float | None = None
    _alarm: asyncio.TimerHandle | None = None
    _working: set["asyncio.Task[None]"] = field(default_factory=set)
    _last_in_chat: dict[int, "asyncio.Task[None]"] = field(default_factory=dict)

    async def run(self) -> None:
        """Poll until cancelled. Raises `Fatal` when the token is not valid (any more)."""
        slots = asyncio.Semaphore(self.concurrency)
        pause = 0.5
        self._set_alarm()
        try:
            while True:
                try:
                    batch = await self._fetch()
                except TelegramUnauthorizedError as error:
                    raise Fatal(
                        "Telegram refuses TELEGRAM_BOT_TOKEN; get a valid one from @BotFather"
                    ) from error
                except (TelegramAPIError, ClientDecodeError) as error:
                    wait = self._failed(error, pause)
                    pause = min(pause * 2, self.longest_pause_s)
                    await asyncio.sleep(wait)
                    continue
                pause = 0.5
                if has_slept := self._has_slept():
                    self.state.is_caught_up = False
                await self._answered()
                for raw in batch:
                    await self._dispatch(raw, slots)
                if not batch and not has_slept:  # what we asked before we slept says nothing of now
                    self.state.is_caught_up = True
        finally:
            if self._alarm is not None:
                self._alarm.cancel()
            await self._drain()

    async def _fetch(self) -> list[Any]:
        # The first look is a short one: an empty answer at once means that nothing is late.
        timeout = self.timeout_s if self.state.is_caught_up else 0
        method = RawUpdates(offset=self._offset, timeout=timeout, allowed_updates=ALLOWED)
        return await self.bot(method, request_timeout=timeout + 10)

    def _failed(self, error: Exception, pause: float) -> float:
        state = self.state
        state.last_error = type(error).__name__
        state.failing_since = state.failing_since or self.monotonic()
        state.is_conflict = isinstance(error, TelegramConflictError)
        log.warning("polling_failed", error=f"{type(error).__name__}: {error}"[:200])
        if isinstance(error, TelegramRetryAfter):
            return max(pause, error.retry_after)
        return pause

    async def _answered(self) -> None:
        state = self.state
        state.answered_at = self.monotonic()
        state.is_conflict = state.is_silent = False
        self._set_alarm()
        if state.failing_since is not None:
            away_s = state.answered_at - state.failing_since
            state.failing_since = state.last_error = None
            if away_s >= self.late_after_s:
                state.is_caught_up = False
            log.info("polling_recovered", away_s=round(away_s, 1))
            if self.on_return is not None:
                await self.on_return(away_s)

    def _has_slept(self) -> bool:
        """Whether the answers before and now lie further apart than a poll explains."""
        before, self._heard_at = self._heard_at, self.since_boot()
        return before is not None and self._heard_at - before >= self.timeout_s + self.late_after_s

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        longest_s = self.timeout_s + self.watchdog_s
        self._alarm = asyncio.get_running_loop().call_later(longest_s, self._fell_silent, longest_s)

    def _fell_silent(self, longest_s: float) -> None:
        self.state.is_silent = True
        log.error("polling_silent", for_s=longest_s, last_error=self.state.last_error)

    async def _dispatch(self, raw: Any, slots: asyncio.Semaphore) -> None:
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if isinstance(update_id, int):
            self._offset = max(self._offset or 0, update_id + 1)
        try:
            update = Update.model_validate(raw, context={"bot": self.bot})
        except ValidationError as error:
            self.state.skipped += 1
            log.warning("update_not_understood", update_id=update_id, problems=error.error_count())
            return
        self.state.received += 1
        is_late = not self.state.is_caught_up
        if self.is_urgent(update):
            self._start(None, self.handle(update, is_late))
            return
        while len(self._working) >= self.most_waiting:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
        chat = _chat_of(update)
        work = self._work(update, is_late, self._last_in_chat.get(chat), slots)
        self._last_in_chat[chat] = self._start(chat, work)

    def _start(self, chat: int | None, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(lambda done: self._finished(chat, done))
        return task

    async def _work(
        self, update: Update, is_late: bool, before: "asyncio.Task[None] | None", slots: asyncio.Semaphore
    ) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        async with slots:  # taken only now, so that one busy chat leaves the others theirs
            await self.handle(update, is_late)

    def _finished(self, chat: int | None, task: "asyncio.Task[None]") -> None:
        self._working.discard(task)
        if chat is not None and self._last_in_chat.get(chat) is task:
            del self._last_in_chat[chat]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("update_failed", exc_info=error)

    async def _drain(self, within_s: float = 5.0) -> None:
        if self._working:
            _, stuck = await asyncio.wait(self._working, timeout=within_s)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)


def _chat_of(update: Update) -> int:
    if update.message is not None:
        return update.message.chat.id
    if update.callback_query is not None:
        return update.callback_query.from_user.id
    return 0
