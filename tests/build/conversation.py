"""The desk's way in and out over the Telegram twin: people write and tap, the bot answers over loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiogram import Dispatcher

from adapters.telegram.messenger import TelegramMessenger
from bot.dispatcher import build_dispatcher
from bot.settings import Settings
from bot.switchboard import Switchboard
from ports.people import Person, Role
from sandbox.telegram.callbacks import Answer
from sandbox.telegram.conversation import tap
from sandbox.telegram.people import BOT_USERNAME
from tests.build.people import a_person
from tests.build.screens import ScreenDesk, a_screen_desk
from tests.build.telegram import ANNA, GROUP, TOM, VERA, TelegramDesk, telegram_desk

Message = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A desk whose updates come when the test says so. `desk.clock` begins at real time."""

    telegram: TelegramDesk
    desk: ScreenDesk
    dispatcher: Dispatcher

    async def listen(self, *, is_late: bool = False) -> None:
        """Let the desk handle everything that waits, and its outbox empty."""
        for update in await self.telegram.updates():
            await self.dispatcher.feed_update(self.telegram.bot, update, is_late=is_late)
        await self.desk.services.outbox.deliver()

    async def say(
        self, user: int, text: str, *, chat: int | None = None, is_late: bool = False, after_s: float = 0
    ) -> list[Message]:
        """Write; what the bot says in that chat then. The desk hears it `after_s` later."""
        said = await self.telegram.say(user, text, **({} if chat is None else {"chat": chat}))
        self.desk.clock.move(after_s)
        await self.listen(is_late=is_late)
        return [one for one in await self.heard(said["chat"]) if one["id"] > said["id"]]

    async def tap(
        self, user: int, message: Message, button: str, *, is_late: bool = False, wait_s: float = 5.0
    ) -> Answer | None:
        """Press a button; the toast, `None` when there came none."""
        person = self.telegram.twin.people.get(user)
        assert person is not None
        pressing = asyncio.create_task(
            tap(
                self.telegram.twin,
                person,
                chat_id=message["chat"],
                message_id=message["id"],
                button=button,
                wait_s=wait_s,
            )
        )
        await asyncio.sleep(0)
        await self.listen(is_late=is_late)
        return await pressing

    async def heard(self, chat: int) -> list[Message]:
        """Everything of the bot in a chat."""
        return [one for one in await self.telegram.messages(chat) if one["sender"] == "bot"]


def _residents() -> tuple[Person, ...]:
    roles = {ANNA: ("Anna", Role.ADMIN), TOM: ("Tom", Role.TRADER), VERA: ("Vera", Role.VIEWER)}
    return tuple(
        a_person(number, name=name, role=role, is_onboarded=True) for number, (name, role) in roles.items()
    )


@asynccontextmanager
async def a_conversation(
    *people: Person, admin_chat: int | None = GROUP, settings: Settings | None = None
) -> AsyncIterator[Conversation]:
    """A desk that knows Anna, Tom and Vera, unless other people are given, and not Sam."""
    async with telegram_desk() as telegram:
        messenger = TelegramMessenger(telegram.bot)
        desk = await a_screen_desk(
            *(people or _residents()), through=messenger, now=datetime.now(UTC), admin_chat=admin_chat
        )
        switchboard = Switchboard(desk.services, messenger, telegram.bot, BOT_USERNAME)
        dispatcher = build_dispatcher(switchboard, settings or Settings())
        yield Conversation(telegram=telegram, desk=desk, dispatcher=dispatcher)
