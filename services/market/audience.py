"""Which markets deserve a live stream."""

from collections.abc import Collection
from datetime import datetime, timedelta

from ports.clock import Clock


class Audience:
    """Markets of the top, those kept for a reason (watch lists, trades, alerts), those asked for lately."""

    def __init__(self, clock: Clock, *, keep_s: float) -> None:
        self._clock = clock
        self._keep = timedelta(seconds=keep_s)
        self._top: frozenset[str] = frozenset()
        self._kept: dict[str, frozenset[str]] = {}
        self._asked: dict[str, datetime] = {}

    def lead(self, symbols: Collection[str]) -> None:
        """Replace the markets streamed for their turnover."""
        self._top = frozenset(symbols)

    @property
    def kept(self) -> frozenset[str]:
        """Markets kept for any reason."""
        return frozenset().union(*self._kept.values())

    def keep(self, reason: str, symbols: Collection[str]) -> None:
        """Replace the markets kept for `reason`."""
        self._kept[reason] = frozenset(symbols)

    def ask(self, symbol: str) -> None:
        """Somebody looks at that market now."""
        self._asked[symbol] = self._clock.wire_now()

    def symbols(self) -> frozenset[str]:
        """All of them; those asked for long ago are let go."""
        since = self._clock.wire_now() - self._keep
        self._asked = {symbol: at for symbol, at in self._asked.items() if at >= since}
        return self._top.union(self._asked, *self._kept.values())
