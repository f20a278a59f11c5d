"""Whether a formula holds, at one close or at many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

import numpy as np
import numpy.typing as npt

from engines.alerts.formula import Comparison, Formula, Op, Series
from engines.core.candle import FloatArray, IntArray
from engines.core.timeframe import Timeframe

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Series of one market and timeframe by name, one entry a closed candle. `closed_ms` is when each closed
    (UTC epoch milliseconds, rising), `close` its price then."""

    timeframe: Timeframe
    closed_ms: IntArray
    close: FloatArray
    values: Mapping[str, FloatArray]

    def at(self, output: str, moments: IntArray) -> FloatArray:
        """The values that were known at those moments; NaN where the candle is missing, or the series is."""
        column = self.values.get(output)
        if column is None or not len(column):
            return np.full(len(moments), np.nan)
        last = moments - moments % self.timeframe.ms
        places = np.minimum(np.searchsorted(self.closed_ms, last), len(column) - 1)
        return np.where(self.closed_ms[places] == last, column[places], np.nan)


@dataclass(frozen=True, slots=True)
class Reading:
    """Both sides of a comparison at one close; NaN where one is not known."""

    left: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """One entry a moment. Where something is missing that would decide it, a formula is neither true nor
    `is_false`."""

    is_true: BoolArray
    is_false: BoolArray


Frames = Mapping[Timeframe, Columns]


def judge(formula: Formula, frames: Frames, moments: IntArray) -> Truth:
    """Whether `formula` held at each of `moments` (UTC ms). What warms up or is missing is not true."""
    each = [_compared(one, frames, moments) for one in formula.comparisons]
    true_where, false_where = (
        (np.logical_or, np.logical_and) if formula.is_any else (np.logical_and, np.logical_or)
    )
    return Truth(
        is_true=reduce(true_where, (one.is_true for one in each)),
        is_false=reduce(false_where, (one.is_false for one in each)),
    )


def read(formula: Formula, frames: Frames, moment_ms: int) -> Sequence[Reading]:
    """What each comparison compares at that moment."""
    moment = np.array([moment_ms], dtype=np.int64)
    sides = [(one.left, one.right) for one in formula.comparisons]
    return [
        Reading(float(_side(left, frames, moment)[0]), float(_side(right, frames, moment)[0]))
        for left, right in sides
    ]


def known_before(formula: Formula, frames: Frames) -> int:
    """The moment (UTC ms) before which every candle that counts is there; 0 where a timeframe has none."""
    used = [frames[timeframe] for timeframe in formula.specs]
    return min(int(one.closed_ms[-1]) + one.timeframe.ms if len(one.closed_ms) else 0 for one in used)


def moments_of(formula: Formula, frames: Frames) -> IntArray:
    """When it can be judged (UTC ms): each close of its shortest timeframe for which the candles of all
    others are there."""
    moments = frames[formula.timeframe].closed_ms
    return moments[: int(np.searchsorted(moments, known_before(formula, frames)))]


def _compared(comparison: Comparison, frames: Frames, moments: IntArray) -> Truth:
    left, right = (_side(side, frames, moments) for side in (comparison.left, comparison.right))
    if not comparison.op.is_crossing:
        is_true = left > right if comparison.op is Op.ABOVE else left < right
        return Truth(is_true=is_true, is_false=np.isfinite(left) & np.isfinite(right) & ~is_true)
    step = comparison.timeframe.ms
    earlier = moments - moments % step - step
    left_before, right_before = (_side(side, frames, earlier) for side in (comparison.left, comparison.right))
    up = (left_before <= right_before) & (left > right)
    down = (left_before >= right_before) & (left < right)
    is_true = {Op.CROSSES_ABOVE: up, Op.CROSSES_BELOW: down, Op.CROSSES: up | down}[comparison.op]
    is_known = np.isfinite([left, right, left_before, right_before]).all(axis=0)
    return Truth(is_true=is_true, is_false=is_known & ~is_true)


def _side(side: Series | Decimal, frames: Frames, moments: IntArray) -> FloatArray:
    if isinstance(side, Series):
        return frames[side.timeframe].at(side.output, moments) * float(side.factor)
    return np.full(len(moments), float(side))
