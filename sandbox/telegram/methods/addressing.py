"""Which chat, message and text a request means, with Telegram's refusals."""

import re

from sandbox.telegram.chats import Chat, Message
from sandbox.telegram.detection import detect
from sandbox.telegram.entities import Entity, FormattedText, clean, tidy, utf16_length
from sandbox.telegram.errors import bad_request, forbidden
from sandbox.telegram.html_reader import read_html
from sandbox.telegram.requests import Params
from sandbox.telegram.twin import Telegram

MAX_TEXT = 4096
MAX_CAPTION = 1024
_ID = re.compile(r"-?[0-9]{1,16}")
_ENTITY_ARGUMENTS = ("url", "language", "custom_emoji_id")


def find_chat(twin: Telegram, params: Params, name: str = "chat_id") -> Chat:
    """The chat named by a parameter. Raises 400 when there is none."""
    value = params.text(name).strip()
    if not value:
        raise bad_request("chat_id is empty")
    chat = twin.chats.get(int(value)) if _ID.fullmatch(value) else None
    if chat is None:
        raise bad_request("chat not found")
    return chat


def writable_chat(twin: Telegram, params: Params) -> Chat:
    """The chat a bot may write to. Raises 400, 403 (blocked, never started) or 429."""
    chat = find_chat(twin, params)
    if chat.is_private:
        person = twin.people.get(chat.id)
        if person is not None and person.has_blocked:
            raise forbidden("bot was blocked by the user")
        if person is not None and not person.has_started:
            raise forbidden("bot can't initiate conversation with a user")
    twin.limits.spend(chat.id)
    return chat


def own_message(twin: Telegram, params: Params) -> tuple[Chat, Message]:
    """The bot's message an edit means."""
    if params.has("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = find_chat(twin, params)
    message = chat.messages.get(message_id(params))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.is_from_bot:
        raise bad_request("message can't be edited")
    twin.limits.spend(chat.id)
    return chat, message


def message_id(params: Params) -> int:
    """The `message_id` parameter. Raises 400 when it is absent."""
    identifier = params.integer("message_id")
    if identifier is None:
        raise bad_request("message identifier is not specified")
    return identifier


def reply_target(chat: Chat, params: Params) -> int | None:
    """The message replied to; `None` without one, or when it is gone and that is allowed."""
    body = params.json("reply_parameters", "can't parse reply parameters JSON object")
    if body is None:
        return None
    wanted = body.get("message_id") if isinstance(body, dict) else None
    if not isinstance(wanted, int):
        raise bad_request("can't parse reply parameters: Can't find field \"message_id\"")
    if wanted in chat.messages:
        return wanted
    if body.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def read_text(params: Params) -> FormattedText:
    """The `text` parameter with its formatting. Raises 400 when empty or too long."""
    content = read_formatted(params, "text", "entities")
    if not content.text:
        raise bad_request("message text is empty")
    if utf16_length(content.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return content


def read_caption(params: Params) -> FormattedText:
    """The `caption` parameter with its formatting; may be empty."""
    content = read_formatted(params, "caption", "caption_entities")
    if utf16_length(content.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return content


def read_formatted(params: Params, name: str, entities_name: str) -> FormattedText:
    """A text parameter, parsed by `parse_mode` or dressed with the entities sent beside it."""
    source = params.text(name)
    mode = params.text("parse_mode").lower()
    if mode == "html":
        return detect(read_html(source))
    if mode in ("markdown", "markdownv2"):
        raise bad_request("can't parse entities: the sandbox reads parse_mode HTML only")
    if mode:
        raise bad_request("unsupported parse_mode")
    return detect(tidy(clean(source), _entities(params, entities_name, utf16_length(source))))


def _entities(params: Params, name: str, length: int) -> list[Entity]:
    body = params.json(name, "can't parse MessageEntity")
    if body is None:
        return []
    if not isinstance(body, list):
        raise bad_request("expected an Array of MessageEntity")
    entities = []
    for item in body:
        if not isinstance(item, dict) or not isinstance(item.get("type"), str):
            raise bad_request("can't parse MessageEntity: Can't find field \"type\"")
        offset, size = item.get("offset"), item.get("length")
        if not isinstance(offset, int) or not isinstance(size, int):
            raise bad_request("can't parse MessageEntity: Can't find field \"offset\"")
        if 0 <= offset < offset + size <= length:
            argument = next((str(item[key]) for key in _ENTITY_ARGUMENTS if item.get(key)), "")
            entities.append(Entity(item["type"], offset, size, argument))
    return entities
