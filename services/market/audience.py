"""Which markets deserve a live stream."""

from collections.abc import Collection
from datetime import datetime, timedelta

from ports.clock import Clock


class Audience:
    """Markets of the top, of watch lists, and those asked for lately."""

    def __init__(self, clock: Clock, *, keep_s: float) -> None:
        self._clock = clock
        self._keep = timedelta(seconds=keep_s)
        self._top: frozenset[str] = frozenset()
        self._watched: frozenset[str] = frozenset()
        self._asked: dict[str, datetime] = {}

    def lead(self, symbols: Collection[str]) -> None:
        """Replace the markets streamed for their turnover."""
        self._top = frozenset(symbols)

    def watch(self, symbols: Collection[str]) -> None:
        """Replace the markets of all watch lists."""
        self._watched = frozenset(symbols)

    def ask(self, symbol: str) -> None:
        """Somebody looks at that market now."""
        self._asked[symbol] = self._clock.wire_now()

    def symbols(self) -> frozenset[str]:
        """All of them; those asked for long ago are let go."""
        since = self._clock.wire_now() - self._keep
        self._asked = {symbol: at for symbol, at in self._asked.items() if at >= since}
        return self._top | self._watched | self._asked.keys()
