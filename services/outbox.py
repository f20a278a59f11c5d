"""Pushes that must arrive: written down before they are sent, sent until they arrive or expire."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ports.clock import Clock
from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, OutboundMessage, OutboxRow, OutboxStore

KEPT = timedelta(days=14)


@dataclass(slots=True)
class Outbox:
    """A durable queue in front of the messenger. `on_gone` hears of chats that cannot be written to.

    A row that failed `tries_in_line` times no longer holds back the rows behind it.
    """

    store: OutboxStore
    messenger: Messenger
    clock: Clock
    on_gone: Callable[[int], Awaitable[None]] | None = None
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    tries_in_line: int = 5
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def push(self, message: OutboundMessage) -> bool:
        """Take responsibility for a message; `False` when its event was pushed before."""
        is_new = await self.store.add(message)
        if is_new:
            self._news.set()
        return is_new

    async def run(self) -> None:
        """Deliver for ever; while Telegram is out of reach, try again with growing pauses."""
        pause = self.first_pause_s
        while True:
            self._news.clear()
            if await self.deliver():
                pause = self.first_pause_s
                await self._wait(60.0)
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, self.longest_pause_s)

    async def deliver(self) -> bool:
        """Send what is unsent; `False` when something has to be tried again."""
        while rows := await self.store.unsent(limit=100):
            has_failed = False
            for row in rows:
                if not await self._deliver_one(row):
                    has_failed = True
                    if row.tries < self.tries_in_line:
                        return False
            if has_failed:
                return False
        return True

    async def forget_old(self) -> int:
        """Drop rows settled long ago."""
        return await self.store.forget_before(self.clock.wire_now() - KEPT)

    async def _deliver_one(self, row: OutboxRow) -> bool:
        message, now = row.message, self.clock.wire_now()
        if message.expires_at is not None and message.expires_at <= now:
            await self.store.dropped(row.id, reason="expired", at=now)
            return True
        try:
            sent = await self.messenger.send(
                message.chat_id, message.screen, priority=message.priority, is_silent=message.is_silent
            )
        except Gone as error:
            await self.store.dropped(row.id, reason=str(error), at=now)
            if self.on_gone is not None:
                await self.on_gone(message.chat_id)
            return True
        except Transient as error:
            await self.store.failed(row.id, reason=str(error))
            return False
        except Rejected as error:
            await self.store.dropped(row.id, reason=str(error), at=now)
            return True
        await self.store.sent(row.id, message_id=sent.message_id, at=self.clock.wire_now())
        return True

    async def _wait(self, longest_s: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), timeout=longest_s)
        except TimeoutError:
            return
