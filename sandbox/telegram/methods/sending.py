"""sendMessage, sendRichMessage, sendPhoto, sendDocument, sendChatAction."""

from typing import Any

from sandbox.telegram.chats import Chat, Message
from sandbox.telegram.entities import FormattedText
from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import StoredFile
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.methods.addressing import (
    find_chat,
    read_caption,
    read_text,
    reply_target,
    writable_chat,
)
from sandbox.telegram.methods.media import stored_file
from sandbox.telegram.methods.rich_message import read_rich
from sandbox.telegram.people import BOT_ID
from sandbox.telegram.requests import Params
from sandbox.telegram.rich.content import RichContent
from sandbox.telegram.twin import Telegram

_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def send_message(twin: Telegram, params: Params) -> dict[str, Any]:
    content = read_text(params)
    return _send(twin, writable_chat(twin, params), params, content)


def send_rich_message(twin: Telegram, params: Params) -> dict[str, Any]:
    chat = writable_chat(twin, params)
    return _send(twin, chat, params, FormattedText(), rich=read_rich(twin, params))


def send_photo(twin: Telegram, params: Params) -> dict[str, Any]:
    caption = read_caption(params)
    chat = writable_chat(twin, params)
    return _send(twin, chat, params, caption, stored_file(twin, params, "photo", params.text("photo")))


def send_document(twin: Telegram, params: Params) -> dict[str, Any]:
    caption = read_caption(params)
    chat = writable_chat(twin, params)
    file = stored_file(twin, params, "document", params.text("document"))
    return _send(twin, chat, params, caption, file)


def send_chat_action(twin: Telegram, params: Params) -> bool:
    action = params.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = find_chat(twin, params)
    twin.tell({"type": "action", "chat": chat.id, "action": action})
    return True


def _send(
    twin: Telegram,
    chat: Chat,
    params: Params,
    content: FormattedText,
    file: StoredFile | None = None,
    rich: RichContent | None = None,
) -> dict[str, Any]:
    markup = read_markup(params)
    message = Message(
        id=twin.chats.next_id(),
        chat_id=chat.id,
        sender=BOT_ID,
        date_ms=twin.wire_ms(),
        content=content,
        file=file,
        rich=rich,
        keyboard=markup.inline,
        reply_to=reply_target(chat, params),
    )
    twin.post(message)
    if markup.reply_keyboard is not None or markup.removes_keyboard:
        twin.set_reply_keyboard(chat, markup.reply_keyboard)
    return twin.api(message)


METHODS = {
    "sendmessage": send_message,
    "sendrichmessage": send_rich_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "sendchataction": send_chat_action,
}
