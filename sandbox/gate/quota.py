"""Gate's quotas of order requests, which a fault switches on."""

from collections import deque
from collections.abc import Callable
from typing import Final

from sandbox.gate.wire import Declined

PER_SECOND: Final = {"spot": 10, "futures": 100}
"""Orders placed and changed."""

_SPAN_MS = 1000
_TOO_MANY = 429


class Quota:
    """How many orders an account has placed or changed within the last second (real time)."""

    def __init__(self, wire_ms: Callable[[], int]) -> None:
        self._wire_ms = wire_ms
        self._made: dict[tuple[str, str], deque[int]] = {}

    def take(self, account: str, part: str) -> None:
        """Count one request in a part of the venue. Raises `Declined` when there is none left, with the
        second at which there is."""
        now_ms, made = self._wire_ms(), self._made.setdefault((account, part), deque())
        while made and made[0] <= now_ms - _SPAN_MS:
            made.popleft()
        if len(made) >= PER_SECOND[part]:
            headers = {
                "X-Gate-RateLimit-Requests-Remain": "0",
                "X-Gate-RateLimit-Limit": str(PER_SECOND[part]),
                "X-Gate-RateLimit-Reset-Timestamp": str(-(-(made[0] + _SPAN_MS) // 1000)),
            }
            raise Declined("TOO_MANY_REQUESTS", "Request Rate limit Exceeded (311)", _TOO_MANY, headers)
        made.append(now_ms)
