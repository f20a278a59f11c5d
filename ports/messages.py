"""What we say: a message as a value, the outbox that keeps it, the messenger that delivers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol


class Style(StrEnum):
    """Colour of a button."""

    PLAIN = "plain"
    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """An inline button: exactly one of `data` (callback, at most 64 bytes), `url`, `copy`."""

    text: str
    data: str | None = None
    url: str | None = None
    copy: str | None = None
    style: Style = Style.PLAIN


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file to hand over."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RichForm:
    """A screen as a rich message: HTML with headings, tables, details and pictures inside the text.

    `photos` are named by the HTML: `<img src="tg://photo?id=equity"/>` shows `photos["equity"]`. `keyboard`
    is under it in place of the screen's, where it differs.
    """

    html: str
    photos: Mapping[str, bytes] = field(default_factory=dict)
    keyboard: Keyboard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a person sees: HTML as Telegram reads it, buttons under it, perhaps a picture or a file (not
    both) above it.

    `rich` says the same to somebody whose client shows rich messages; the rest is sent where Telegram does
    not take it. The outbox does not keep it: pushes are classic.
    """

    html: str
    keyboard: Keyboard = ()
    photo: bytes | None = None
    document: Document | None = None
    rich: RichForm | None = None


class Priority(IntEnum):
    """Order in the outbound queue, most urgent first."""

    KILL = 0
    FILL = 1
    APPROVAL = 2
    ANSWER = 3
    SIGNAL = 4
    DIGEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A push that must not be lost: written to the outbox before it is sent.

    `dedupe` names the event: a second message with the same key is dropped.
    """

    chat_id: int
    screen: Screen
    priority: Priority
    dedupe: str
    created_at: datetime
    expires_at: datetime | None = None
    is_silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """An unsent message in the outbox."""

    id: int
    message: OutboundMessage
    tries: int = 0


class OutboxStore(Protocol):
    """Durable queue of pushes. Photo and document are not kept: pushes carry text and buttons."""

    async def add(self, message: OutboundMessage) -> bool:
        """Store unless its `dedupe` key is known; whether it was stored."""
        ...

    async def unsent(self, *, limit: int = 100) -> Sequence[OutboxRow]:
        """Oldest unsent rows, by priority then age."""
        ...

    async def sent(self, row_id: int, *, message_id: int, at: datetime) -> None: ...

    async def failed(self, row_id: int, *, reason: str) -> None:
        """Count a failed try; the row stays unsent."""
        ...

    async def dropped(self, row_id: int, *, reason: str, at: datetime) -> None:
        """Give up on a row (chat gone, expired); it is kept with its reason."""
        ...

    async def forget_before(self, at: datetime) -> int:
        """Delete sent and dropped rows older than `at`; the number deleted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """Where a message landed."""

    chat_id: int
    message_id: int


class Messenger(Protocol):
    """Delivers screens to chats in order of priority, inside the platform's limits."""

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        """Deliver as some message (see promise 13).

        Raises `ports.errors.Gone` when the chat cannot be written to, `Transient` when Telegram is
        out of reach.
        """
        ...

    async def edit(self, chat_id: int, message_id: int, screen: Screen, *, priority: Priority) -> bool:
        """Replace in place; an identical text counts as done. `False` when there is no such message."""
        ...

    async def pin(self, chat_id: int, message_id: int) -> None: ...

    async def unpin(self, chat_id: int, message_id: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BotCommand:
    """An entry of the client's command menu."""

    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandMenu:
    """The command menu for one language (`None`: all without one of their own), of one chat or of all."""

    language: str | None
    chat_id: int | None = None
    commands: tuple[BotCommand, ...] = field(default=())
