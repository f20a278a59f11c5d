"""Chats and their messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.telegram.entities import Entity, FormattedText
from sandbox.telegram.files import StoredFile
from sandbox.telegram.keep import Keep
from sandbox.telegram.keyboards import Rows
from sandbox.telegram.people import BOT_ID, Person
from sandbox.telegram.rich.content import RichContent

ADMIN_CHAT_ID = -1_001_000_000_001
MAX_KEPT_MESSAGES = 10_000


@dataclass(slots=True)
class Message:
    """One message. `sender` is a person's id or the bot's; times are real time in milliseconds.

    `file` is the photo or document above the text, which then is its caption. `rich` stands in place of a
    text. `service` names an event
    shown in place of a text (`"joined"`, `"left"`).
    """

    id: int
    chat_id: int
    sender: int
    date_ms: int
    content: FormattedText = field(default_factory=FormattedText)
    file: StoredFile | None = None
    keyboard: Rows | None = None
    reply_to: int | None = None
    edits: int = 0
    edited_ms: int | None = None
    service: str | None = None
    rich: RichContent | None = None

    @property
    def is_from_bot(self) -> bool:
        return self.sender == BOT_ID


@dataclass(slots=True)
class Chat:
    """A private chat (its id is the person's) or the admin group.

    `members` are people's ids; the bot is in every chat. `pinned` are message ids, the latest last.
    """

    id: int
    title: str
    members: list[int]
    pinned: list[int] = field(default_factory=list)
    reply_keyboard: Rows | None = None
    messages: dict[int, Message] = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        return self.id > 0

    @property
    def kind(self) -> str:
        return "private" if self.is_private else "supergroup"


class Chats:
    """All chats with their messages. Message ids rise over the whole world.

    A chat keeps its last `max_messages`.
    """

    def __init__(self, keep: Keep) -> None:
        self.max_messages = MAX_KEPT_MESSAGES
        self._keep = keep
        self._chats: dict[int, Chat] = {}
        self._last_id = 0
        chats = [Chat(**orjson.loads(body)) for _, body in keep.load("chat")]
        for chat in sorted(chats, key=lambda chat: not chat.is_private):
            self._chats[chat.id] = chat
        for _, body in keep.load("message"):
            message = _restored(orjson.loads(body))
            self._last_id = max(self._last_id, message.id)
            if (home := self._chats.get(message.chat_id)) is not None:
                home.messages[message.id] = message
        for _, body in keep.load("counter"):
            self._last_id = max(self._last_id, orjson.loads(body))

    def __iter__(self) -> Iterator[Chat]:
        return iter(self._chats.values())

    def get(self, chat_id: int) -> Chat | None:
        return self._chats.get(chat_id)

    def open_private(self, person: Person) -> Chat:
        """The private chat of a person, made when it is new."""
        chat = self._chats.get(person.id)
        if chat is None:
            chat = self._chats[person.id] = Chat(person.id, person.name, [person.id])
            self.keep(chat)
        return chat

    def open_group(self, chat_id: int, title: str, members: list[int]) -> Chat:
        """A group, made when it is new."""
        chat = self._chats.get(chat_id)
        if chat is None:
            chat = self._chats[chat_id] = Chat(chat_id, title, members)
            self.keep(chat)
        return chat

    def next_id(self) -> int:
        """The id for a new message."""
        self._last_id += 1
        return self._last_id

    def put(self, message: Message) -> None:
        """Store a new or changed message."""
        chat = self._chats[message.chat_id]
        chat.messages[message.id] = message
        self._keep.put("message", message.id, message)
        if len(chat.messages) > self.max_messages:
            self.drop(chat, next(iter(chat.messages)))

    def drop(self, chat: Chat, message_id: int) -> None:
        """Forget a message, with its pin."""
        del chat.messages[message_id]
        self._keep.put("counter", "message", self._last_id)
        self._keep.drop("message", message_id)
        if message_id in chat.pinned:
            chat.pinned.remove(message_id)
            self.keep(chat)

    def keep(self, chat: Chat) -> None:
        """Write a chat's own facts (members, pins, reply keyboard)."""
        record = {
            "id": chat.id,
            "title": chat.title,
            "members": chat.members,
            "pinned": chat.pinned,
            "reply_keyboard": chat.reply_keyboard,
        }
        self._keep.put("chat", chat.id, record)


def _restored(record: dict[str, Any]) -> Message:
    content, file = record["content"], record["file"]
    record["content"] = FormattedText(content["text"], tuple(Entity(**e) for e in content["entities"]))
    record["file"] = StoredFile(**file) if file else None
    record["rich"] = RichContent(**rich) if (rich := record.get("rich")) else None
    return Message(**record)
