"""What every update passes before its handler: trace, the door, the brake, the language."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.types import Chat, TelegramObject, Update, User

from bot.taps import acknowledge
from engines.core.bucket import Bucket
from handlers.errors import explained
from handlers.people import tell_admins
from handlers.start import start
from handlers.ui.request import Request, Services
from ports.errors import DeskError, Refused
from ports.messages import Messenger, Priority, Screen
from ports.people import Person, Role
from services.speech import Speech, language_of

log = structlog.get_logger()
Next = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Trace(BaseMiddleware):
    """Binds the update's id to every log line of its handling."""

    async def __call__(self, handler: Next, event: TelegramObject, data: dict[str, Any]) -> Any:
        if isinstance(event, Update):
            structlog.contextvars.bind_contextvars(update=event.update_id)
        try:
            return await handler(event, data)
        finally:
            structlog.contextvars.unbind_contextvars("update")


@dataclass(slots=True)
class Door(BaseMiddleware):
    """Deny by default: only known people, only in their own chat or the admin chat.

    Strangers get silence and, unless they speak in a foreign group, the admins one notice; a stranger's
    /claim is heard while one is open.
    """

    services: Services
    messenger: Messenger
    bot: Bot
    default_language: str = "en"
    notices: Bucket = field(default_factory=lambda: Bucket(rate=20 / 3600, burst=20, tokens=20, at=0.0))
    monotonic: Callable[[], float] = time.monotonic

    async def __call__(self, handler: Next, event: TelegramObject, data: dict[str, Any]) -> Any:
        user, chat = data.get("event_from_user"), data.get("event_chat")
        if not isinstance(event, Update) or user is None or chat is None or user.is_bot:
            return None
        language = language_of(user.language_code, self.default_language)
        person = await self.services.people.arrive(user.id, user.full_name, language)
        if person is None:
            await self._stranger(event, user, chat, language)
            return None
        if person.role is Role.BLOCKED:
            return None
        if chat.id not in (user.id, self.services.admin_chat):
            await self._elsewhere(event, person)
            return None
        data["person"] = person
        data["say"] = self.services.rendering.speech(person.language, person.zone)
        return await handler(event, data)

    async def _stranger(self, event: Update, user: User, chat: Chat, language: str) -> None:
        if event.message is not None and chat.id == user.id:
            words = (event.message.text or "").split()
            is_claim = bool(words) and words[0].lower() == "/claim"
            if is_claim and await self._claim(user, language, " ".join(words[1:])):
                return
        # Anybody may put the bot into a group: its members would use up the notices of those who write to us.
        is_foreign = chat.type != "private" and chat.id != self.services.admin_chat
        if event.my_chat_member is not None or is_foreign:
            return
        if self.notices.wait_s(self.monotonic()) > 0:
            return
        self.notices.take()  # before others are served, and back when there was nothing to tell
        is_new = await tell_admins(
            self.services,
            person_id=user.id,
            name=user.full_name,
            username=user.username or "",
            language=language,
        )
        if not is_new:
            self.notices.give_back()

    async def _claim(self, user: User, language: str, code: str) -> bool:
        """Whether there was something to claim: then the stranger was answered."""
        say = self.services.rendering.speech(language)
        try:
            person = await self.services.people.claim(user.id, user.full_name, language, code)
        except Refused as error:
            await self._say(user.id, explained(error, say, command="claim"))
            return True
        if person is None:
            return False
        log.info("desk_claimed", person=person.id)
        await self._say(user.id, Screen(html=say.render("claimed.html")))
        first = await start(Request(services=self.services, person=person, say=say, chat_id=person.id))
        if first is not None:
            await self._say(user.id, first)
        return True

    async def _elsewhere(self, event: Update, person: Person) -> None:
        """A known person in a chat that is not theirs: a foreign group, or a forwarded button."""
        if event.callback_query is None:
            return
        say = self.services.rendering.speech(person.language)
        await acknowledge(self.bot, event.callback_query, say("This button is not for you."), is_alert=True)

    async def _say(self, chat_id: int, screen: Screen) -> None:
        try:
            await self.messenger.send(chat_id, screen, priority=Priority.ANSWER)
        except DeskError as error:
            log.warning("answer_lost", chat=chat_id, error=str(error))


@dataclass(slots=True)
class _Pace:
    bucket: Bucket
    is_warned: bool = False


@dataclass(slots=True)
class Brake(BaseMiddleware):
    """Slows down floods of one person: one warning, then silence until they calm down. What `passes` is
    never held up when an admin says it."""

    messenger: Messenger
    per_s: float = 3.0
    burst: int = 20
    most_people: int = 10_000
    monotonic: Callable[[], float] = time.monotonic
    passes: Callable[[Update], bool] = lambda update: False
    _paces: dict[int, _Pace] = field(default_factory=dict)

    async def __call__(self, handler: Next, event: TelegramObject, data: dict[str, Any]) -> Any:
        person: Person = data["person"]
        if isinstance(event, Update) and person.role is Role.ADMIN and self.passes(event):
            return await handler(event, data)
        pace = self._pace(person.id)
        wait_s = pace.bucket.wait_s(self.monotonic())
        if wait_s <= 0:
            pace.bucket.take()
            if pace.bucket.tokens >= self.burst / 2:
                pace.is_warned = False
            return await handler(event, data)
        if isinstance(event, Update) and event.callback_query is not None:
            await acknowledge(data["bot"], event.callback_query, data["say"]("Too fast."))
        if not pace.is_warned:
            pace.is_warned = True
            await self._warn(person, data["say"])
        return None

    def _pace(self, person_id: int) -> _Pace:
        pace = self._paces.get(person_id)
        if pace is None:
            if len(self._paces) >= self.most_people:
                self._paces.clear()
            bucket = Bucket(self.per_s, self.burst, self.burst, self.monotonic())
            pace = self._paces[person_id] = _Pace(bucket)
        return pace

    async def _warn(self, person: Person, say: Speech) -> None:
        seconds = max(1, round(self.burst / 2 / self.per_s))
        try:
            screen = Screen(html=say.render("too_fast.html", seconds=seconds))
            await self.messenger.send(person.id, screen, priority=Priority.ANSWER)
        except DeskError as error:
            log.warning("answer_lost", chat=person.id, error=str(error))
