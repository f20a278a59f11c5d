"""Writing to the desk as a person of the sandbox, and reading what it answers."""

import json
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

from benchmarks.frame import Skipped


class Control:
    """The sandbox's control API."""

    def __init__(self, sandbox_url: str) -> None:
        self._connection = HTTPConnection(sandbox_url.removeprefix("http://"), timeout=30)

    def set_speed(self, speed: float) -> None:
        """Market seconds a real second."""
        self.call("POST", "clock", {"speed": speed})

    def market_s(self) -> float:
        """Market time, in Unix seconds."""
        market_ms: float = self.call("POST", "clock", {})["market_ms"]
        return market_ms / 1000

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a request. Raises `Skipped` when there is none, or a refusal."""
        data = None if body is None else json.dumps(body)
        try:
            self._connection.request(
                method, f"/control/{path}", body=data, headers={"Content-Type": "application/json"}
            )
            response = self._connection.getresponse()
            answer = json.load(response)
        except (OSError, HTTPException, json.JSONDecodeError) as error:
            raise Skipped(f"the sandbox's control API does not answer {path}: {error}") from error
        if response.status >= 400:
            raise Skipped(f"the sandbox's control API refuses {path}: {answer}")
        return answer


class Person:
    """One person in their private chat with the bot."""

    def __init__(self, sandbox_url: str, person_id: int) -> None:
        self._control = Control(sandbox_url)
        self._id = person_id

    def say(self, text: str) -> int:
        """Send `text`; the id of the message."""
        answer = self._control.call("POST", f"users/{self._id}/messages", {"text": text})
        message_id: int = answer["message"]["id"]
        return message_id

    def answers(self, after: int) -> list[dict[str, Any]]:
        """Messages of the bot that came after the message with that id."""
        messages = self._control.call("GET", f"chats/{self._id}/messages?after={after}")
        return [message for message in messages if message["sender"] == "bot"]

    def ask(self, text: str, *, limit_s: float = 30.0) -> dict[str, Any]:
        """Send `text` and wait for the next message of the bot."""
        asked, deadline = self.say(text), time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if answers := self.answers(asked):
                return answers[0]
            time.sleep(0.005)
        raise Skipped(f"no answer to {text} within {limit_s:g} s")

    def tap(self, message: dict[str, Any], button: str) -> None:
        """Press a button of a message, found by its data or its text."""
        body = {"chat": message["chat"], "message": message["id"], "button": button, "wait_s": 5}
        self._control.call("POST", f"users/{self._id}/taps", body)
