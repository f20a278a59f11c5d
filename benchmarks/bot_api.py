"""A Bot API that costs next to nothing, so that the desk is what is measured.

It speaks just enough HTTP for one client on loopback, and keeps a fixed number of updates unanswered.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

_BOT = {"id": 7000000001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


class BotApi:
    """Serves `total` updates of `people`, one of each unanswered at a time, after `settle_s` of silence.

    An update counts as answered when a message is sent to its person's chat. `answers` holds pairs of
    seconds: when it was answered, and how long after it was handed out. The `errand` of somebody else (a
    person and a text) is asked beside them, and again whenever a document came of it; `documents` counts
    those.
    """

    def __init__(
        self,
        texts: Iterator[str],
        people: Sequence[int],
        total: int,
        settle_s: float,
        errand: tuple[int, str] | None = None,
    ) -> None:
        self._texts, self._left, self._settle_s = texts, total, settle_s
        self._free = list(people)
        self._errand, self._is_errand_due = errand, errand is not None
        self.documents = 0
        self._sent = 0
        self._is_quiet = True  # the first batch is empty: what comes before it counts as late
        self._more = asyncio.Event()
        self._more.set()
        self.done = asyncio.Event()
        self._connections: set[asyncio.Task[None] | None] = set()
        self._asked_at: dict[int, float] = {}
        self.answers: list[tuple[float, float]] = []

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self._connections.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method = head.split(b" ", 2)[1].rpartition(b"/")[2].lower().decode()
                body = await _body(reader, head)
                data = json.dumps({"ok": True, "result": await self._result(method, body)}).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                    % len(data)
                    + data
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        """Let go of a waiting client; returns when all clients have hung up."""
        self._left = 0
        self._more.set()
        await asyncio.gather(*(connection for connection in self._connections if connection))

    async def _result(self, method: str, body: bytes) -> Any:
        match method:
            case "getme":
                return _BOT
            case "getupdates":
                return await self._updates()
            case "sendmessage":
                return self._answered(body)
            case "sendphoto":
                return self._message(_chat(body))
            case "senddocument":
                self.documents += 1
                self._is_errand_due = self._errand is not None
                return self._message(_chat(body))
            case _:
                return True

    async def _updates(self) -> list[dict[str, Any]]:
        if self._is_quiet:
            self._is_quiet = False
            return []
        if not self._sent:
            await asyncio.sleep(self._settle_s)
        await self._more.wait()
        self._more.clear()
        batch = [self._update(person) for person in self._free[: self._left]]
        self._left -= len(batch)
        self._free = []
        if self._is_errand_due and self._errand is not None:
            self._is_errand_due = False
            batch.append(self._said(*self._errand))
        return batch

    def _update(self, person: int) -> dict[str, Any]:
        said = self._said(person, next(self._texts))
        self._asked_at[person] = time.perf_counter()
        return said

    def _said(self, person: int, text: str) -> dict[str, Any]:
        self._sent += 1
        user = {"id": person, "is_bot": False, "first_name": "Anna", "language_code": "en"}
        return {
            "update_id": self._sent,
            "message": {
                "message_id": self._sent,
                "date": int(time.time()),
                "chat": {"id": person, "type": "private", "first_name": "Anna"},
                "from": user,
                "text": text,
                "entities": [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}],
            },
        }

    def _answered(self, body: bytes) -> dict[str, Any]:
        chat = _chat(body)
        if (asked := self._asked_at.pop(chat, None)) is not None:
            now = time.perf_counter()
            self.answers.append((now, now - asked))
            self._free.append(chat)
            if self._left:
                self._more.set()
            elif not self._asked_at:
                self.done.set()
        return self._message(chat)

    def _message(self, chat: int) -> dict[str, Any]:
        return {
            "message_id": 1_000_000 + len(self.answers),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private"},
            "from": _BOT,
            "text": "x",
        }


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line[15:]))
    body = b""
    if b"transfer-encoding: chunked" in head.lower():
        while size := int((await reader.readline()).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readline()
    return body


def _chat(body: bytes) -> int:
    """The chat of a request: a form field in either encoding."""
    _, _, rest = body.partition(b"chat_id")
    digits = rest.lstrip(b'="\r\n :')
    end = next((i for i, byte in enumerate(digits) if not chr(byte).isdigit()), len(digits))
    return int(digits[:end])
