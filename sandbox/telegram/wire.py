"""Chats and messages as Bot API objects."""

from typing import Any

from sandbox.telegram.chats import Chat, Chats, Message
from sandbox.telegram.people import BOT_ID, People, bot_user

_BOT = bot_user()


def chat_api(chat: Chat, people: People) -> dict[str, Any]:
    """The Bot API's `Chat`."""
    if not chat.is_private:
        return {"id": chat.id, "type": chat.kind, "title": chat.title}
    person = people.get(chat.id)
    body: dict[str, Any] = {"id": chat.id, "type": chat.kind, "first_name": chat.title}
    if person is not None:
        body["username"] = person.username
    return body


def user_api(user_id: int, people: People) -> dict[str, Any]:
    """The Bot API's `User` of a person or the bot."""
    if user_id == BOT_ID:
        return _BOT
    person = people.get(user_id)
    return person.api() if person else {"id": user_id, "is_bot": False, "first_name": str(user_id)}


def message_api(message: Message, chats: Chats, people: People, *, is_reply: bool = False) -> dict[str, Any]:
    """The Bot API's `Message`; one that is replied to carries no further reply."""
    chat = chats.get(message.chat_id)
    assert chat is not None  # messages live in chats
    body: dict[str, Any] = {
        "message_id": message.id,
        "from": user_api(message.sender, people),
        "chat": chat_api(chat, people),
        "date": message.date_ms // 1000,
    }
    if message.edited_ms is not None:
        body["edit_date"] = message.edited_ms // 1000
    _add_content(message, body, people)
    if message.keyboard:
        body["reply_markup"] = {"inline_keyboard": message.keyboard}
    original = chat.messages.get(message.reply_to) if message.reply_to and not is_reply else None
    if original is not None:
        body["reply_to_message"] = message_api(original, chats, people, is_reply=True)
    return body


def _add_content(message: Message, body: dict[str, Any], people: People) -> None:
    text, entities = message.content.text, [entity.api() for entity in message.content.entities]
    if message.service == "joined":
        body["new_chat_members"] = [user_api(message.sender, people)]
    elif message.service == "left":
        body["left_chat_member"] = user_api(message.sender, people)
    elif message.rich is not None:
        body["rich_message"] = message.rich.api()
    elif message.file is None:
        body["text"] = text
        if entities:
            body["entities"] = entities
    else:
        if message.file.is_photo:
            body["photo"] = message.file.photo_api()
        else:
            body["document"] = message.file.document_api()
        if text:
            body["caption"] = text
        if entities:
            body["caption_entities"] = entities


def member_api(chat: Chat, user_id: int, people: People) -> dict[str, Any]:
    """The Bot API's `ChatMember`: in groups the bot administers and the first member owns."""
    user = user_api(user_id, people)
    if chat.is_private or user_id not in (*chat.members, BOT_ID):
        is_member = chat.is_private and user_id in (chat.id, BOT_ID)
        return {"status": "member" if is_member else "left", "user": user}
    if user_id == BOT_ID:
        return {"status": "administrator", "user": user, "can_be_edited": False, **_RIGHTS}
    if user_id == chat.members[0]:
        return {"status": "creator", "user": user, "is_anonymous": False}
    return {"status": "member", "user": user}


_RIGHTS = {
    "is_anonymous": False,
    "can_manage_chat": True,
    "can_delete_messages": True,
    "can_manage_video_chats": False,
    "can_restrict_members": False,
    "can_promote_members": False,
    "can_change_info": False,
    "can_invite_users": True,
    "can_post_stories": False,
    "can_edit_stories": False,
    "can_delete_stories": False,
    "can_pin_messages": True,
    "can_send_welcome_messages": False,
}
