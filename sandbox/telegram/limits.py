"""Flood control: how often a bot may write to one chat, one group, and all together."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.telegram.errors import too_many_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Telegram's own limits. A chat takes `chat_burst` messages at once and one a second in the long run."""

    chat_per_s: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20
    overall_per_s: int = 30


class Limits:
    """Counts what the bot sends and refuses what is too much. Off until `is_on` is set.

    `now_s` is a rising clock of real seconds.
    """

    def __init__(self, now_s: Callable[[], float], settings: LimitSettings | None = None) -> None:
        self.is_on = False
        self._now_s = now_s
        self._settings = settings or LimitSettings()
        self._overall: deque[float] = deque()
        self._groups: dict[int, deque[float]] = {}
        self._chats: dict[int, tuple[float, float]] = {}

    def spend(self, chat_id: int) -> None:
        """Count one message to a chat (negative ids are groups). Raises 429 with the wait, uncounted."""
        if not self.is_on:
            return
        now = self._now_s()
        group = self._groups.setdefault(chat_id, deque()) if chat_id < 0 else None
        waits = [
            _wait(self._overall, now, span_s=1, limit=self._settings.overall_per_s),
            _wait(group, now, span_s=60, limit=self._settings.group_per_minute) if group is not None else 0,
            self._chat_wait(chat_id, now),
        ]
        if max(waits) > 0:
            raise too_many_requests(math.ceil(max(waits)))
        self._overall.append(now)
        if group is not None:
            group.append(now)
        tokens, _ = self._chats[chat_id]
        self._chats[chat_id] = (tokens - 1, now)

    def _chat_wait(self, chat_id: int, now: float) -> float:
        tokens, at = self._chats.get(chat_id, (float(self._settings.chat_burst), now))
        tokens = min(self._settings.chat_burst, tokens + (now - at) * self._settings.chat_per_s)
        self._chats[chat_id] = (tokens, now)
        return max(0.0, (1 - tokens) / self._settings.chat_per_s)


def _wait(times: deque[float], now: float, *, span_s: float, limit: int) -> float:
    """Seconds until fewer than `limit` of `times` lie within the last `span_s`."""
    while times and times[0] <= now - span_s:
        times.popleft()
    return times[len(times) - limit] + span_s - now if len(times) >= limit else 0.0
