"""A Telegram twin on a loopback port, with a real aiogram bot beside it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from aiohttp import FormData, web

from sandbox.faults import Faults, faults_middleware
from sandbox.telegram.control import PeopleControl
from sandbox.telegram.keep import Keep
from sandbox.telegram.people import BOT_TOKEN
from sandbox.telegram.routes import telegram_routes
from sandbox.telegram.twin import Telegram

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x40\x00\x00\x00\x30\x08\x02\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00IEND\xaeB`\x82"
)
"""The header of a 64 x 48 picture: enough for Telegram's measurements."""

ANNA, TOM, VERA, SAM, GROUP = 1001, 1002, 1003, 1004, -1_001_000_000_001


class RecordingSession(AiohttpSession):
    """aiogram's session, remembering every request's fields and closing without a pause."""

    def __init__(self, base_url: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(base_url))
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> FormData:
        form = super().build_form_data(bot, method)
        fields = {options["name"]: value for options, _, value in form._fields}
        self.requests.append((method.__api_method__, fields))
        return form

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@dataclass
class Watching:
    """A page that watches: every event it was told."""

    events: list[dict[str, Any]] = field(default_factory=list)
    is_listening: bool = True

    def tell(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]


@dataclass
class TelegramDesk:
    """A running twin: the bot, and the control API for people."""

    twin: Telegram
    bot: Bot
    session: RecordingSession
    faults: Faults
    audience: Watching
    url: str
    http: aiohttp.ClientSession

    async def post(self, path: str, **body: Any) -> tuple[int, Any]:
        """POST to the control API: status and JSON."""
        async with self.http.post(f"{self.url}/control{path}", json=body) as response:
            return response.status, await response.json()

    async def messages(self, chat: int, after: int = 0) -> list[dict[str, Any]]:
        """The chat as the control API shows it."""
        async with self.http.get(f"{self.url}/control/chats/{chat}/messages?after={after}") as response:
            shown: list[dict[str, Any]] = await response.json()
            return shown

    async def say(self, user: str | int, text: str, **fields: Any) -> dict[str, Any]:
        """A person writes; the message."""
        status, body = await self.post(f"/users/{user}/messages", text=text, **fields)
        assert status == 200, body
        message: dict[str, Any] = body["message"]
        return message

    async def updates(self) -> list[Update]:
        """What the bot finds now, confirmed at once."""
        found = await self.bot.get_updates()
        if found:
            await self.bot.get_updates(offset=found[-1].update_id + 1, timeout=0)
        return found

    async def call(self, method: str, token: str = BOT_TOKEN, **request: Any) -> tuple[int, dict[str, Any]]:
        """A raw Bot API request: status and JSON."""
        async with self.http.post(f"{self.url}/bot{token}/{method}", **request) as response:
            return response.status, await response.json()


@asynccontextmanager
async def telegram_desk(keep: Keep | None = None) -> AsyncIterator[TelegramDesk]:
    """Serve a twin on a free port. Anna has started the bot already."""
    audience, faults = Watching(), Faults()
    twin = Telegram(
        audience=audience, wire_ms=lambda: int(time.time() * 1000), monotonic_s=time.monotonic, keep=keep
    )
    anna = twin.people.get(ANNA)
    assert anna is not None
    anna.has_started = True
    app = web.Application(middlewares=[faults_middleware(faults)])
    app.add_routes([*telegram_routes(twin), *PeopleControl(twin).routes()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    session = RecordingSession(url)
    bot = Bot(BOT_TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    try:
        async with aiohttp.ClientSession() as http:
            yield TelegramDesk(twin, bot, session, faults, audience, url, http)
    finally:
        await session.close()
        twin.release()
        await runner.cleanup()
