"""Screens as Telegram messages: every message arrives as some message."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramBadRequest
from aiogram.types import BotCommand as MenuCommand
from aiogram.types import (
    BotCommandScopeChat,
    BotCommandScopeDefault,
    BufferedInputFile,
    InputMediaPhoto,
)

from adapters.telegram import text
from adapters.telegram.json import dumps
from adapters.telegram.keyboards import markup
from adapters.telegram.methods import EditPicture, EditText, SendFile, SendPicture, SendText, Sent
from adapters.telegram.outbound import PRIORITY
from adapters.telegram.refusals import NO_SUCH_MESSAGE, NOT_MODIFIED, says, translated
from adapters.telegram.rich import RichMessages
from ports.errors import Rejected
from ports.messages import CommandMenu, Keyboard, Priority, Screen, SentMessage

log = structlog.get_logger()
T = TypeVar("T")

_NO_PREVIEW = dumps({"is_disabled": True})


class TelegramMessenger:
    """Delivers screens through an aiogram bot whose session carries the outbound middleware."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._rich = RichMessages(bot)

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        """Deliver as one message, or as several where it is too long (the keyboard under the last); in the
        rich form where there is one and Telegram takes it.

        Raises `Gone` when the chat cannot be written to, `Transient` when Telegram is out of reach,
        `Rejected` when it refuses the message itself.
        """
        with _speaking(priority):
            with translated():
                sent = await self._rich.send(chat_id, screen, is_silent=is_silent)
            if sent is None:
                sent = await self._send_classic(chat_id, screen, is_silent)
        return SentMessage(chat_id=chat_id, message_id=sent.message_id)

    async def edit(self, chat_id: int, message_id: int, screen: Screen, *, priority: Priority) -> bool:
        """Replace a message in place; `False` when it is gone, of another kind (text or picture), or cannot
        hold so much text: then it has to be sent. A document is always sent: people keep the one before."""
        if screen.document is not None:
            return False
        with _speaking(priority):
            try:
                with translated():
                    return await self._rich.edit(chat_id, message_id, screen) or await self._edit_classic(
                        chat_id, message_id, screen
                    )
            except Rejected as error:
                if says(str(error), NOT_MODIFIED):
                    return True
                if says(str(error), *NO_SUCH_MESSAGE):
                    return False
                raise

    async def pin(self, chat_id: int, message_id: int) -> None:
        """Pin without a notification; a refusal is only logged, a pin is a comfort."""
        try:
            await self._bot.pin_chat_message(chat_id, message_id, disable_notification=True)
        except (TelegramAPIError, ClientDecodeError) as error:
            log.info("pin_refused", chat=chat_id, error=str(error)[:200])

    async def unpin(self, chat_id: int, message_id: int) -> None:
        """Take a pin away; a refusal (the message is gone) is only logged."""
        try:
            await self._bot.unpin_chat_message(chat_id, message_id=message_id)
        except (TelegramAPIError, ClientDecodeError) as error:
            log.info("unpin_refused", chat=chat_id, error=str(error)[:200])

    async def show_commands(self, menu: CommandMenu) -> bool:
        """Set the client's command menu; whether there is no use in trying again. A refusal is logged."""
        commands = [MenuCommand(command=item.name, description=item.description) for item in menu.commands]
        chat = menu.chat_id
        scope = BotCommandScopeDefault() if chat is None else BotCommandScopeChat(chat_id=chat)
        try:
            await self._bot.set_my_commands(commands, scope=scope, language_code=menu.language)
        except (TelegramAPIError, ClientDecodeError) as error:
            log.warning("command_menu_not_set", error=str(error)[:200])
            return isinstance(error, TelegramBadRequest)  # such as a chat that never wrote to us
        return True

    async def _send_classic(self, chat_id: int, screen: Screen, is_silent: bool) -> Sent:
        if screen.photo is not None or screen.document is not None:
            return await self._send_file(chat_id, screen, is_silent)
        return await self._send_text(chat_id, screen.html, screen.keyboard, is_silent)

    async def _send_text(self, chat_id: int, html: str, keyboard: Keyboard, is_silent: bool) -> Sent:
        parts = text.split(html) or ["…"]
        for part in parts[:-1]:
            await self._send_part(chat_id, part, (), is_silent)
        return await self._send_part(chat_id, parts[-1], keyboard, is_silent)

    async def _send_part(self, chat_id: int, html: str, keyboard: Keyboard, is_silent: bool) -> Sent:
        return await _lenient(
            lambda is_plain: self._bot(
                SendText(
                    chat_id=chat_id,
                    text=text.plain(html) if is_plain else html,
                    parse_mode=None if is_plain else "HTML",
                    reply_markup=markup(keyboard),
                    link_preview_options=_NO_PREVIEW,
                    disable_notification=is_silent or None,
                )
            )
        )

    async def _send_file(self, chat_id: int, screen: Screen, is_silent: bool) -> Sent:
        """A picture or a document; words too long for its caption follow as a message of their own."""
        is_long = not text.fits(screen.html, text.CAPTION_LIMIT)
        sent = await _lenient(
            lambda is_plain: self._bot(_file_of(chat_id, screen, is_long, is_plain, is_silent))
        )
        if is_long:
            return await self._send_text(chat_id, screen.html, screen.keyboard, is_silent)
        return sent

    async def _edit_classic(self, chat_id: int, message_id: int, screen: Screen) -> bool:
        limit = text.TEXT_LIMIT if screen.photo is None else text.CAPTION_LIMIT
        if not text.fits(screen.html, limit):
            return False
        await _lenient(lambda plain: self._edit(chat_id, message_id, screen, is_plain=plain))
        return True

    async def _edit(self, chat_id: int, message_id: int, screen: Screen, *, is_plain: bool) -> object:
        keyboard = markup(screen.keyboard)
        if screen.photo is not None:
            media = InputMediaPhoto(
                media=BufferedInputFile(screen.photo, "chart.png"),
                caption=text.plain(screen.html) if is_plain else screen.html,
                parse_mode=None if is_plain else "HTML",
            )
            return await self._bot(
                EditPicture(chat_id=chat_id, message_id=message_id, media=media, reply_markup=keyboard)
            )
        shown = "".join(text.split(screen.html)) or "…"
        return await self._bot(
            EditText(
                chat_id=chat_id,
                message_id=message_id,
                text=text.plain(shown) if is_plain else shown,
                parse_mode=None if is_plain else "HTML",
                reply_markup=keyboard,
                link_preview_options=_NO_PREVIEW,
            )
        )


def _file_of(
    chat_id: int, screen: Screen, is_long: bool, is_plain: bool, is_silent: bool
) -> SendPicture | SendFile:
    words: dict[str, Any] = {
        "chat_id": chat_id,
        "caption": None if is_long else (text.plain(screen.html) if is_plain else screen.html),
        "parse_mode": None if is_plain else "HTML",
        "reply_markup": None if is_long else markup(screen.keyboard),
        "disable_notification": is_silent or None,
    }
    if screen.document is not None:
        return SendFile(document=BufferedInputFile(screen.document.content, screen.document.name), **words)
    return SendPicture(photo=BufferedInputFile(screen.photo or b"", "chart.png"), **words)


async def _lenient(call: Callable[[bool], Awaitable[T]]) -> T:
    """Call with HTML; with plain text when Telegram cannot parse it. Vendor errors become ours."""
    with translated():
        try:
            return await call(False)
        except TelegramBadRequest as error:
            if "can't parse" not in error.message.lower():
                raise
            log.warning("sent_as_plain_text", error=error.message)
            return await call(True)


@contextmanager
def _speaking(priority: Priority) -> Iterator[None]:
    token = PRIORITY.set(priority)
    try:
        yield
    finally:
        PRIORITY.reset(token)
