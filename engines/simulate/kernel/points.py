"""Points of a grid of parameters, one after the other over one market.

Ungated: what a rule would do by itself. The same trades as the replay with `OPEN_LIMITS`, to the last digit,
in a thousandth of its time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import FloatArray, IntArray
from engines.metrics.series import Curve, RoundColumns
from engines.simulate.kernel import book as account
from engines.simulate.kernel import table
from engines.simulate.kernel.calls import CALLS
from engines.simulate.kernel.curve import unfold
from engines.simulate.kernel.play import play
from engines.simulate.kernel.prepare import Prepared, counted, terms_row
from engines.simulate.kernel.table import Table
from engines.simulate.terms import Terms

_PROBLEMS = {
    table.OUTGREW: "the account outgrew the 90 million that kernels count: begin with less",
    table.CROWDED: f"more than {table.MOST_RESTING} limits at once: use the replay",
    table.FULL: "more fills than calls can make",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """What one point came to; `equity` is the worth at the end, exact. `fills`, `positions` and `changes`
    are rows as `engines.simulate.kernel.table` lays them out."""

    prepared: Prepared
    strategy: str
    params: Any
    opening: Decimal
    equity: Decimal
    fills: IntArray
    positions: IntArray
    changes: IntArray

    @property
    def curve(self) -> Curve:
        """The worth at the close of every bar; made when asked for."""
        prepared = self.prepared
        times_ms = prepared.closes_ms[prepared.first : prepared.stop]
        equity, net = np.empty(len(times_ms)), np.empty(len(times_ms))
        unfold(self.changes, prepared.close, prepared.unit, prepared.first, equity, net)
        return Curve(time_ms=times_ms, equity=equity, exposure=np.abs(net), net=net)

    @property
    def rounds(self) -> RoundColumns:
        """Its positions."""
        rows = self.positions
        return RoundColumns(
            opened_ms=self.times_ms(rows[:, table.R_OPENED]),
            closed_ms=self.closed_ms(),
            gross=_money(rows[:, table.R_GROSS]),
            fees=_money(rows[:, table.R_FEES]),
            funding=_money(rows[:, table.R_FUNDING]),
            traded=_money(rows[:, table.R_COST] + self._left()),
            risk=np.where(rows[:, table.R_HAS_RISK] == 1, _money(rows[:, table.R_RISK]), np.nan),
            is_open=rows[:, table.R_IS_OPEN] == 1,
        )

    def _left(self) -> IntArray:
        """What positions were left for; one that is held at the end, at the last close."""
        rows, prepared = self.positions, self.prepared
        last = prepared.bars[table.CLOSE, prepared.stop - 1] * prepared.unit
        return np.where(
            rows[:, table.R_IS_OPEN] == 1, rows[:, table.R_ENTERED] * last, rows[:, table.R_PROCEEDS]
        )

    def times_ms(self, moments: IntArray) -> IntArray:
        """Moments of fills as times (UTC ms)."""
        bars = moments // 2
        return np.where(moments % 2 == 1, self.prepared.closes_ms[bars], self.prepared.opens_ms[bars])

    def filled_ms(self) -> IntArray:
        """When each fill was."""
        return self._ended_ms(self.fills[:, table.FILL_AT], self.fills[:, table.FILL_PURPOSE])

    def closed_ms(self) -> IntArray:
        """When each position ended; one that is held at the end, then."""
        rows = self.positions
        times = self._ended_ms(rows[:, table.R_CLOSED], rows[:, table.R_PURPOSE])
        return np.where(rows[:, table.R_IS_OPEN] == 1, self.prepared.stop_ms, times)

    def _ended_ms(self, moments: IntArray, purposes: IntArray) -> IntArray:
        """Times of fills, of those that came with the end of the market that moment."""
        times, delisted_ms = self.times_ms(moments), self.prepared.market.delisted_ms
        if delisted_ms is None:
            return times
        return np.where(purposes == table.MANUAL, delisted_ms, times)


def points(prepared: Prepared, strategy_name: str, points: Sequence[Any], terms: Terms) -> Iterator[Point]:
    """Each of `points`, which are parameters of the strategy, in their order. Indicators that they share are
    reckoned once.

    Raises `ValueError` for a strategy without kernels, for terms and parameters that kernels cannot count,
    and for an account that outgrows them.
    """
    if strategy_name not in CALLS:
        raise ValueError(f"{strategy_name} has no kernel: use the replay")
    calls = CALLS[strategy_name](prepared, is_shared=len(points) > 1)
    for params in points:
        rows = terms_row(prepared, terms, calls.leverage(params))
        yield played(prepared, strategy_name, params, calls.rows(params), rows, terms.opening)


def played(
    prepared: Prepared, strategy: str, params: Any, calls: IntArray, terms: IntArray, opening: Decimal
) -> Point:
    """One run of `calls` under `terms`, both laid out for kernels. Raises `ValueError` for an account that
    outgrows what they count."""
    room = _laid_out(prepared, calls, terms)
    book = room.book
    book[account.CASH] = counted("opening", opening)
    play(room, prepared.first, prepared.stop)
    if book[account.PROBLEM]:
        raise ValueError(_PROBLEMS[int(book[account.PROBLEM])])
    equity = account.worth(book, terms, int(prepared.bars[table.CLOSE, prepared.stop - 1]))
    return Point(
        prepared=prepared,
        strategy=strategy,
        params=params,
        opening=opening,
        equity=Decimal(int(equity)) / account.SCALE,
        fills=_written(room.fills, book[account.FILLS], table.FILL_SIZE),
        positions=_written(room.rounds, book[account.ROUNDS], table.ROUND_SIZE),
        changes=_written(room.changes, book[account.CHANGES], table.CHANGE_SIZE),
    )


def _laid_out(prepared: Prepared, calls: IntArray, terms: IntArray) -> Table:
    """Room for all that calls can make: of each at most a way out, a way in, and the ends of that."""
    most = (len(calls) + 1) * (3 + account.MOST_TARGETS)
    changes = most + len(prepared.fundings) + 1
    terms[account.BARS], terms[account.CALLS] = prepared.bars.shape[1], len(calls)
    terms[account.FUNDINGS] = len(prepared.fundings)
    terms[account.MOST_FILLS], terms[account.MOST_ROUNDS] = most, len(calls) + 1
    terms[account.MOST_CHANGES] = changes
    return Table(
        book=np.zeros(account.SIZE, np.int64),
        terms=terms,
        bars=prepared.bars.ravel(),
        calls=np.ascontiguousarray(calls).ravel(),
        fundings=np.ascontiguousarray(prepared.fundings).ravel(),
        orders=np.zeros(table.MOST_RESTING * table.ORDER_SIZE, np.int64),
        fills=np.empty(most * table.FILL_SIZE, np.int64),
        rounds=np.empty((len(calls) + 1) * table.ROUND_SIZE, np.int64),
        changes=np.empty(changes * table.CHANGE_SIZE, np.int64),
    )


def _written(rows: IntArray, count: int, width: int) -> IntArray:
    """The rows that were written, on their own."""
    return rows[: count * width].reshape(-1, width).copy()


def _money(column: IntArray) -> FloatArray:
    money: FloatArray = column / account.SCALE
    return money
