"""Control API over Telegram: people write, tap, block, change language; chats are read."""

from itertools import takewhile
from typing import Any

from aiohttp import web

from sandbox.answers import (
    BadControl,
    answering,
    flag_field,
    integer_field,
    number_field,
    read_object,
    text_field,
)
from sandbox.telegram.chats import Chat
from sandbox.telegram.conversation import block, find_chat, say, set_membership, tap
from sandbox.telegram.people import Person
from sandbox.telegram.twin import Telegram

TAP_WAIT_S = 5.0


def person_view(person: Person) -> dict[str, Any]:
    """A user of `/control/state`."""
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "chat": person.id,
        "language": person.language,
        "blocked": person.has_blocked,
    }


def chat_view(chat: Chat) -> dict[str, Any]:
    """A chat of `/control/state`."""
    return {
        "id": chat.id,
        "type": chat.kind,
        "title": chat.title,
        "members": chat.members,
        "pinned": chat.pinned[-1] if chat.pinned else None,
        "reply_keyboard": chat.reply_keyboard,
    }


class PeopleControl:
    """Handlers under `/control/users` and `/control/chats`."""

    def __init__(self, twin: Telegram) -> None:
        self._twin = twin

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/control/users", answering(self.add)),
            web.post("/control/users/{user}", answering(self.change)),
            web.post("/control/users/{user}/messages", answering(self.say)),
            web.post("/control/users/{user}/taps", answering(self.tap)),
            web.post("/control/users/{user}/block", answering(self.block)),
            web.get("/control/chats/{chat}/messages", answering(self.messages)),
            web.post("/control/chats/{chat}/members", answering(self.membership)),
        ]

    async def add(self, request: web.Request) -> dict[str, Any]:
        body = await read_object(request)
        name = text_field(body, "name").strip()
        if not name:
            raise BadControl('"name" must not be empty')
        person_id = integer_field(body, "id") or self._twin.people.next_id()
        if person_id <= 0 or self._twin.people.get(person_id) is not None:
            raise BadControl(f"the id {person_id} is not free")
        person = Person(person_id, name, str(body.get("role", "stranger")), _language(body) or "en")
        self._twin.keep_person(person)
        return person_view(person)

    async def change(self, request: web.Request) -> dict[str, Any]:
        person = self._person(request.match_info["user"])
        person.language = _language(await read_object(request)) or person.language
        self._twin.keep_person(person)
        return person_view(person)

    async def say(self, request: web.Request) -> dict[str, Any]:
        person = self._person(request.match_info["user"])
        body = await read_object(request)
        messages = say(
            self._twin,
            person,
            text_field(body, "text"),
            chat_id=integer_field(body, "chat"),
            reply_to=integer_field(body, "reply_to"),
        )
        return {"message": self._twin.view(messages[0])}

    async def tap(self, request: web.Request) -> dict[str, Any]:
        person = self._person(request.match_info["user"])
        body = await read_object(request)
        chat, message = integer_field(body, "chat"), integer_field(body, "message")
        if chat is None or message is None:
            raise BadControl('"chat" and "message" are wanted')
        wait_s = number_field(body, "wait_s")
        answer = await tap(
            self._twin,
            person,
            chat_id=chat,
            message_id=message,
            button=text_field(body, "button"),
            wait_s=TAP_WAIT_S if wait_s is None else min(max(wait_s, 0.0), 60.0),
        )
        if answer is None:
            return {"answer": None}
        return {"answer": {"text": answer.text, "show_alert": answer.show_alert}}

    async def block(self, request: web.Request) -> dict[str, Any]:
        person = self._person(request.match_info["user"])
        body = await read_object(request)
        block(self._twin, person, is_blocked=flag_field(body, "blocked", default=True))
        return person_view(person)

    async def messages(self, request: web.Request) -> list[dict[str, Any]]:
        chat = self._chat(request)
        after = integer_field(dict(request.query), "after") or 0
        newest_first = takewhile(lambda message: message.id > after, reversed(chat.messages.values()))
        return [self._twin.view(message) for message in newest_first][::-1]

    async def membership(self, request: web.Request) -> dict[str, Any]:
        chat = self._chat(request)
        body = await read_object(request)
        person = self._person(str(body.get("user", "")))
        set_membership(self._twin, chat, person, is_member=flag_field(body, "member", default=True))
        return chat_view(chat)

    def _person(self, name: str) -> Person:
        person = self._twin.people.find(name)
        if person is None:
            raise BadControl(f"there is no user {name!r}", 404)
        return person

    def _chat(self, request: web.Request) -> Chat:
        chat_id = integer_field({"chat": request.match_info["chat"]}, "chat")
        return find_chat(self._twin, chat_id or 0)


def _language(body: dict[str, Any]) -> str | None:
    """The language code of a request, `None` when it names none."""
    if "language" not in body:
        return None
    language = text_field(body, "language")
    if not (2 <= len(language) <= 35 and language.replace("-", "").isalnum()):
        raise BadControl('"language" must be an IETF tag such as "en" or "pt-br"')
    return language
