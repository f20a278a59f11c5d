"""Long polling against the twin: nothing is handled twice or out of turn, and trouble shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.types import Update

from adapters.telegram.polling import Polling
from ports.errors import Fatal
from tests.build.sandbox import until
from tests.build.telegram import ANNA, GROUP, TOM, VERA, RecordingSession, TelegramDesk, telegram_desk


@dataclass
class Listener:
    """Notes what was handled, and handles it as told."""

    work: Callable[[str], Awaitable[None]] | None = None
    handled: list[tuple[str, bool]] = field(default_factory=list)

    async def __call__(self, update: Update, is_late: bool) -> None:
        text = (update.message.text if update.message else "") or ""
        if self.work is not None:
            await self.work(text)
        self.handled.append((text, is_late))

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.handled]

    async def heard(self, *texts: str) -> None:
        """Wait until all these were handled."""

        async def look() -> bool:
            return set(texts) <= set(self.texts)

        await until(look, f"handled {texts}, got {self.texts}")


@pytest.fixture
async def desk() -> AsyncIterator[TelegramDesk]:
    async with telegram_desk() as running:
        yield running


@asynccontextmanager
async def polling(bot: Bot, listener: Listener, **fields: Any) -> AsyncIterator[Polling]:
    """A polling loop, running until the end of the block."""
    loop = Polling(bot, listener, **{"timeout_s": 2, **fields})
    running = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def so(is_so: Callable[[], object], what: str) -> None:
    async def look() -> object:
        return is_so()

    await until(look, what)


async def test_what_waited_before_the_first_empty_batch_is_late(desk: TelegramDesk) -> None:
    for number in range(120):  # more than one batch
        await desk.say(ANNA, f"old {number}")
    listener = Listener()
    async with polling(desk.bot, listener) as loop:
        await so(lambda: loop.state.is_caught_up, "caught up")
        await desk.say(ANNA, "new")
        await listener.heard("new")
    assert listener.handled == [(f"old {number}", True) for number in range(120)] + [("new", False)]


async def test_a_malformed_update_is_skipped_and_the_rest_handled(
    desk: TelegramDesk, logged: list[Any]
) -> None:
    listener = Listener()
    await desk.say(ANNA, "before")
    desk.twin.updates.push("message", {"message_id": "not a number"})
    await desk.say(ANNA, "after")
    async with polling(desk.bot, listener) as loop:
        await listener.heard("before", "after")
        await so(lambda: loop.state.is_caught_up, "caught up")
        assert (loop.state.received, loop.state.skipped) == (2, 1)
        assert loop.state.failing_since is None
    assert [event["event"] for event in logged] == ["update_not_understood"]


async def test_an_update_that_fails_is_logged_and_the_rest_handled(
    desk: TelegramDesk, logged: list[Any]
) -> None:
    async def work(text: str) -> None:
        if text == "bad":
            raise ValueError(text)

    listener = Listener(work)
    async with polling(desk.bot, listener):
        await desk.say(ANNA, "bad")
        await desk.say(ANNA, "good")
        await listener.heard("good")
    assert [event["event"] for event in logged] == ["update_failed"]


async def test_updates_of_a_chat_are_handled_in_their_order(desk: TelegramDesk) -> None:
    async def work(text: str) -> None:
        await asyncio.sleep(0.02 if int(text) % 2 else 0)

    listener = Listener(work)
    async with polling(desk.bot, listener):
        for number in range(20):
            await desk.say(ANNA, str(number))
        await listener.heard("19")
    assert listener.texts == [str(number) for number in range(20)]


async def test_a_slow_chat_holds_no_other_up(desk: TelegramDesk) -> None:
    release = asyncio.Event()

    async def work(text: str) -> None:
        if text.startswith("slow"):
            await release.wait()

    listener = Listener(work)
    async with polling(desk.bot, listener, concurrency=2):
        for number in range(5):
            await desk.say(ANNA, f"slow {number}")
        await desk.say(TOM, "quick")
        await desk.say(ANNA, "quick in the group", chat=GROUP)
        await listener.heard("quick", "quick in the group")
        release.set()
        await listener.heard("slow 4")


async def test_what_is_urgent_waits_for_no_other(desk: TelegramDesk) -> None:
    release = asyncio.Event()

    async def work(text: str) -> None:
        if text.startswith("slow"):
            await release.wait()

    def is_urgent(update: Update) -> bool:
        return update.message is not None and update.message.text == "/kill"

    listener = Listener(work)
    async with polling(desk.bot, listener, concurrency=1, most_waiting=2, is_urgent=is_urgent):
        await desk.say(ANNA, "slow 0")
        await desk.say(ANNA, "slow 1")
        await desk.say(ANNA, "/kill")
        await listener.heard("/kill")
        assert listener.texts == ["/kill"]
        release.set()
        await listener.heard("slow 1")


async def test_no_more_are_handled_at_once_than_allowed(desk: TelegramDesk) -> None:
    at_once = 0
    most = 0

    async def work(text: str) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.02)
        at_once -= 1

    listener = Listener(work)
    for person in (ANNA, TOM, VERA):
        await desk.say(person, f"from {person}")
    async with polling(desk.bot, listener, concurrency=2):
        await listener.heard(f"from {VERA}")
    assert most == 2


async def test_stopping_lets_what_was_begun_end(desk: TelegramDesk) -> None:
    begun = asyncio.Event()

    async def work(text: str) -> None:
        begun.set()
        await asyncio.sleep(0.1)

    listener = Listener(work)
    async with polling(desk.bot, listener):
        await desk.say(ANNA, "begun")
        await begun.wait()
    assert listener.texts == ["begun"]


async def test_a_conflict_shows_and_ends_when_the_other_one_leaves(desk: TelegramDesk) -> None:
    listener = Listener()
    async with polling(desk.bot, listener) as loop:
        await so(lambda: desk.twin.updates.is_being_read, "polling")
        await desk.call("getUpdates", data={"timeout": 0})
        await so(lambda: loop.state.is_conflict, "the conflict shows")
        assert loop.state.last_error == "TelegramConflictError"
        await desk.say(ANNA, "only me now")
        await listener.heard("only me now")
        assert not loop.state.is_conflict
        assert loop.state.last_error is None


@pytest.mark.parametrize(
    "fault",
    [{"down": True}, {"status": 502}, {"malformed": True}, {"status": 429, "retry_after": 1}],
    ids=["down", "502", "malformed", "429"],
)
async def test_an_outage_shows_and_its_end_is_told(desk: TelegramDesk, fault: Any) -> None:
    away: list[float] = []

    async def returned(away_s: float) -> None:
        away.append(away_s)

    listener = Listener()
    async with polling(desk.bot, listener, on_return=returned) as loop:
        await so(lambda: desk.twin.updates.is_being_read, "polling")
        desk.faults.merge({"telegram": fault})
        desk.twin.updates.release()
        await so(lambda: loop.state.failing_since is not None, "the outage shows")
        assert loop.state.last_error
        await desk.say(ANNA, "meanwhile")
        desk.faults.clear()
        await listener.heard("meanwhile")
        assert loop.state.failing_since is None
    assert len(away) == 1
    assert away[0] > 0
    assert listener.handled == [("meanwhile", False)]


async def test_what_waited_through_a_long_outage_is_late(desk: TelegramDesk) -> None:
    listener = Listener()
    async with polling(desk.bot, listener, late_after_s=0.01) as loop:
        await so(lambda: desk.twin.updates.is_being_read, "polling")
        desk.faults.merge({"telegram": {"down": True}})
        desk.twin.updates.release()
        await so(lambda: loop.state.failing_since is not None, "the outage shows")
        await desk.say(ANNA, "meanwhile")
        desk.faults.clear()
        await listener.heard("meanwhile")
        await so(lambda: loop.state.is_caught_up, "caught up again")
        await desk.say(ANNA, "now")
        await listener.heard("now")
    assert listener.handled == [("meanwhile", True), ("now", False)]


async def test_updates_that_stop_coming_are_noticed_and_their_return_too(
    desk: TelegramDesk, logged: list[Any]
) -> None:
    release = asyncio.Event()

    async def work(text: str) -> None:
        await release.wait()

    listener = Listener(work)
    async with polling(desk.bot, listener, timeout_s=1, watchdog_s=0.1, most_waiting=1) as loop:
        await desk.say(ANNA, "stuck")
        await desk.say(TOM, "behind it")  # waits for room, and polling with it
        await so(lambda: loop.state.is_silent, "the silence shows")
        assert [event["event"] for event in logged] == ["polling_silent"]
        release.set()
        await listener.heard("stuck", "behind it")
        await so(lambda: not loop.state.is_silent, "the silence is over")


async def test_an_idle_chat_is_no_silence(desk: TelegramDesk) -> None:
    async with polling(desk.bot, Listener(), timeout_s=1, watchdog_s=0.5) as loop:
        polls = len(desk.session.requests)
        await so(lambda: len(desk.session.requests) >= polls + 4, "three empty polls")
        assert not loop.state.is_silent


async def test_a_token_that_is_not_valid_stops_the_program(desk: TelegramDesk) -> None:
    session: AiohttpSession = RecordingSession(desk.url)
    stranger = Bot("7000000001:A-TOKEN-that-was-revoked-yesterday-0", session=session)
    with pytest.raises(Fatal, match="BotFather"):
        await Polling(stranger, Listener()).run()
    await session.close()


async def test_only_the_kinds_that_we_handle_are_asked_for(desk: TelegramDesk) -> None:
    async with polling(desk.bot, Listener()) as loop:
        await so(lambda: loop.state.is_caught_up, "caught up")
    assert set(desk.twin.updates.allowed) == {"message", "callback_query", "my_chat_member"}


async def test_taps_and_messages_of_a_person_are_handled_in_their_order(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "menu", reply_markup=None)
    kinds: list[str] = []

    async def handle(update: Update, is_late: bool) -> None:
        if update.message is not None:
            await asyncio.sleep(0.05)
        kinds.append(update.event_type)

    loop = Polling(desk.bot, handle, timeout_s=2)
    running = asyncio.create_task(loop.run())
    await desk.say(ANNA, "first")
    person = {"id": ANNA, "is_bot": False, "first_name": "Anna"}
    query = {
        "id": "1",
        "from": person,
        "chat_instance": "1",
        "data": "x",
        "message": sent.model_dump(mode="json"),
    }
    desk.twin.updates.push("callback_query", query)
    await so(lambda: len(kinds) == 2, "both handled")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert kinds == ["message", "callback_query"]
