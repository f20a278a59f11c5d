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
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.metrics.series import Curve
from engines.risk.breakers import drawdown
from engines.risk.mark import Mark, first_mark, moved
from engines.simulate.replay.books import Books
from engines.simulate.replay.lane import Lane

_CLOSE_ENOUGH: Final = 1e-9
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
        after = moved(self.mark, equity, _NOTHING, _NOTHING, utc(time_ms))
        assert after is not None
        self.mark = after
        if self.halted_ms is None and drawdown(after, equity) >= self._halt_at:
            self.halted_ms = time_ms

    def _telling(self, held: Sequence[Lane], first: int, stop: int) -> list[int]:
        """The closes in rows `first` to `stop` that can move a mark: the highest worth, the first of the last
        day, and the first that loses too much."""
        times = self.times[first:stop]
        rows = {len(times) - 1, int(times.searchsorted(_midnight(int(times[-1]))))}
        if held:
            worth = np.zeros(len(times))
            for lane in held:
                quantity, offset = _stake(lane, self._books)
                worth += quantity * _prices(lane, times) - offset
            worth += float(self._books.money)
            scale = max(abs(float(worth.max())), 1.0) * _CLOSE_ENOUGH
            rows.update(np.flatnonzero(worth >= worth.max() - scale)[:1].tolist())
            rows.update(self._lost(worth, scale))
        told: list[int] = times[sorted(rows)].tolist()
        return told

    def _lost(self, worth: FloatArray, scale: float) -> list[int]:
        """The first row at which the drawdown may be too large, and the highest before it."""
        if self.halted_ms is not None:
            return []
        top = np.maximum(np.maximum.accumulate(worth), float(self.mark.high_water))
        lost = np.flatnonzero(top - worth >= float(self._halt_at) * top - scale)
        if not len(lost):
            return []
        first = int(lost[0])
        return [int(worth[: first + 1].argmax()), *lost[:8].tolist()]


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
    return np.unique(np.concatenate(columns)) if columns else np.empty(0, np.int64)


def _midnight(time_ms: int) -> int:
    return Timeframe.D1.floor(time_ms)
