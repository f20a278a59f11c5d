"""What people do in Telegram: write, tap buttons, block the bot, join and leave groups."""

import asyncio
from typing import Any

from sandbox.answers import BadControl
from sandbox.telegram.callbacks import Answer
from sandbox.telegram.chats import Chat, Message
from sandbox.telegram.detection import detect
from sandbox.telegram.entities import clean, tidy
from sandbox.telegram.people import Person, bot_user
from sandbox.telegram.twin import Telegram
from sandbox.telegram.wire import chat_api

LONGEST_TEXT = 4096


class Impossible(BadControl):
    """A person cannot do that. `is_missing` says that what it is about does not exist."""

    def __init__(self, reason: str, *, is_missing: bool = False) -> None:
        super().__init__(reason, status=404 if is_missing else 400)


def say(
    twin: Telegram, person: Person, text: str, *, chat_id: int | None = None, reply_to: int | None = None
) -> list[Message]:
    """Write into a chat, by default the private one. Longer texts are split, as Telegram's apps do."""
    chat = find_chat(twin, person.id if chat_id is None else chat_id)
    if chat.is_private and person.has_blocked:
        raise Impossible(f"{person.name} has blocked the bot")
    if person.id not in chat.members:
        raise Impossible(f"{person.name} is not in this chat")
    if reply_to is not None and reply_to not in chat.messages:
        raise Impossible(f"there is no message {reply_to} to reply to", is_missing=True)
    contents = [detect(content) for part in _parts(text) if (content := tidy(clean(part), ())).text]
    if not contents:
        raise Impossible("the message is empty")
    if chat.is_private and not person.has_started:
        person.has_started = True
        twin.keep_person(person)
    messages = [
        _message(twin, person, chat, content=content, reply_to=reply_to if index == 0 else None)
        for index, content in enumerate(contents)
    ]
    for message in messages:
        twin.post(message)
        twin.updates.push("message", twin.api(message))
    return messages


def _parts(text: str) -> list[str]:
    # characters beyond the basic plane count as two
    size = LONGEST_TEXT if max(text, default="") <= "\uffff" else LONGEST_TEXT // 2
    return [text[start : start + size] for start in range(0, len(text), size)]


def _message(twin: Telegram, person: Person, chat: Chat, **fields: Any) -> Message:
    return Message(
        id=twin.chats.next_id(), chat_id=chat.id, sender=person.id, date_ms=twin.wire_ms(), **fields
    )


async def tap(
    twin: Telegram, person: Person, *, chat_id: int, message_id: int, button: str, wait_s: float
) -> Answer | None:
    """Press a button by its text or callback data; the bot's answer, `None` when none came in `wait_s`.

    Anyone may press anything: that is how a forwarded message is tried.
    """
    chat = find_chat(twin, chat_id)
    message = chat.messages.get(message_id)
    if message is None:
        raise Impossible(f"there is no message {message_id} in this chat", is_missing=True)
    data = _find_button(message, button).get("callback_data")
    if data is None:
        return None
    query_id, answered = twin.callbacks.open(person.id)
    query = {
        "id": query_id,
        "from": person.api(),
        "message": twin.api(message),
        "chat_instance": str(chat.id * 2_654_435_761 % 2**63),
        "data": data,
    }
    twin.updates.push("callback_query", query)
    done, _ = await asyncio.wait((answered,), timeout=wait_s)
    return answered.result() if done else None


def _find_button(message: Message, wanted: str) -> dict[str, Any]:
    buttons = [button for row in message.keyboard or () for button in row]
    for key in ("callback_data", "text"):
        for button in buttons:
            if button.get(key) == wanted:
                return button
    raise Impossible(f"message {message.id} has no button {wanted!r}", is_missing=True)


def block(twin: Telegram, person: Person, *, is_blocked: bool) -> None:
    """Block or unblock the bot, which learns of it."""
    if person.has_blocked == is_blocked:
        return
    person.has_blocked = is_blocked
    twin.keep_person(person)
    before, after = _membership(is_member=is_blocked), _membership(is_member=not is_blocked)
    chat = find_chat(twin, person.id)
    twin.updates.push(
        "my_chat_member",
        {
            "chat": chat_api(chat, twin.people),
            "from": person.api(),
            "date": twin.wire_ms() // 1000,
            "old_chat_member": before,
            "new_chat_member": after,
        },
    )


def _membership(*, is_member: bool) -> dict[str, Any]:
    user = {"user": bot_user()}
    return user | ({"status": "member"} if is_member else {"status": "kicked", "until_date": 0})


def set_membership(twin: Telegram, chat: Chat, person: Person, *, is_member: bool) -> None:
    """Join or leave a group; the group sees a service message."""
    if chat.is_private:
        raise Impossible("only groups have members to add")
    if (person.id in chat.members) == is_member:
        return
    if is_member:
        chat.members.append(person.id)
    else:
        chat.members.remove(person.id)
    twin.chats.keep(chat)
    message = _message(twin, person, chat, service="joined" if is_member else "left")
    twin.post(message)
    twin.updates.push("message", twin.api(message))


def find_chat(twin: Telegram, chat_id: int) -> Chat:
    """The chat with this id."""
    chat = twin.chats.get(chat_id)
    if chat is None:
        raise Impossible(f"there is no chat {chat_id}", is_missing=True)
    return chat
