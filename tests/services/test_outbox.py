"""Pushes that must arrive."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from ports.errors import Gone, Rejected, Transient
from ports.messages import OutboxRow, Priority, Screen, SentMessage
from services.outbox import KEPT, Outbox
from tests.build.clock import NOON, HandClock
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_push
from tests.build.stores import MemoryOutbox


class Setting:
    """An outbox over memory, and who was found gone."""

    def __init__(self) -> None:
        self.store, self.messenger, self.clock = MemoryOutbox(), RecordingMessenger(), HandClock()
        self.gone: list[int] = []
        self.outbox = Outbox(self.store, self.messenger, self.clock, on_gone=self._on_gone)

    async def _on_gone(self, chat_id: int) -> None:
        self.gone.append(chat_id)

    def reasons(self) -> list[str | None]:
        return [push.reason for push in self.store.pushes]


async def test_a_push_is_written_down_sent_once_and_settled() -> None:
    at = Setting()

    assert await at.outbox.push(a_push("one", is_silent=True))
    assert not await at.outbox.push(a_push("one"))
    assert await at.outbox.deliver()
    assert await at.outbox.deliver()

    [sent] = at.messenger.sent
    assert (sent.chat_id, sent.is_silent, sent.priority) == (11, True, Priority.SIGNAL)
    assert at.store.pushes[0].message_id == sent.message_id


async def test_urgent_pushes_go_first() -> None:
    at = Setting()
    await at.outbox.push(a_push("digest", priority=Priority.DIGEST, chat_id=1))
    await at.outbox.push(a_push("kill", priority=Priority.KILL, chat_id=2))

    await at.outbox.deliver()

    assert [sent.chat_id for sent in at.messenger.sent] == [2, 1]


async def test_while_telegram_is_out_of_reach_nothing_is_lost() -> None:
    at = Setting()
    await at.outbox.push(a_push("one"))
    at.messenger.failure = Transient("down")

    assert not await at.outbox.deliver()
    assert await at.store.unsent()

    at.messenger.failure = None
    assert await at.outbox.deliver()
    assert len(at.messenger.sent) == 1


class PickyMessenger(RecordingMessenger):
    """Cannot reach chat 1."""

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        if chat_id == 1:
            raise Transient("slow")
        return await super().send(chat_id, screen, priority=priority, is_silent=is_silent)


class StubbornMessenger(RecordingMessenger):
    """Cannot deliver the urgent ones."""

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        if priority is Priority.KILL:
            raise Transient("slow")
        return await super().send(chat_id, screen, priority=priority, is_silent=is_silent)


class PatientMessenger(RecordingMessenger):
    """Chat 1 has to wait for ever."""

    is_waiting: asyncio.Event

    def __init__(self) -> None:
        super().__init__()
        self.is_waiting = asyncio.Event()

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        if chat_id == 1:
            self.is_waiting.set()
            await asyncio.Event().wait()
        return await super().send(chat_id, screen, priority=priority, is_silent=is_silent)


async def test_a_chat_that_fails_holds_back_no_other() -> None:
    at = Setting()
    at.outbox.messenger = messenger = PickyMessenger()
    await at.outbox.push(a_push("stuck", chat_id=1, priority=Priority.KILL))
    await at.outbox.push(a_push("elsewhere", chat_id=2))

    assert not await at.outbox.deliver()

    assert [sent.chat_id for sent in messenger.sent] == [2]


async def test_a_chat_that_waits_long_holds_back_no_other() -> None:
    at = Setting()
    at.outbox.messenger = messenger = PatientMessenger()
    await at.outbox.push(a_push("waiting", chat_id=1))
    running = asyncio.create_task(at.outbox.run())
    try:
        async with asyncio.timeout(5):
            await messenger.is_waiting.wait()
            await at.outbox.push(a_push("elsewhere", chat_id=2))
            while not messenger.sent:
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_push_that_keeps_failing_no_longer_holds_back_those_behind_it() -> None:
    at = Setting()
    at.outbox.messenger = messenger = StubbornMessenger()
    await at.outbox.push(a_push("stuck", chat_id=1, priority=Priority.KILL))
    await at.outbox.push(a_push("behind", chat_id=1))

    for _ in range(at.outbox.tries_in_line):
        assert not await at.outbox.deliver()
    assert messenger.sent == []

    assert not await at.outbox.deliver()
    assert [sent.chat_id for sent in messenger.sent] == [1]


async def test_a_chat_that_is_gone_is_given_up_and_reported() -> None:
    at = Setting()
    await at.outbox.push(a_push("one"))
    at.messenger.failure = Gone("bot was blocked by the user")

    assert await at.outbox.deliver()

    assert at.gone == [11]
    assert at.reasons() == ["bot was blocked by the user"]


async def test_a_refused_message_is_kept_with_its_reason_and_not_tried_again() -> None:
    at = Setting()
    await at.outbox.push(a_push("one"))
    at.messenger.failure = Rejected("can't parse entities")

    assert await at.outbox.deliver()

    assert at.reasons() == ["can't parse entities"]
    assert not await at.store.unsent()


async def test_an_expired_push_is_not_sent() -> None:
    at = Setting()
    await at.outbox.push(a_push("one", expires_at=NOON + timedelta(hours=1)))
    at.clock.move(3600)

    assert await at.outbox.deliver()

    assert at.messenger.sent == []
    assert at.reasons() == ["expired"]


async def test_settled_pushes_are_forgotten_after_two_weeks() -> None:
    at = Setting()
    await at.outbox.push(a_push("one"))
    await at.outbox.deliver()
    at.clock.move(KEPT.total_seconds() + 1)

    assert await at.outbox.forget_old() == 1


async def test_running_it_delivers_what_is_pushed_meanwhile() -> None:
    at = Setting()
    running = asyncio.create_task(at.outbox.run())
    try:
        await at.outbox.push(a_push("one"))
        async with asyncio.timeout(5):
            while not at.messenger.sent:
                await asyncio.sleep(0)
        await at.outbox.push(a_push("two"))
        async with asyncio.timeout(5):
            while len(at.messenger.sent) < 2:
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_running_it_tries_again_with_growing_pauses() -> None:
    at = Setting()
    at.outbox.longest_pause_s = 0.0
    at.outbox.first_pause_s = 0.0
    at.messenger.failure = Transient("down")
    await at.outbox.push(a_push("one"))
    running = asyncio.create_task(at.outbox.run())
    try:
        async with asyncio.timeout(5):
            while at.store.pushes[0].row.tries < 3:
                await asyncio.sleep(0)
        at.messenger.failure = None
        async with asyncio.timeout(5):
            while not at.messenger.sent:
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class SlowStore(MemoryOutbox):
    """Its answers are old when they arrive."""

    async def unsent(self, *, limit: int = 100) -> Sequence[OutboxRow]:
        rows = await super().unsent(limit=limit)
        await asyncio.sleep(0.05)
        return rows


class ChattyMessenger(RecordingMessenger):
    """While it sends to chat 1, something comes up for chat 2."""

    outbox: Outbox

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        if chat_id == 1:
            await self.outbox.push(a_push("two", chat_id=2))
            await asyncio.sleep(0.02)
        return await super().send(chat_id, screen, priority=priority, is_silent=is_silent)


async def test_what_is_settled_while_the_next_are_looked_up_is_not_sent_again() -> None:
    store, messenger = SlowStore(), ChattyMessenger()
    messenger.outbox = outbox = Outbox(store, messenger, HandClock())
    await outbox.push(a_push("one", chat_id=1))
    running = asyncio.create_task(outbox.run())
    async with asyncio.timeout(5):
        while len(messenger.sent) < 2 or await store.unsent():
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert sorted(sent.chat_id for sent in messenger.sent) == [1, 2]
