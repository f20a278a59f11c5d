"""The highest and lowest price of a window that moves along with time."""

from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal

_GRAINS = 300
"""Prices closer together than this part of the window share a place, which bounds the memory: an extreme is
forgotten at most one grain too late or too early."""

_Point = tuple[datetime, Decimal]
_ZERO = Decimal(0)


class MovingRange:
    """Two monotonic queues: a price that can never again be the highest or the lowest is forgotten."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._grain = window / _GRAINS
        self._highs: deque[_Point] = deque()
        self._lows: deque[_Point] = deque()
        self._last = _ZERO

    def __len__(self) -> int:
        """Prices held."""
        return len(self._highs) + len(self._lows)

    def push(self, price: Decimal, at: datetime) -> None:
        """Take in a price above zero; times do not go back."""
        while self._highs and self._highs[-1][1] <= price:
            self._highs.pop()
        while self._lows and self._lows[-1][1] >= price:
            self._lows.pop()
        start = at - self._window
        for queue in (self._highs, self._lows):
            while queue and queue[0][0] < start:
                queue.popleft()
            if not queue or at - queue[-1][0] >= self._grain:
                queue.append((at, price))
        self._last = price

    @property
    def rise(self) -> Decimal:
        """How far the last price is above the low, as a fraction of the low; 0 before the first price."""
        return self._last / self._lows[0][1] - 1 if self._lows else _ZERO

    @property
    def fall(self) -> Decimal:
        """How far the last price is below the high, as a fraction of the high; 0 before the first price."""
        return 1 - self._last / self._highs[0][1] if self._highs else _ZERO
