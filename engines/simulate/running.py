"""What points of parameters come to on markets: by kernels where they can tell, else by the replay."""

from collections.abc import Callable
from functools import cache
from typing import Any

from engines.core.candle import IntArray
from engines.simulate.columns import round_columns
from engines.simulate.history import History
from engines.simulate.kernel.calls import CALLS
from engines.simulate.kernel.points import played
from engines.simulate.kernel.prepare import prepared, terms_row
from engines.simulate.replay.replay import replay
from engines.simulate.stitching import Outcome
from engines.simulate.terms import Terms
from engines.strategies.catalog import STRATEGIES

Runner = Callable[[Any], Outcome]
"""Plays one point of parameters."""


def runner(history: History, strategy: str, terms: Terms, *, is_gated: bool) -> Runner:
    """What plays points on `history`, under the limits of the terms where it `is_gated`. It remembers what
    points share, and has one owner. Raises `ValueError` for a history that cannot be played."""
    replayed = _replaying(history, strategy, terms)
    is_plain = len(history.markets) == 1 and not history.outages and not history.gates
    if is_gated or not is_plain or strategy not in CALLS:
        return replayed
    return _by_kernel(history, strategy, terms, replayed)


def _replaying(history: History, strategy: str, terms: Terms) -> Runner:
    def play(point: Any) -> Outcome:
        run = replay(history, STRATEGIES[strategy], point, terms)
        return run.curve, round_columns(run.rounds)

    return play


def _by_kernel(history: History, strategy: str, terms: Terms, replayed: Runner) -> Runner:
    ready = prepared(history.markets[0], history.start_ms, history.stop_ms)
    calls = CALLS[strategy](ready)

    @cache
    def row(leverage: int) -> IntArray:
        return terms_row(ready, terms, leverage)

    def play(point: Any) -> Outcome:
        try:
            terms_of = row(calls.leverage(point))
            made = played(ready, strategy, point, calls.rows(point), terms_of, terms.opening)
        except ValueError:  # more than kernels can count: the replay gives the same trades, slowly
            return replayed(point)
        return made.curve, made.rounds

    return play
