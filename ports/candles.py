"""The store of candles: a database of its own, which can be fetched again after a power cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Series:
    """What a run of candles is of."""

    venue: str
    kind: MarketKind
    symbol: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the store has of a series: open times of the first and last candle (UTC ms), and how many."""

    series: Series
    first_ms: int
    last_ms: int
    count: int


class CandleStore(Protocol):
    """Closed candles by series. Every method raises `ports.errors.Transient(kind="database")` when the
    database is in trouble."""

    async def upsert(self, series: Series, candles: Candles) -> int:
        """Store candles; one with the same open time is replaced. How many were new or different.

        Raises `ports.errors.Refused("bad_candles")` for candles that cannot be, and stores none of them.
        """
        ...

    async def last(self, series: Series, count: int, *, before_ms: int | None = None) -> Candles:
        """The last `count` candles, of those that open before `before_ms` where given; fewer if there are."""
        ...

    async def between(self, series: Series, start_ms: int, stop_ms: int) -> Candles:
        """Candles that open in `[start_ms, stop_ms)`."""
        ...

    async def coverage(self) -> Sequence[Coverage]:
        """Every series that has candles."""
        ...

    async def forget_before(self, series: Series, start_ms: int) -> int:
        """Delete candles that open before `start_ms`; the number deleted."""
        ...

    async def size_bytes(self) -> int:
        """Room taken on disk."""
        ...

    async def close(self) -> None:
        """Release all connections. May be called twice."""
        ...
