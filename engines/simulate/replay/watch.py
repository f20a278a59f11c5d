"""What the account of a replay is worth, the marks that losses are measured from, and the curve of it all.

Between two things that happen nothing is held that was not held before, so the worth of every bar follows
from its close: extremes are found on columns and reckoned exactly only where they lie.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np

from engines.core.candle import FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.metrics.series import Curve
from engines.risk.breakers import drawdown
from engines.risk.mark import Mark, first_mark, moved
from engines.simulate.replay.books import Books
from engines.simulate.replay.instant import utc
from engines.simulate.replay.lane import Lane

_CLOSE_ENOUGH: Final = 1e-9
_MOST: Final = 8
_NOTHING: Final[dict[str, Decimal]] = {}


class Watch:
    """Worth and marks. `times` are the closes of all bars that are played; `observe` comes before anything
    changes what is held, and again after it."""

    def __init__(self, lanes: Sequence[Lane], books: Books, halt_at: Decimal, start: datetime) -> None:
        self._lanes = lanes
        self._books = books
        self._halt_at = halt_at
        self.times: IntArray = _closes(lanes)
        self._row = 0
        self.mark: Mark = first_mark(books.money, _NOTHING, start)
        self._day = _day(round(start.timestamp() * 1000))
        self.halted_ms: int | None = None
        self._changes: list[_Change] = []

    def equity(self, time_ms: int) -> Decimal:
        """What everything is worth at the last closes."""
        total = self._books.money
        for lane in self._lanes:
            trade = lane.held
            if trade is None:
                continue
            price = lane.price_at(time_ms)
            assert price is not None
            if trade.instrument.kind is MarketKind.PERP:
                total += trade.unrealised(price)
            else:
                total += self._books.coins(trade.instrument.base) * price
        return total

    def before(self, time_ms: int) -> None:
        """Look at every close before `time_ms` that was not looked at yet, with what is held now."""
        stop = int(self.times.searchsorted(time_ms))
        if stop <= self._row:
            return
        held = [lane for lane in self._lanes if lane.held is not None]
        first, self._row = self._row, stop
        for time in self._telling(held, first, stop):
            self._look(time)

    def at(self, time_ms: int) -> None:
        """Look at the close of this very moment, if there is one."""
        if self._row < len(self.times) and self.times[self._row] == time_ms:
            self._row += 1
            self._look(time_ms)

    def note(self, time_ms: int) -> None:
        """From the closes at `time_ms` on this is what is held."""
        stakes = tuple(_stake(lane, self._books) for lane in self._lanes)
        change = _Change(time_ms, float(self._books.money), stakes)
        if self._changes and self._changes[-1].time_ms == time_ms:
            self._changes[-1] = change
        else:
            self._changes.append(change)

    def curve(self) -> Curve:
        """The worth at every close."""
        rows = np.searchsorted([one.time_ms for one in self._changes], self.times, side="right") - 1
        equity = np.array([one.money for one in self._changes])[rows]
        exposure, net = np.zeros(len(rows)), np.zeros(len(rows))
        for place, lane in enumerate(self._lanes):
            stakes = np.array([one.stakes[place] for one in self._changes])[rows]
            value = stakes[:, 0] * _prices(lane, self.times)
            equity = equity + value - stakes[:, 1]
            exposure, net = exposure + np.abs(value), net + value
        return Curve(time_ms=self.times, equity=equity, exposure=exposure, net=net)

    def _look(self, time_ms: int) -> None:
        equity = self.equity(time_ms)
        if equity > self.mark.high_water or _day(time_ms) != self._day:
            after = moved(self.mark, equity, _NOTHING, _NOTHING, utc(time_ms))
            assert after is not None
            self.mark, self._day = after, _day(time_ms)
        if self.halted_ms is None and drawdown(self.mark, equity) >= self._halt_at:
            self.halted_ms = time_ms

    def _telling(self, held: Sequence[Lane], first: int, stop: int) -> Sequence[int]:
        """The closes in rows `first` to `stop` that can move a mark: the highest worth, the first of the last
        day, and the first that loses too much."""
        last_ms = int(self.times[stop - 1])
        days = [] if _day(last_ms) == self._day else [self._first_of_day(first, last_ms)]
        if not held:
            return [int(self.times[first]), *days]
        if len(held) == 1:
            highest_ms, lowest = self._extremes(held[0], int(self.times[first]), last_ms)
            if not self._may_halt(highest_ms, lowest):
                return sorted({highest_ms, *days})
        return self._searched(held, self.times[first:stop], days)

    def _first_of_day(self, first: int, last_ms: int) -> int:
        """The first close of the day of `last_ms`, not before row `first`."""
        return int(self.times[max(first, int(self.times.searchsorted(Timeframe.D1.floor(last_ms))))])

    def _extremes(self, lane: Lane, first_ms: int, last_ms: int) -> tuple[int, Decimal]:
        """When one position was worth most, and the least that the account was worth, at closes of a time."""
        tape, trade = lane.tape, lane.held
        assert trade is not None
        begin, end = max(tape.rows_by(first_ms) - 1, 0), tape.rows_by(last_ms)
        closes = tape.close[begin:end]
        high, low = int(closes.argmax()), int(closes.argmin())
        best, worst = (high, low) if trade.direction.sign > 0 else (low, high)
        times = [max(int(tape.closes_ms[begin + row]), first_ms) for row in (best, worst)]
        return times[0], self.equity(times[1])

    def _may_halt(self, highest_ms: int, lowest: Decimal) -> bool:
        """Whether the way from the highest to the lowest would be a loss too large, whichever came first."""
        if self.halted_ms is not None:
            return False
        top = max(self.mark.high_water, self.equity(highest_ms))
        return top - lowest >= self._halt_at * top

    def _searched(self, held: Sequence[Lane], times: IntArray, days: Sequence[int]) -> Sequence[int]:
        """The same found close by close: near the extremes of what floats say, exactly."""
        worth = np.full(len(times), float(self._books.money))
        for lane in held:
            quantity, offset = _stake(lane, self._books)
            worth += quantity * _prices(lane, times) - offset
        scale = max(abs(float(worth.max())), 1.0) * _CLOSE_ENOUGH
        rows = {*np.flatnonzero(worth >= worth.max() - scale)[:_MOST].tolist(), *self._lost(worth, scale)}
        return sorted({*times[sorted(rows)].tolist(), *days})

    def _lost(self, worth: FloatArray, scale: float) -> list[int]:
        """The first rows at which the drawdown may be too large, and the highest before them."""
        if self.halted_ms is not None:
            return []
        top = np.maximum(np.maximum.accumulate(worth), float(self.mark.high_water))
        lost = np.flatnonzero(top - worth >= float(self._halt_at) * top - scale)
        if not len(lost):
            return []
        return [int(worth[: int(lost[0]) + 1].argmax()), *lost[:_MOST].tolist()]


class _Change:
    """What is held from the closes at `time_ms` on."""

    __slots__ = ("money", "stakes", "time_ms")

    def __init__(self, time_ms: int, money: float, stakes: tuple[tuple[float, float], ...]) -> None:
        self.time_ms = time_ms
        self.money = money
        self.stakes = stakes


def _stake(lane: Lane, books: Books) -> tuple[float, float]:
    """What is held with its sign, and what that cost of it which is not in the money."""
    trade = lane.held
    if trade is None:
        return 0.0, 0.0
    if trade.instrument.kind is MarketKind.SPOT:
        return float(books.coins(trade.instrument.base)), 0.0
    sign = trade.direction.sign
    return float(trade.quantity) * sign, float(trade.held_cost) * sign


def _prices(lane: Lane, times: IntArray) -> FloatArray:
    """The last close at each moment; zero before the first bar."""
    tape = lane.tape
    rows = tape.closes_ms.searchsorted(times, side="right") - 1
    prices = tape.close[np.maximum(rows, 0)] * float(tape.instrument.tick)
    return np.where(rows >= 0, prices, 0.0)


def _closes(lanes: Sequence[Lane]) -> IntArray:
    columns = [lane.tape.closes_ms[lane.tape.first : lane.tape.stop] for lane in lanes]
    return columns[0] if len(columns) == 1 else np.unique(np.concatenate(columns))


def _day(time_ms: int) -> int:
    return time_ms // Timeframe.D1.ms
