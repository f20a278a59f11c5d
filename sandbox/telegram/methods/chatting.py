"""Methods about chats: pins, members, files, answers to taps."""

from typing import Any

from sandbox.telegram.callbacks import Answer
from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.addressing import find_chat, message_id
from sandbox.telegram.people import BOT_ID
from sandbox.telegram.requests import Params
from sandbox.telegram.twin import Telegram
from sandbox.telegram.wire import chat_api, member_api

MAX_TOAST = 200


def pin(twin: Telegram, params: Params) -> bool:
    chat = find_chat(twin, params)
    identifier = message_id(params)
    if identifier not in chat.messages:
        raise bad_request("message to pin not found")
    if identifier in chat.pinned:
        chat.pinned.remove(identifier)
    chat.pinned.append(identifier)
    twin.chats.keep(chat)
    twin.tell_pin(chat)
    return True


def unpin(twin: Telegram, params: Params) -> bool:
    chat = find_chat(twin, params)
    identifier = params.integer("message_id")
    if identifier is None and chat.pinned:
        identifier = chat.pinned[-1]
    if identifier not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(identifier)
    twin.chats.keep(chat)
    twin.tell_pin(chat)
    return True


def unpin_all(twin: Telegram, params: Params) -> bool:
    chat = find_chat(twin, params)
    chat.pinned.clear()
    twin.chats.keep(chat)
    twin.tell_pin(chat)
    return True


def get_chat(twin: Telegram, params: Params) -> dict[str, Any]:
    chat = find_chat(twin, params)
    body = chat_api(chat, twin.people) | {
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }
    if chat.pinned:
        body["pinned_message"] = twin.api(chat.messages[chat.pinned[-1]])
    return body


def get_member(twin: Telegram, params: Params) -> dict[str, Any]:
    chat = find_chat(twin, params)
    user_id = params.integer("user_id")
    if user_id is None or (user_id != BOT_ID and twin.people.get(user_id) is None):
        raise bad_request("invalid user_id specified")
    return member_api(chat, user_id, twin.people)


def get_administrators(twin: Telegram, params: Params) -> list[dict[str, Any]]:
    chat = find_chat(twin, params)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    return [member_api(chat, user_id, twin.people) for user_id in (*chat.members[:1], BOT_ID)]


def get_member_count(twin: Telegram, params: Params) -> int:
    return len(find_chat(twin, params).members) + 1


def answer_callback(twin: Telegram, params: Params) -> bool:
    text = params.text("text")
    if len(text) > MAX_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = Answer(text, params.flag("show_alert"))
    user = twin.callbacks.answer(params.text("callback_query_id"), answer)
    if user is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if text:
        twin.tell({"type": "answer", "user": user, "text": text, "show_alert": answer.show_alert})
    return True


def get_file(twin: Telegram, params: Params) -> dict[str, Any]:
    file = twin.files.by_id(params.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    return file.file_api()


METHODS = {
    "pinchatmessage": pin,
    "unpinchatmessage": unpin,
    "unpinallchatmessages": unpin_all,
    "getchat": get_chat,
    "getchatmember": get_member,
    "getchatadministrators": get_administrators,
    "getchatmembercount": get_member_count,
    "answercallbackquery": answer_callback,
    "getfile": get_file,
}
