"""Indicators of every collected market and timeframe, kept up with the candles as they close."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from engines.core.candle import Candles, FloatArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.market.aggregation import between
from engines.market.plan import KEPT
from ports.candles import Series
from services.market.ring import Rings

_FAR_MS = 2**62


class State(Protocol):
    """The indicators of one series: `engines.indicators.hot.HotState`, which is not imported here because
    the start must not wait for its compiler."""

    @property
    def last_ms(self) -> int | None: ...

    def push(self, candles: Candles) -> FloatArray: ...

    def frame(self, timeframe: Timeframe) -> Frame | None: ...


def frame_of(state: State, candles: Candles, timeframe: Timeframe, now_ms: int) -> Frame | None:
    """The last bar of `candles` that had closed at `now_ms`, with its indicators; `None` where none had.
    `state` is a new one."""
    closed = candles.closed_before(now_ms, timeframe.ms)
    if len(closed):
        state.push(closed)
    return state.frame(timeframe)


class Change(Enum):
    """What happened to a state: it was built for the first time, has a new bar, or only other old ones."""

    BEGUN = auto()
    CLOSED = auto()
    MENDED = auto()


@dataclass(slots=True, repr=False)
class Frames:
    """A state a series, fed from the rings of the collector.

    `take` only notes what closed; `settle` brings the states up to date. A state that does not fit what the
    ring has (a candle was revised, came late or is missing, the clock jumped) is built anew from the ring.
    """

    venue: str
    rings: Rings
    new_state: Callable[[], State]
    built: int = 0
    """How often a state was built from a whole ring."""
    _states: dict[Series, State] = field(default_factory=dict)
    _touched_ms: dict[Series, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._states)

    def series(self, symbol: str, timeframe: Timeframe) -> Series:
        """The name of a spot series of the venue."""
        return Series(venue=self.venue, kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)

    def take(self, series: Series, candles: Candles) -> None:
        """Closed candles came into the ring; those that it has forgotten already do not matter."""
        ring = self.rings.get(series)
        if ring is None or not len(candles) or not len(ring):
            return
        oldest_ms = int(ring.closed().time_ms[0])
        if int(candles.time_ms[-1]) >= oldest_ms:
            first_ms = max(int(candles.time_ms[0]), oldest_ms)
            self._touched_ms[series] = min(first_ms, self._touched_ms.get(series, first_ms))

    def follow(self, symbol: str) -> None:
        """Build the states of a market, whatever was kept of it before."""
        for timeframe in KEPT:
            series = self.series(symbol, timeframe)
            self._states.pop(series, None)
            self._touched_ms[series] = 0

    def let_go(self, symbol: str) -> None:
        """Keep the states of a market no longer."""
        for timeframe in KEPT:
            series = self.series(symbol, timeframe)
            self._states.pop(series, None)
            self._touched_ms.pop(series, None)

    def settle(self, symbol: str) -> Mapping[Timeframe, Change]:
        """Bring a market's states up to date; what happened to those that were touched."""
        changes = {one: self._settle(self.series(symbol, one)) for one in KEPT}
        return {one: change for one, change in changes.items() if change is not None}

    def waiting(self) -> frozenset[str]:
        """Markets of which something closed since they were settled."""
        return frozenset(series.symbol for series in self._touched_ms)

    def of(self, symbol: str) -> Mapping[Timeframe, Frame]:
        """The last closed bar of each timeframe that is known."""
        states = {one: self._states.get(self.series(symbol, one)) for one in KEPT}
        frames = {one: state.frame(one) for one, state in states.items() if state is not None}
        return {one: frame for one, frame in frames.items() if frame is not None}

    def _settle(self, series: Series) -> Change | None:
        touched_ms, ring = self._touched_ms.pop(series, None), self.rings.get(series)
        if touched_ms is None or ring is None or not len(ring):
            return None
        closed, state = ring.closed(), self._states.get(series)
        last_ms = None if state is None else state.last_ms
        if state is None or last_ms is None:
            self._build(series, closed)
            return Change.BEGUN
        fresh = between(closed, last_ms + 1, _FAR_MS)
        if touched_ms == last_ms + series.timeframe.ms:
            state.push(fresh)
        else:
            self._build(series, closed)
        return Change.CLOSED if len(fresh) else Change.MENDED

    def _build(self, series: Series, closed: Candles) -> None:
        state = self.new_state()
        state.push(closed)
        self._states[series] = state
        self.built += 1
