"""The messages that show backtests: edited as they go on, and what came of them behind."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from ports.clock import Clock
from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, Priority, Screen
from services.backtesting.job import Job, State

log = structlog.get_logger()

PAUSE = timedelta(seconds=10)
"""Rest after Telegram could not be reached, or did not take it."""
ANSWER_WITHIN = timedelta(seconds=30)
"""The answer that shows a job arrives by then, or was lost."""


@dataclass(slots=True)
class _Shown:
    """What a message shows. `left` are the screens that are still to come behind it."""

    job: Job
    screen: Screen | None = None
    edited_at: datetime | None = None
    left: Sequence[Screen] | None = None
    wait_until: datetime | None = None


@dataclass(slots=True, repr=False)
class Board:
    """Keeps the messages of jobs true. `view` draws a job, `result` what came of one that is done; `settled`
    hears of every job about which nothing more is to be said. A message that only says how far it is changes
    every `edit_s` at most."""

    messenger: Messenger
    clock: Clock
    view: Callable[[Job], Screen]
    result: Callable[[Job], Awaitable[Sequence[Screen]]]
    settled: Callable[[Job], Awaitable[None]]
    look_s: float
    edit_s: float
    _shown: dict[str, _Shown] = field(default_factory=dict)

    def put(self, job: Job) -> None:
        """Keep that job before somebody's eyes."""
        self._shown.setdefault(job.id, _Shown(job))

    def arrived(self, job: Job, message_id: int) -> None:
        """Its message is there, as it was drawn a moment ago; it may have moved to another one. One that was
        given up for lost says how it ended, and no more."""
        job.message_id = message_id
        shown = self._shown.setdefault(job.id, _Shown(job, left=()))
        shown.screen, shown.edited_at = None, self.clock.wire_now()

    async def run(self) -> None:
        """Keep them true for ever."""
        while True:
            await self.look()
            await asyncio.sleep(self.look_s)

    async def look(self) -> None:
        """Show once what is due."""
        for shown in list(self._shown.values()):
            if shown.wait_until is not None and self.clock.wire_now() < shown.wait_until:
                continue
            try:
                await self._show(shown)
            except Transient as error:
                log.warning("backtest_not_shown", chat=shown.job.chat_id, error=str(error))
                shown.wait_until = self.clock.wire_now() + PAUSE
            except (Gone, Rejected) as error:
                log.warning("backtest_not_shown", chat=shown.job.chat_id, error=str(error))
                shown.wait_until = self.clock.wire_now() + PAUSE
                if shown.job.state.is_over:
                    await self._settle(shown)

    async def _show(self, shown: _Shown) -> None:
        job = shown.job
        is_over = job.state.is_over
        if self._is_on_its_way(job):
            return
        if is_over or self._is_due(shown):
            await self._edit(shown)
        if is_over:
            await self._hand_over(shown)
            await self._settle(shown)

    def _is_on_its_way(self, job: Job) -> bool:
        """Whether its message is still to arrive: nobody would look after it if another was sent before."""
        if job.message_id is not None:
            return False
        if not job.state.is_over:
            return True
        return job.ended_at is not None and self.clock.wire_now() - job.ended_at < ANSWER_WITHIN

    def _is_due(self, shown: _Shown) -> bool:
        if shown.edited_at is None:
            return True
        return (self.clock.wire_now() - shown.edited_at).total_seconds() >= self.edit_s

    async def _edit(self, shown: _Shown) -> None:
        job, screen = shown.job, self.view(shown.job)
        if screen == shown.screen:
            return
        is_there = job.message_id is not None and await self.messenger.edit(
            job.chat_id, job.message_id, screen, priority=Priority.DIGEST
        )
        if not is_there:
            sent = await self.messenger.send(job.chat_id, screen, priority=Priority.DIGEST, is_silent=True)
            job.message_id = sent.message_id
        shown.screen, shown.edited_at = screen, self.clock.wire_now()

    async def _hand_over(self, shown: _Shown) -> None:
        """Send what came of it, one message after the other; a failure goes on where it was."""
        if shown.left is None:
            shown.left = await self.result(shown.job) if shown.job.state is State.DONE else ()
        while shown.left:
            await self.messenger.send(
                shown.job.chat_id, shown.left[0], priority=Priority.ANSWER, is_silent=len(shown.left) == 1
            )
            shown.left = shown.left[1:]

    async def _settle(self, shown: _Shown) -> None:
        self._shown.pop(shown.job.id, None)
        await self.settled(shown.job)
