"""How far the figures of a run could have come out otherwise: intervals by resampling its days in blocks.

Circular block bootstrap (D. N. Politis and J. P. Romano, "A Circular Block-Resampling Procedure for
Stationary Data", 1992): days are drawn in runs of neighbours, so that what hangs together over days stays
together. The length of a block grows with the cube root of their number (P. Hall, J. L. Horowitz and
B.-Y. Jing, "On Blocking Rules for the Bootstrap with Dependent Data", Biometrika 82, 1995). Intervals are
between percentiles of the draws. They tell of luck inside the time that was played, not of other times.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.core.candle import FloatArray, IntArray
from engines.metrics.days import DAYS_A_YEAR, DUST, daily
from engines.metrics.measure import SHORTEST_DAYS
from engines.metrics.series import Curve, RoundColumns
from engines.metrics.sharpe import moments

DRAWS: Final = 2000
LEVEL: Final = 0.95
_CELLS: Final = 1_000_000  # returns drawn at a time, so that memory stays small
_FEWEST: Final = 5  # positions below which nothing is drawn from them
_UNBOUNDED: Final = 1e300

Figure = Callable[[FloatArray], FloatArray]
"""A figure of each row of returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Between `low` and `high` lies the share `LEVEL` of the draws; `None`: without an end there."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Of the figures of `Metrics`; `max_drawdown` is at the ends of days. `excess` is the growth of a year
    measured in the holding beside it, both drawn from the same days (-0.2: each year it lost a fifth against
    holding); `better` the share of draws in which it grew more. `None`: the run is too short, did not move,
    or lost everything."""

    draws: int
    block_days: int
    roi: Interval | None
    cagr: Interval | None
    sharpe: Interval | None
    max_drawdown: Interval | None
    profit_factor: Interval | None
    excess: Interval | None
    better: float | None


def intervals(
    curve: Curve,
    rounds: RoundColumns,
    *,
    opening: float,
    rng: np.random.Generator,
    holding: FloatArray | None = None,
    draws: int = DRAWS,
    block_days: int | None = None,
) -> Intervals:
    """Intervals for an account that began with `opening`, beside the equity of a `holding` at the same bars.
    The same `rng` state gives the same intervals."""
    kept = daily(curve.time_ms, curve.equity, opening)
    days = kept.returns
    size = block_days or block_length(len(days))
    net = rounds.net[~rounds.is_open]
    theirs = None if holding is None else daily(curve.time_ms, holding, opening).returns
    is_ruined = bool(kept.equity[-1] <= DUST * opening)
    if is_ruined or len(days) < SHORTEST_DAYS or moments(days).deviation is None:
        return _nothing(draws, size)
    drawn = _drawn(days, theirs, rng, draws, size)
    return Intervals(
        draws=draws,
        block_days=size,
        roi=_interval(drawn.growth - 1),
        cagr=_interval(_yearly(drawn.growth, len(days))),
        sharpe=_interval(drawn.sharpe),
        max_drawdown=_interval(drawn.depth),
        profit_factor=_factors(net, rng, draws),
        excess=None if drawn.excess is None else _interval(drawn.excess),
        better=None if drawn.excess is None else float(np.mean(drawn.excess > 0)),
    )


def block_length(count: int) -> int:
    """Neighbours drawn together out of `count`."""
    return max(1, math.ceil(math.cbrt(count)))


def block_rows(rng: np.random.Generator, count: int, *, draws: int, size: int) -> IntArray:
    """`draws` rows of `count` places: blocks of `size` neighbours, the last followed by the first."""
    blocks = -(-count // size)
    starts = rng.integers(0, count, (draws, blocks, 1))
    rows: IntArray = ((starts + np.arange(size)) % count).reshape(draws, -1)[:, :count]
    return rows


@dataclass(frozen=True, slots=True)
class _Drawn:
    growth: FloatArray
    sharpe: FloatArray
    depth: FloatArray
    excess: FloatArray | None


def _drawn(
    days: FloatArray, theirs: FloatArray | None, rng: np.random.Generator, draws: int, size: int
) -> _Drawn:
    parts = []
    share = max(1, _CELLS // len(days))
    for first in range(0, draws, share):
        rows = block_rows(rng, len(days), draws=min(share, draws - first), size=size)
        parts.append(_part(days, theirs, rows))
    growth, sharpe, depth, excess = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Drawn(growth, sharpe, depth, None if theirs is None else excess)


def _part(
    days: FloatArray, theirs: FloatArray | None, rows: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    returns = days[rows]
    path: FloatArray = np.cumprod(1 + returns, axis=1, dtype=np.float64)
    growth: FloatArray = path[:, -1]
    excess = np.empty(0)
    if theirs is not None:
        other: FloatArray = np.prod(1 + theirs[rows], axis=1)
        excess = _yearly(growth / other, len(days))
    return growth, _sharpes(returns), _depths(path), excess


def _yearly(growth: FloatArray, days: int) -> FloatArray:
    yearly: FloatArray = np.maximum(growth, 0.0) ** (DAYS_A_YEAR / days) - 1
    return yearly


def _sharpes(returns: FloatArray) -> FloatArray:
    """0 for a draw that never moved."""
    deviation = returns.std(axis=1, ddof=1)
    moved = np.where(deviation > 0, deviation, np.inf)
    ratios: FloatArray = returns.mean(axis=1) / moved * math.sqrt(DAYS_A_YEAR)
    return ratios


def _depths(path: FloatArray) -> FloatArray:
    highest = np.maximum(np.maximum.accumulate(path, axis=1), 1.0)
    depths: FloatArray = (1 - path / highest).max(axis=1)
    return depths


def _factors(net: FloatArray, rng: np.random.Generator, draws: int) -> Interval | None:
    """Of the profit factor, from positions in blocks. A draw without a loss has no end above."""
    if len(net) < _FEWEST or not (net < 0).any():
        return None
    drawn = net[block_rows(rng, len(net), draws=draws, size=block_length(len(net)))]
    lost = -np.minimum(drawn, 0.0).sum(axis=1)
    won = np.maximum(drawn, 0.0).sum(axis=1)
    return _interval(np.where(lost > 0, won / np.where(lost > 0, lost, 1.0), np.inf))


def _interval(values: FloatArray) -> Interval:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, (tail, 1 - tail), method="inverted_cdf")
    return Interval(low=_bounded(float(low)), high=_bounded(float(high)))


def _bounded(value: float) -> float | None:
    return value if abs(value) < _UNBOUNDED else None


def _nothing(draws: int, size: int) -> Intervals:
    return Intervals(
        draws=draws,
        block_days=size,
        roi=None,
        cagr=None,
        sharpe=None,
        max_drawdown=None,
        profit_factor=None,
        excess=None,
        better=None,
    )
