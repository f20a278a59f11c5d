"""Taps on inline buttons that wait for the bot's answerCallbackQuery."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

ANSWERABLE_MS = 60_000


@dataclass(slots=True)
class Answer:
    """The toast or alert the bot shows to the one who tapped; `text` may be empty."""

    text: str
    show_alert: bool


@dataclass(slots=True)
class _Tap:
    user: int
    at_ms: int
    waiter: "asyncio.Future[Answer | None] | None"


class Callbacks:
    """Callback queries by id, as long as the bot may still answer them."""

    def __init__(self, wire_ms: Callable[[], int], unconfirmed: Sequence[dict[str, Any]] = ()) -> None:
        self._wire_ms = wire_ms
        self._taps: dict[str, _Tap] = {}
        self._last_id = wire_ms() * 1000
        for update in unconfirmed:
            if (query := update.get("callback_query")) is not None:
                self._taps[query["id"]] = _Tap(query["from"]["id"], wire_ms(), None)

    def open(self, user: int) -> tuple[str, "asyncio.Future[Answer | None]"]:
        """A new query: its id, and a future that holds the bot's answer."""
        self._expire()
        self._last_id += 1
        waiter: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._taps[str(self._last_id)] = _Tap(user, self._wire_ms(), waiter)
        return str(self._last_id), waiter

    def answer(self, query_id: str, answer: Answer) -> int | None:
        """Record the answer; the user who tapped, or `None` for an unknown or expired query.

        A repeated answer is accepted and changes nothing.
        """
        self._expire()
        tap = self._taps.get(query_id)
        if tap is None:
            return None
        if tap.waiter is not None and not tap.waiter.done():
            tap.waiter.set_result(answer)
        return tap.user

    def release(self) -> None:
        """Let everyone who waits go without an answer."""
        for tap in self._taps.values():
            if tap.waiter is not None and not tap.waiter.done():
                tap.waiter.set_result(None)

    def _expire(self) -> None:
        oldest = self._wire_ms() - ANSWERABLE_MS
        while self._taps and next(iter(self._taps.values())).at_ms < oldest:
            del self._taps[next(iter(self._taps))]
