"""editMessageText, editMessageCaption, editMessageMedia, editMessageReplyMarkup, deleteMessage(s)."""

from dataclasses import dataclass
from typing import Any

from sandbox.telegram.chats import Message
from sandbox.telegram.entities import FormattedText
from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import StoredFile
from sandbox.telegram.keyboards import Rows, read_inline
from sandbox.telegram.methods.addressing import (
    find_chat,
    message_id,
    own_message,
    read_caption,
    read_text,
)
from sandbox.telegram.methods.media import stored_file
from sandbox.telegram.methods.rich_message import read_rich
from sandbox.telegram.requests import Params
from sandbox.telegram.rich.content import RichContent
from sandbox.telegram.twin import Telegram

MAX_DELETED = 100


@dataclass(frozen=True, slots=True)
class _Look:
    """What an edit may change, for telling whether it did."""

    content: FormattedText
    file: StoredFile | None
    keyboard: Rows | None
    rich: RichContent | None = None


def edit_text(twin: Telegram, params: Params) -> dict[str, Any]:
    is_rich = params.has("rich_message")
    content = FormattedText() if is_rich else read_text(params)
    _, message = own_message(twin, params)
    if message.file is not None:
        raise bad_request("there is no text in the message to edit")
    rich = read_rich(twin, params) if is_rich else None
    return _revise(twin, message, _Look(content, None, read_inline(params), rich))


def edit_caption(twin: Telegram, params: Params) -> dict[str, Any]:
    caption = read_caption(params)
    _, message = own_message(twin, params)
    if message.file is None:
        raise bad_request("there is no caption in the message to edit")
    return _revise(twin, message, _Look(caption, message.file, read_inline(params)))


def edit_media(twin: Telegram, params: Params) -> dict[str, Any]:
    media = params.json("media", "can't parse input media JSON object")
    if not isinstance(media, dict):
        raise bad_request("input media is not specified")
    _, message = own_message(twin, params)
    kind = media.get("type")
    if kind not in ("photo", "document"):
        raise bad_request(f"type {kind} is not supported by the sandbox")
    caption = read_caption(Params(media))
    file = stored_file(twin, params, kind, str(media.get("media") or ""))
    return _revise(twin, message, _Look(caption, file, read_inline(params)))


def edit_markup(twin: Telegram, params: Params) -> dict[str, Any]:
    _, message = own_message(twin, params)
    return _revise(twin, message, _Look(message.content, message.file, read_inline(params), message.rich))


def _revise(twin: Telegram, message: Message, look: _Look) -> dict[str, Any]:
    if look == _Look(message.content, message.file, message.keyboard, message.rich):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    message.content, message.file, message.keyboard = look.content, look.file, look.keyboard
    message.rich = look.rich
    twin.revise(message)
    return twin.api(message)


def delete_message(twin: Telegram, params: Params) -> bool:
    chat = find_chat(twin, params)
    identifier = message_id(params)
    if identifier not in chat.messages:
        raise bad_request("message to delete not found")
    twin.remove(chat, identifier)
    return True


def delete_messages(twin: Telegram, params: Params) -> bool:
    chat = find_chat(twin, params)
    identifiers = params.json("message_ids", "can't parse message identifiers JSON array")
    if not isinstance(identifiers, list) or not all(isinstance(one, int) for one in identifiers):
        raise bad_request("can't parse message identifiers JSON array")
    if not identifiers:
        raise bad_request("message identifiers are not specified")
    if len(identifiers) > MAX_DELETED:
        raise bad_request("too many message identifiers specified")
    for identifier in identifiers:
        if identifier in chat.messages:
            twin.remove(chat, identifier)
    return True


METHODS = {
    "editmessagetext": edit_text,
    "editmessagecaption": edit_caption,
    "editmessagemedia": edit_media,
    "editmessagereplymarkup": edit_markup,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
}
