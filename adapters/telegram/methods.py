"""The few Bot API methods that we call all the time, reduced to what we say and read.

aiogram's own classes carry every field of the Bot API and validate whole messages in the answers: four
fifths of the cost of a send. These go the same road (session, middlewares, errors); `reply_markup` and
the like are JSON already.
"""

from typing import Any

from aiogram.methods.base import Response, TelegramMethod
from aiogram.types import InputFile, InputMediaPhoto, InputRichMessage
from pydantic import BaseModel


class Sent(BaseModel):
    """What we read of a message that was sent."""

    message_id: int


class RawUpdates(TelegramMethod[list[Any]]):
    """getUpdates whose answer stays raw, so that each update is validated by itself."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int | None = None
    allowed_updates: list[str] | None = None


class SendText(TelegramMethod[Sent]):
    """sendMessage."""

    __returning__ = Sent
    __api_method__ = "sendMessage"

    chat_id: int
    text: str
    parse_mode: str | None
    reply_markup: str | None
    link_preview_options: str
    disable_notification: bool | None


class SendPicture(TelegramMethod[Sent]):
    """sendPhoto."""

    __returning__ = Sent
    __api_method__ = "sendPhoto"

    chat_id: int
    photo: InputFile
    caption: str | None
    parse_mode: str | None
    reply_markup: str | None
    disable_notification: bool | None


class SendFile(TelegramMethod[Sent]):
    """sendDocument."""

    __returning__ = Sent
    __api_method__ = "sendDocument"

    chat_id: int
    document: InputFile
    caption: str | None
    parse_mode: str | None
    reply_markup: str | None
    disable_notification: bool | None


class EditText(TelegramMethod[Any]):
    """editMessageText."""

    __returning__ = Any
    __api_method__ = "editMessageText"

    chat_id: int
    message_id: int
    text: str
    parse_mode: str | None
    reply_markup: str | None
    link_preview_options: str


class EditPicture(TelegramMethod[Any]):
    """editMessageMedia."""

    __returning__ = Any
    __api_method__ = "editMessageMedia"

    chat_id: int
    message_id: int
    media: InputMediaPhoto
    reply_markup: str | None


class SendRich(TelegramMethod[Sent]):
    """sendRichMessage."""

    __returning__ = Sent
    __api_method__ = "sendRichMessage"

    chat_id: int
    rich_message: InputRichMessage
    reply_markup: str | None
    disable_notification: bool | None


class EditRich(TelegramMethod[Any]):
    """editMessageText of a rich message."""

    __returning__ = Any
    __api_method__ = "editMessageText"

    chat_id: int
    message_id: int
    rich_message: InputRichMessage
    reply_markup: str | None


# pydantic builds a generic's class anew whenever nobody holds the last one: a tenth of an answer's cost.
KEPT = (Response[Sent], Response[Any], Response[list[Any]], Response[bool])
