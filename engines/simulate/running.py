"""What points of parameters come to on markets: by kernels where they can tell, else by the replay."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from engines.core.candle import IntArray
from engines.metrics.days import DAY_MS
from engines.metrics.series import Curve
from engines.simulate.columns import round_columns
from engines.simulate.history import History
from engines.simulate.kernel import book, table
from engines.simulate.kernel.calls import CALLS
from engines.simulate.kernel.points import Point, played
from engines.simulate.kernel.prepare import Prepared, prepared, terms_row
from engines.simulate.replay.replay import replay
from engines.simulate.stitching import Outcome
from engines.simulate.terms import Terms
from engines.strategies.catalog import STRATEGIES

Runner = Callable[[Any], Outcome]
"""Plays one point of parameters."""


def runner(
    history: History,
    strategy: str,
    terms: Terms,
    *,
    is_gated: bool,
    is_daily: bool = False,
    is_shared: bool = True,
) -> Runner:
    """What plays points on `history`, under the limits of the terms where it `is_gated`. Where it `is_daily`
    the curve has the last bar of each UTC day only, which is quicker. It remembers what points share, unless
    it is made for one alone (not `is_shared`), and has one owner. Raises `ValueError` for a history that
    cannot be played."""
    replayed = _replaying(history, strategy, terms, is_daily=is_daily)
    is_plain = len(history.markets) == 1 and not history.outages and not history.gates
    if is_gated or not is_plain or strategy not in CALLS:
        return replayed
    try:
        ready = prepared(history.markets[0], history.start_ms, history.stop_ms)
    except ValueError:  # finer or larger numbers than kernels can count
        return replayed
    calls = CALLS[strategy](ready, is_shared=is_shared)
    return _by_kernel(ready, strategy, calls, terms, replayed, is_daily=is_daily)


def _replaying(history: History, strategy: str, terms: Terms, *, is_daily: bool) -> Runner:
    def play(point: Any) -> Outcome:
        run = replay(history, STRATEGIES[strategy], point, terms)
        curve = _thinned(run.curve, last_of_days(run.curve.time_ms)) if is_daily else run.curve
        return curve, round_columns(run.rounds)

    return play


def _by_kernel(
    ready: Prepared, strategy: str, calls: Any, terms: Terms, replayed: Runner, *, is_daily: bool
) -> Runner:
    days = last_of_days(ready.closes_ms[ready.first : ready.stop]) + ready.first

    @cache
    def row(leverage: int) -> IntArray:
        return terms_row(ready, terms, leverage)

    def play(point: Any) -> Outcome:
        try:
            terms_of = row(calls.leverage(point))
            made = played(ready, strategy, point, calls.rows(point), terms_of, terms.opening)
        except ValueError:  # more than kernels can count: the replay gives the same trades, slowly
            return replayed(point)
        return _curve_at(made, days) if is_daily else made.curve, made.rounds

    return play


def last_of_days(closes_ms: IntArray) -> IntArray:
    """Rows of the last bar of each UTC day; a bar that closes at midnight belongs to the day before."""
    if not len(closes_ms):
        return np.empty(0, np.int64)
    return np.append(np.flatnonzero(np.diff((closes_ms - 1) // DAY_MS)), len(closes_ms) - 1)


def _thinned(curve: Curve, rows: IntArray) -> Curve:
    return Curve(
        time_ms=curve.time_ms[rows],
        equity=curve.equity[rows],
        exposure=curve.exposure[rows],
        net=curve.net[rows],
    )


def _curve_at(made: Point, rows: IntArray) -> Curve:
    """`Point.curve` at some bars, without making all of it."""
    ready, changes = made.prepared, made.changes
    last = changes[:, table.C_ROW].searchsorted(rows, side="right") - 1
    columns = changes[last, table.C_MONEY :].astype(np.float64)
    value = columns[:, 1] * (ready.close[rows] * ready.unit)
    return Curve(
        time_ms=ready.closes_ms[rows],
        equity=(columns[:, 0] + value - columns[:, 2]) / book.SCALE,
        exposure=np.abs(value) / book.SCALE,
        net=value / book.SCALE,
    )
