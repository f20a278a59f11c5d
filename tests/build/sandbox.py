"""The whole sandbox on loopback and a hand on its controls: people who write and tap, faults, the clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from sandbox.server import serve
from sandbox.telegram.chats import ADMIN_CHAT_ID
from sandbox.world import DEFAULT_SEED, World, WorldOptions, build_world
from tests.build.origins import made_up_market

T = TypeVar("T")
Message = dict[str, Any]

PATIENCE_S = 60.0
ADMIN_CHAT = ADMIN_CHAT_ID
ANNA, TOM, VERA, SAM = 1001, 1002, 1003, 1004


async def until(look: Callable[[], Awaitable[T | None]], what: str, *, within_s: float = PATIENCE_S) -> T:
    """The first true answer of `look`, asked again and again; fails with `what` at the deadline."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        seen = await look()
        if seen:
            return seen
        assert asyncio.get_running_loop().time() < deadline, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(0.03)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running sandbox, driven through its control API. A chat's id is its person's."""

    url: str
    folder: Path
    world: World
    http: aiohttp.ClientSession

    async def say(self, user: int, text: str, *, chat: int | None = None) -> Message:
        """Write a message; as it stands in the chat."""
        body = {"text": text} if chat is None else {"text": text, "chat": chat}
        answer = await self.control("POST", f"users/{user}/messages", body)
        return dict(answer["message"])

    async def tap(
        self, user: int, message: Message, button: str, *, wait_s: float = 5.0
    ) -> dict[str, Any] | None:
        """Press a button, found by its data or its text; the bot's toast."""
        body = {"chat": message["chat"], "message": message["id"], "button": button, "wait_s": wait_s}
        answer = await self.control("POST", f"users/{user}/taps", body)
        return answer["answer"] if answer["answer"] is None else dict(answer["answer"])

    async def ask(self, user: int, text: str, *, chat: int | None = None) -> Message:
        """Write, and wait for the bot's next message in that chat."""
        said = await self.say(user, text, chat=chat)
        return await self.next_from_bot(said["chat"], after=said["id"], what=f"an answer to {text[:80]!r}")

    async def next_from_bot(
        self,
        chat: int,
        *,
        after: int = 0,
        having: str = "",
        what: str | None = None,
        within_s: float = PATIENCE_S,
    ) -> Message:
        """The first message of the bot in `chat` later than `after` and with `having` in its text."""

        async def look() -> Message | None:
            found = await self.from_bot(chat, after=after)
            return next((message for message in found if having in message["text"]), None)

        return await until(look, what or f"a message with {having!r} in {chat}", within_s=within_s)

    async def edited(self, message: Message, having: str, *, within_s: float = PATIENCE_S) -> Message:
        """The message once its text has `having`."""

        async def look() -> Message | None:
            now = await self.message(message)
            return now if now is not None and having in now["text"] else None

        return await until(look, f"{having!r} in message {message['id']}", within_s=within_s)

    async def messages(self, chat: int, *, after: int = 0) -> list[Message]:
        """Everything in a chat later than a message."""
        return list(await self.control("GET", f"chats/{chat}/messages?after={after}"))

    async def from_bot(self, chat: int, *, after: int = 0) -> list[Message]:
        """What the bot wrote."""
        return [one for one in await self.messages(chat, after=after) if one["sender"] == "bot"]

    async def message(self, message: Message) -> Message | None:
        """A message as it is now; `None` when it is gone."""
        now = await self.messages(message["chat"], after=message["id"] - 1)
        return next((one for one in now if one["id"] == message["id"]), None)

    async def pinned(self, chat: int) -> Message | None:
        """The pinned message of a chat."""
        chats = (await self.control("GET", "state"))["chats"]
        number = next(one["pinned"] for one in chats if one["id"] == chat)
        return None if number is None else await self.message({"chat": chat, "id": number})

    async def add_person(self, name: str) -> int:
        """Somebody new, whom the desk does not know; the id."""
        return int((await self.control("POST", "users", {"name": name}))["id"])

    async def block(self, user: int, *, blocked: bool = True) -> None:
        """Block or unblock the bot."""
        await self.control("POST", f"users/{user}/block", {"blocked": blocked})

    async def break_(self, **faults: dict[str, Any]) -> None:
        """Inject faults by service, as `POST /control/faults` has them."""
        await self.control("POST", "faults", faults)

    async def heal(self) -> None:
        """End all faults."""
        await self.control("DELETE", "faults")

    async def advance(self, seconds: float) -> int:
        """Let market time jump; market time then, in milliseconds."""
        return int((await self.control("POST", "clock", {"advance_s": seconds}))["market_ms"])

    async def set_speed(self, speed: float) -> None:
        """Market seconds a real second."""
        await self.control("POST", "clock", {"speed": speed})

    async def photo(self, message: Message) -> bytes:
        """The bytes of a message's picture."""
        async with self.http.get(self.url + str(message["photo"])) as response:
            assert response.status == 200
            return await response.read()

    async def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A request to the control API that must succeed."""
        async with self.http.request(method, f"{self.url}/control/{path}", json=body) as response:
            answer = await response.json()
            assert response.status == 200, f"{method} {path}: {answer}"
            return answer


def a_world(options: WorldOptions) -> World:
    """A world, its market shared with others where it is made up and begins where all do."""
    if options.replay or options.start or options.state:
        return build_world(options)
    return build_world(options, made_up_market(DEFAULT_SEED if options.seed is None else options.seed))


@asynccontextmanager
async def running_sandbox(folder: Path, options: WorldOptions) -> AsyncIterator[Sandbox]:
    """The world alone, without a desk. `folder` is for whatever the desk will keep."""
    world = a_world(options)
    runner, url = await serve(world, 0)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield Sandbox(url=url, folder=folder, world=world, http=http)
    finally:
        await runner.cleanup()


async def onboard(sandbox: Sandbox, user: int, language: str = "English") -> Message:
    """Let a person answer the first two questions; the pinned cockpit."""
    question = await sandbox.ask(user, "/start")
    await sandbox.tap(user, question, language)
    await until(lambda: _offers(sandbox, question, "on:risk:balanced"), "the question about risk")
    await sandbox.tap(user, question, "on:risk:balanced")
    return await until(lambda: sandbox.pinned(user), "a pinned cockpit")


async def _offers(sandbox: Sandbox, message: Message, data: str) -> bool:
    now = await sandbox.message(message)
    return now is not None and any(button["data"] == data for row in now["buttons"] for button in row)
