"""Pushes that must arrive: written down before they are sent, sent until they arrive or expire."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from ports.clock import Clock
from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, OutboundMessage, OutboxRow, OutboxStore

log = structlog.get_logger()

KEPT = timedelta(days=14)
LOOKED_AT = 1000


@dataclass(slots=True, repr=False)
class Outbox:
    """A durable queue in front of the messenger. `on_gone` hears of chats that cannot be written to.

    A row that failed `tries_in_line` times no longer holds back those behind it in its chat.
    """

    store: OutboxStore
    messenger: Messenger
    clock: Clock
    on_gone: Callable[[int], Awaitable[None]] | None = None
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    tries_in_line: int = 5
    _busy: set[int] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def push(self, message: OutboundMessage) -> bool:
        """Take responsibility for a message; `False` when its event was pushed before."""
        is_new = await self.store.add(message)
        if is_new:
            self._news.set()
        return is_new

    def stored(self) -> None:
        """A message was stored by somebody else, together with its cause: deliver it."""
        self._news.set()

    async def run(self) -> None:
        """Deliver for ever, each chat in a line of its own: one that has to wait holds back no other."""
        async with asyncio.TaskGroup() as lines:
            while True:
                self._news.clear()
                busy = set(self._busy)  # while we read, they may finish what is still unsent in the answer
                for chat_id, rows in _by_chat(await self.store.unsent(limit=LOOKED_AT)).items():
                    if chat_id not in busy:
                        self._busy.add(chat_id)
                        lines.create_task(self._serve(chat_id, rows))
                await self._wait(60.0)

    async def deliver(self) -> bool:
        """Send what is unsent, once through; `False` when something has to be tried again."""
        lines = _by_chat(await self.store.unsent(limit=LOOKED_AT)).values()
        return all(await asyncio.gather(*(self._deliver_line(rows) for rows in lines)))

    async def _serve(self, chat_id: int, rows: Sequence[OutboxRow]) -> None:
        try:
            if not await self._deliver_line(rows):
                tries = max(row.tries for row in rows)
                await asyncio.sleep(min(self.first_pause_s * 2 ** min(tries, 16), self.longest_pause_s))
        finally:
            self._busy.discard(chat_id)
            self._news.set()

    async def _deliver_line(self, rows: Sequence[OutboxRow]) -> bool:
        """Send the rows of one chat in order; whether all are settled."""
        is_settled = True
        for row in rows:
            if not await self._deliver_one(row):
                is_settled = False
                if row.tries < self.tries_in_line:
                    break
        return is_settled

    async def forget_old(self) -> int:
        """Drop rows settled long ago."""
        return await self.store.forget_before(self.clock.wire_now() - KEPT)

    async def _deliver_one(self, row: OutboxRow) -> bool:
        message, now = row.message, self.clock.wire_now()
        if message.expires_at is not None and message.expires_at <= now:
            await self._give_up(row, "expired")
            return True
        try:
            sent = await self.messenger.send(
                message.chat_id, message.screen, priority=message.priority, is_silent=message.is_silent
            )
        except Gone as error:
            await self._give_up(row, str(error))
            if self.on_gone is not None:
                await self.on_gone(message.chat_id)
            return True
        except Transient as error:
            await self.store.failed(row.id, reason=str(error))
            return False
        except Rejected as error:
            await self._give_up(row, str(error))
            return True
        await self.store.sent(row.id, message_id=sent.message_id, at=self.clock.wire_now())
        return True

    async def _give_up(self, row: OutboxRow, reason: str) -> None:
        """A message that matters is never dropped without a word."""
        log.error("push_dropped", chat=row.message.chat_id, what=row.message.dedupe, reason=reason)
        await self.store.dropped(row.id, reason=reason, at=self.clock.wire_now())

    async def _wait(self, longest_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._news.wait()


def _by_chat(rows: Iterable[OutboxRow]) -> Mapping[int, Sequence[OutboxRow]]:
    lines: dict[int, list[OutboxRow]] = {}
    for row in rows:
        lines.setdefault(row.message.chat_id, []).append(row)
    return lines
