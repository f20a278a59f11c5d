"""Talking to the sandbox beside the browser: its control API, and its Bot API in the bot's place."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.people import BOT_TOKEN

TIMEOUT_S = 40.0
ANNA, TOM, VERA, SAM = 1001, 1002, 1003, 1004
ADMINS = -1_001_000_000_001

Json = Any


def call(url: str, method: str, path: str, body: Json = None) -> Json:
    """One request. Raises `AssertionError` with the answer when it is not a success."""
    payload = None if body is None else json.dumps(body).encode()
    return _exchange(url, method, path, payload, "application/json")


class Control:
    """The control API."""

    def __init__(self, url: str) -> None:
        self._url = url

    def state(self) -> Json:
        return call(self._url, "GET", "/control/state")

    def say(self, user: int, text: str, chat: int | None = None) -> Json:
        """A person writes; the message."""
        body = {"text": text} if chat is None else {"text": text, "chat": chat}
        return call(self._url, "POST", f"/control/users/{user}/messages", body)["message"]

    def messages(self, chat: int, after: int = 0) -> list[Json]:
        messages: list[Json] = call(self._url, "GET", f"/control/chats/{chat}/messages?after={after}")
        return messages

    def speak_language(self, user: int, language: str) -> None:
        call(self._url, "POST", f"/control/users/{user}", {"language": language})

    def faults(self, faults: Json) -> None:
        call(self._url, "POST", "/control/faults", faults)

    def leap(self, seconds: float) -> None:
        """Let market time jump."""
        call(self._url, "POST", "/control/clock", {"advance_s": seconds})

    def list_coin(self, symbol: str, **terms: float) -> None:
        """Let the venue list a coin."""
        call(self._url, "POST", "/control/markets", {"symbol": symbol, **terms})


class BotHand:
    """A bot played by the test: calls the Bot API as the real bot would."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._offset = 0

    def call(self, method: str, **parameters: Json) -> Json:
        return call(self._url, "POST", f"/bot{BOT_TOKEN}/{method}", parameters)["result"]

    def write(self, chat: int, html: str, **parameters: Json) -> int:
        """Send a message in HTML; its id."""
        message = self.call("sendMessage", chat_id=chat, text=html, parse_mode="HTML", **parameters)
        return int(message["message_id"])

    def upload(self, method: str, field: str, name: str, content: bytes, chat: int, caption: str = "") -> int:
        """Send a photo or a document; the message's id."""
        boundary = "perpetuum-browser-test"
        texts = {"chat_id": str(chat), "caption": caption}
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in texts.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        body = b"".join([*parts, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
        kind = f"multipart/form-data; boundary={boundary}"
        answer = _exchange(self._url, "POST", f"/bot{BOT_TOKEN}/{method}", body, kind)
        return int(answer["result"]["message_id"])

    def next_tap(self) -> Json:
        """The next callback query, waited for."""
        while True:
            for update in self.call("getUpdates", offset=self._offset, timeout=20):
                self._offset = update["update_id"] + 1
                if "callback_query" in update:
                    return update["callback_query"]


def _exchange(url: str, method: str, path: str, body: bytes | None, kind: str) -> Json:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, body, {"Content-Type": kind})
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    assert response.status == 200, f"{method} {path}: {response.status} {answer}"
    return answer
