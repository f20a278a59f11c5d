"""Bybit's quotas of order requests, which a fault switches on."""

from collections import deque
from collections.abc import Callable

from sandbox.bybit.codes import TOO_MANY
from sandbox.bybit.wire import Declined

PER_SECOND = 20
_SPAN_MS = 1000


class Quota:
    """How many order requests a key has made in a category within the last second (real time)."""

    def __init__(self, wire_ms: Callable[[], int]) -> None:
        self._wire_ms = wire_ms
        self._made: dict[tuple[str, str], deque[int]] = {}

    def take(self, key: str, category: str) -> dict[str, str]:
        """Count one request; what the venue says of the quota. Raises `Declined` when there is none left."""
        now_ms, made = self._wire_ms(), self._made.setdefault((key, category), deque())
        while made and made[0] <= now_ms - _SPAN_MS:
            made.popleft()
        if len(made) >= PER_SECOND:
            headers = _headers(0, made[0] + _SPAN_MS)
            raise Declined("Too many visits. Exceeded the API Rate Limit.", TOO_MANY, headers)
        made.append(now_ms)
        return _headers(PER_SECOND - len(made), now_ms)


def _headers(left: int, reset_ms: int) -> dict[str, str]:
    return {
        "X-Bapi-Limit": str(PER_SECOND),
        "X-Bapi-Limit-Status": str(left),
        "X-Bapi-Limit-Reset-Timestamp": str(reset_ms),
    }
