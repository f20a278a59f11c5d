"""Updates on their way to the bot: a queue read by long polling."""

import asyncio
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Any

import orjson

from sandbox.telegram.errors import ApiError, conflict
from sandbox.telegram.keep import Keep

FIRST_UPDATE_ID = 100_000_001
MAX_BATCH = 100
_KIND = "update"
_FACTS = "queue"


class UpdateQueue:
    """Updates not yet confirmed, by rising id. One reader at a time: a second ends the first with 409."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._pending: dict[int, bytes] = {int(key): body for key, body in keep.load(_KIND)}
        facts = dict(keep.load(_FACTS))
        stored = orjson.loads(facts.get("next_id", b"0"))
        self._next_id: int = max(FIRST_UPDATE_ID, stored, *(known + 1 for known in self._pending))
        self._allowed: frozenset[str] | None = None
        if "allowed" in facts:
            self.allow(orjson.loads(facts["allowed"]))
        self._reader: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def is_being_read(self) -> bool:
        """Whether a reader waits right now."""
        return self._reader is not None

    @property
    def allowed(self) -> Sequence[str]:
        """Kinds of updates the bot asked for; empty means all."""
        return sorted(self._allowed or ())

    def waiting(self) -> Sequence[dict[str, Any]]:
        """The unconfirmed updates, decoded."""
        return [orjson.loads(body) for body in self._pending.values()]

    def allow(self, kinds: Sequence[str]) -> None:
        """From now on only these kinds are queued; an empty list means all."""
        self._allowed = frozenset(kinds) or None
        self._keep.put(_FACTS, "allowed", list(kinds))

    def push(self, kind: str, body: dict[str, Any]) -> None:
        """Queue an update of a kind (`"message"`, `"callback_query"`…) and wake the reader."""
        if self._allowed is not None and kind not in self._allowed:
            return
        update_id = self._next_id
        self._next_id += 1
        encoded = orjson.dumps({"update_id": update_id, kind: body})
        self._pending[update_id] = encoded
        self._keep.put(_KIND, update_id, encoded)
        self.release()

    async def poll(self, *, offset: int, limit: int, timeout_s: float) -> list[orjson.Fragment]:
        """Confirm below `offset`, then the next updates; waits for one at most `timeout_s`.

        A negative offset counts from the newest and drops everything older. Raises 409 when another
        call takes over.
        """
        if self._reader is not None:
            self._end_reader(conflict())
        self._confirm(offset)
        if not self._pending and timeout_s > 0:
            await self._wait(timeout_s)
        return [orjson.Fragment(body) for body in islice(self._pending.values(), limit)]

    def release(self) -> None:
        """End the reader's wait with what there is."""
        self._end_reader(None)

    def forget(self) -> None:
        """Drop everything pending."""
        self._confirm(self._next_id)

    def _end_reader(self, error: ApiError | None) -> None:
        reader = self._reader
        if reader is None or reader.done():
            return
        if error is None:
            reader.set_result(None)
        else:
            reader.set_exception(error)

    async def _wait(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        reader = self._reader = loop.create_future()
        timer = loop.call_later(timeout_s, self._expire, reader)
        try:
            await reader
        finally:
            timer.cancel()
            if self._reader is reader:
                self._reader = None

    @staticmethod
    def _expire(reader: "asyncio.Future[None]") -> None:
        if not reader.done():
            reader.set_result(None)

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            offset = self._next_id + offset
        if not self._pending or offset <= next(iter(self._pending)):
            return
        for update_id in list(takewhile(lambda known: known < offset, self._pending)):
            del self._pending[update_id]
        self._keep.drop_below(_KIND, offset)
        self._keep.put(_FACTS, "next_id", self._next_id)
