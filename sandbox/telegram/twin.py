"""The Telegram twin: everything Telegram would know, and the ways it changes."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from sandbox.telegram.callbacks import Callbacks
from sandbox.telegram.chats import ADMIN_CHAT_ID, Chat, Chats, Message
from sandbox.telegram.files import Files
from sandbox.telegram.keep import ForgetfulKeep, Keep
from sandbox.telegram.keyboards import Rows
from sandbox.telegram.limits import Limits
from sandbox.telegram.people import BOT_NAME, BOT_USERNAME, People, Person, residents
from sandbox.telegram.profile import BotProfile
from sandbox.telegram.updates import UpdateQueue
from sandbox.telegram.view import message_view
from sandbox.telegram.wire import message_api

POLLING_GRACE_MS = 15_000


class Audience(Protocol):
    """Who watches the chats live (the chat page)."""

    @property
    def is_listening(self) -> bool:
        """Whether anybody would see an event; when not, none needs to be built."""
        ...

    def tell(self, event: dict[str, Any]) -> None: ...


class Telegram:
    """State of the twin. Methods of the Bot API and people's actions both go through here.

    `wire_ms` yields Unix milliseconds and `monotonic_s` steady seconds, both real time.
    """

    def __init__(
        self,
        *,
        audience: Audience,
        wire_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        keep: Keep | None = None,
    ) -> None:
        self.wire_ms = wire_ms
        self._keep = keep or ForgetfulKeep()
        self.people = People([*residents(), *_kept_people(self._keep)])
        self.chats = Chats(self._keep)
        self.updates = UpdateQueue(self._keep)
        self.files = Files(self._keep)
        self.limits = Limits(monotonic_s)
        self.profile = BotProfile(self._keep)
        self.callbacks = Callbacks(wire_ms, self.updates.waiting())
        self.polling_started = asyncio.Event()
        self._polled_ms = 0
        self._audience = audience
        for person in self.people:
            self.chats.open_private(person)
        self.chats.open_group(ADMIN_CHAT_ID, "Desk admins", [1001, 1002])

    @property
    def is_polling(self) -> bool:
        """Whether a bot reads updates: it waits for some now, or did a moment ago."""
        return self.updates.is_being_read or self.wire_ms() - self._polled_ms < POLLING_GRACE_MS

    def note_poll(self) -> None:
        """The bot asked for updates."""
        self._polled_ms = self.wire_ms()
        self.polling_started.set()

    def keep_person(self, person: Person) -> None:
        """Store a new or changed person and open the private chat."""
        self.people.add(person)
        self.chats.open_private(person)
        self._keep.put("person", person.id, person)

    def post(self, message: Message) -> None:
        """A new message appears in its chat."""
        self.chats.put(message)
        self._tell_message("message", message)

    def revise(self, message: Message) -> None:
        """The bot changed a message of its own."""
        message.edits += 1
        message.edited_ms = self.wire_ms()
        self.chats.put(message)
        self._tell_message("edit", message)

    def remove(self, chat: Chat, message_id: int) -> None:
        """A message vanishes."""
        was_pinned = message_id in chat.pinned
        self.chats.drop(chat, message_id)
        self.tell({"type": "delete", "chat": chat.id, "id": message_id})
        if was_pinned:
            self.tell_pin(chat)

    def set_reply_keyboard(self, chat: Chat, rows: Rows | None) -> None:
        """The keyboard below a chat's input changes; `None` takes it away."""
        chat.reply_keyboard = rows
        self.chats.keep(chat)
        self.tell({"type": "reply_keyboard", "chat": chat.id, "keyboard": rows})

    def tell_pin(self, chat: Chat) -> None:
        """The pinned message of a chat changed."""
        self.tell({"type": "pin", "chat": chat.id, "message": chat.pinned[-1] if chat.pinned else None})

    def tell(self, event: dict[str, Any]) -> None:
        """Show an event of the page stream to whoever watches."""
        if self._audience.is_listening:
            self._audience.tell(event)

    def api(self, message: Message) -> dict[str, Any]:
        """The Bot API's `Message`."""
        return message_api(message, self.chats, self.people)

    def view(self, message: Message) -> dict[str, Any]:
        """The control API's message object."""
        chat = self.chats.get(message.chat_id)
        assert chat is not None  # messages live in chats
        return message_view(message, chat, self.people)

    def bot_view(self) -> dict[str, Any]:
        """The bot as the control API shows it."""
        return {
            "username": BOT_USERNAME,
            "name": BOT_NAME,
            "commands": self.profile.command_lists(),
            "is_polling": self.is_polling,
        }

    def release(self) -> None:
        """Let waiting readers and tappers go: the world is about to end."""
        self.updates.release()
        self.callbacks.release()

    def _tell_message(self, kind: str, message: Message) -> None:
        if self._audience.is_listening:
            self._audience.tell({"type": kind, "message": self.view(message)})


def _kept_people(keep: Keep) -> list[Person]:
    return [Person(**orjson.loads(body)) for _, body in keep.load("person")]
