"""Signed requests to the Gate twin, written by hand: what no client would send, and what clients hide."""

import hashlib
from typing import Any
from urllib.parse import urlencode

import orjson

from sandbox.accounts import TRADING, ApiKey
from sandbox.gate.signing import signature
from tests.build.venues import Venues

WIRE_S = 1_700_000_000


class GateCalls:
    """Private requests with a key."""

    def __init__(self, venues: Venues, key: ApiKey = TRADING) -> None:
        self.venues = venues
        self._key = key

    async def ask(
        self, method: str, path: str, body: Any = None, *, at_s: int = WIRE_S, **query: Any
    ) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        raw = b"" if body is None else orjson.dumps(body)
        text = urlencode(query)
        headers = {**self.headers(method, path, text, raw, at_s), "Content-Type": "application/json"}
        url = f"{self.venues.url}/gate/api/v4/{path}?{text}"
        async with self.venues.http.request(method, url, data=raw, headers=headers) as response:
            return response.status, await response.json()

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of a question that is answered."""
        status, answer = await self.ask("GET", path, **query)
        assert status == 200, answer
        return answer

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """The JSON of a deed that is agreed to."""
        status, answer = await self.ask("POST", path, body, **query)
        assert status == 200, answer
        return answer

    async def label(self, method: str, path: str, body: Any = None, **query: Any) -> str:
        """The label of a refusal."""
        status, answer = await self.ask(method, path, body, **query)
        assert status >= 400, answer
        assert set(answer) == {"label", "message"}
        return str(answer["label"])

    def headers(self, method: str, path: str, query: str, raw: bytes, at_s: int) -> dict[str, str]:
        """The headers that sign a request."""
        digest = hashlib.sha512(raw).hexdigest()
        text = "\n".join((method, f"/api/v4/{path}", query, digest, str(at_s)))
        return {
            "KEY": self._key.key,
            "Timestamp": str(at_s),
            "SIGN": signature(self._key.secret, text),
        }

    def subscription(self, channel: str, payload: list[str] | None) -> dict[str, Any]:
        """A signed subscription to a private channel."""
        text = f"channel={channel}&event=subscribe&time={WIRE_S}"
        auth = {"method": "api_key", "KEY": self._key.key, "SIGN": signature(self._key.secret, text)}
        message = {"id": 1, "time": WIRE_S, "channel": channel, "event": "subscribe", "auth": auth}
        return message if payload is None else {**message, "payload": payload}
