"""What a strategy sees in a replay: every series up to now, and not a bar more."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar

import numpy as np

from engines.core.candle import Candles, IntArray
from engines.core.timeframe import Timeframe
from engines.simulate.replay.instant import utc
from engines.simulate.replay.lane import Lane
from engines.simulate.replay.tape import series_of
from engines.strategies.strategy import Closes, MarketKey, Position, Reader, Sight, Snapshot, Strategy

Reading = TypeVar("Reading")


class Series(Generic[Reading]):
    """One series and the reader that follows it."""

    def __init__(self, timeframe: Timeframe, candles: Candles, reader: Reader[Reading]) -> None:
        self._candles = candles
        self._closes_ms = candles.time_ms + timeframe.ms
        self._reader = reader
        self._pushed = 0
        self._read: Reading | None = None

    def at(self, time_ms: int) -> tuple[Reading | None, bool]:
        """What is known when bars up to `time_ms` have closed, and whether one closed at that very moment."""
        stop = int(self._closes_ms.searchsorted(time_ms, side="right"))
        if stop > self._pushed:
            self._reader.push(self._candles.rows(self._pushed, stop))
            self._pushed = stop
            self._read = self._reader.read()
        return self._read, stop > 0 and int(self._closes_ms[stop - 1]) == time_ms


class Eyes(Generic[Reading]):
    """All series that a strategy reads. `closes` are their candles, `times` every moment at which one of them
    closes."""

    def __init__(self, strategy: Strategy[Any, Any, Reading], params: Any, lanes: Sequence[Lane]) -> None:
        timeframes = strategy.timeframes(params)
        self._lanes = lanes
        self.closes: Closes = {lane.instrument.key: series_of(lane.tape.market, timeframes) for lane in lanes}
        self._series: Mapping[MarketKey, Mapping[Timeframe, Series[Reading]]] = {
            key: {
                timeframe: Series(timeframe, candles, strategy.reader(params, timeframe))
                for timeframe, candles in series.items()
            }
            for key, series in self.closes.items()
        }

    def times(self) -> IntArray:
        """Every moment at which a series closes a bar, rising."""
        columns = [
            candles.time_ms + timeframe.ms
            for series in self.closes.values()
            for timeframe, candles in series.items()
        ]
        return np.unique(np.concatenate(columns)) if columns else np.empty(0, np.int64)

    def look(self, time_ms: int, capital: Decimal) -> Snapshot[Reading]:
        """Everything that is known at `time_ms`. A market that had no bar yet, or is gone, is not there."""
        sights = {
            lane.instrument.key: sight
            for lane in self._lanes
            if not lane.is_over and (sight := self._sight(lane, time_ms)) is not None
        }
        return Snapshot(now=utc(time_ms), capital=capital, markets=sights)

    def _sight(self, lane: Lane, time_ms: int) -> Sight[Reading] | None:
        price = lane.price_at(time_ms)
        if price is None:
            return None
        readings: dict[Timeframe, Reading] = {}
        closed: list[Timeframe] = []
        for timeframe, series in self._series[lane.instrument.key].items():
            reading, is_now = series.at(time_ms)
            if reading is not None:
                readings[timeframe] = reading
            if is_now:
                closed.append(timeframe)
        return Sight(
            instrument=lane.instrument,
            price=price,
            readings=readings,
            closed=frozenset(closed),
            position=_position(lane),
            is_waiting=lane.is_waiting,
            funding_rate=_funding_rate(lane, time_ms),
        )


def _position(lane: Lane) -> Position | None:
    trade = lane.held
    if trade is None:
        return None
    entry_price, opened_at = trade.entry_price, trade.opened_at
    assert entry_price is not None
    assert opened_at is not None
    return Position(
        direction=trade.direction,
        quantity=trade.quantity,
        entry_price=entry_price,
        stop=trade.stop,
        opened_at=opened_at,
    )


def _funding_rate(lane: Lane, time_ms: int) -> Decimal | None:
    fundings = lane.tape.fundings
    if fundings is None:
        return None
    known = int(fundings.time_ms.searchsorted(time_ms, side="right"))
    return Decimal(repr(float(fundings.rate[known - 1]))) if known else None
