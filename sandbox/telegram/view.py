"""A message as the control API and the chat page see it."""

from typing import Any

from sandbox.telegram.chats import Chat, Message
from sandbox.telegram.html_writer import write_html
from sandbox.telegram.people import BOT_NAME, People
from sandbox.telegram.rich.content import RichContent

FILES_PATH = "/control/files/"


def message_view(message: Message, chat: Chat, people: People) -> dict[str, Any]:
    """The message object of `docs/sandbox.md`."""
    file = message.file
    document = file if file and not file.is_photo else None
    return {
        "id": message.id,
        "chat": message.chat_id,
        "sender": "bot" if message.is_from_bot else message.sender,
        "sender_name": sender_name(message, people),
        "date_ms": message.date_ms,
        "text": message.content.text if message.rich is None else message.rich.text(),
        "html": write_html(message.content),
        "rich": _rich(message.rich) if message.rich else None,
        "buttons": [[_button(button) for button in row] for row in message.keyboard or ()],
        "photo": f"{FILES_PATH}{file.path}" if file and file.is_photo else None,
        "document": f"{FILES_PATH}{document.path}" if document else None,
        "document_name": document.name if document else None,
        "document_size": document.size if document else None,
        "edits": message.edits,
        "edited_ms": message.edited_ms,
        "reply_to": message.reply_to,
        "pinned": message.id in chat.pinned,
        "service": message.service,
    }


def sender_name(message: Message, people: People) -> str:
    """Who wrote it, by name."""
    if message.is_from_bot:
        return BOT_NAME
    person = people.get(message.sender)
    return person.name if person else str(message.sender)


def _rich(rich: RichContent) -> dict[str, Any]:
    """The blocks, and where the page finds their pictures, by the id of the file."""
    return {**rich.api(), "photos": {file_id: f"{FILES_PATH}{path}" for file_id, path in rich.photos.items()}}


def _button(button: dict[str, Any]) -> dict[str, Any]:
    copied = button.get("copy_text")
    return {
        "text": button["text"],
        "data": button.get("callback_data"),
        "url": button.get("url"),
        "copy": copied["text"] if copied else None,
        "style": button.get("style"),
    }
