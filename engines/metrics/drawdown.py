"""How far an account fell below what it had been worth before, and for how long."""

from dataclasses import dataclass

import numpy as np

from engines.core.candle import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """One fall. `depth` is a fraction of the peak (above 1: debts). Times are UTC ms; `recovered_ms` is when
    the peak was reached again, `None` if it was not before `end_ms`, the end of the series."""

    depth: float
    peak_ms: int
    trough_ms: int
    recovered_ms: int | None
    end_ms: int

    @property
    def length_ms(self) -> int:
        """From the peak until it was reached again, or until the end."""
        return (self.end_ms if self.recovered_ms is None else self.recovered_ms) - self.peak_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Falls:
    """Every fall of a series, in order of time: rows of peaks, of the peaks after them (the number of rows
    where none came), and depths. Row 0 is the opening."""

    time_ms: IntArray
    equity: FloatArray
    peak: IntArray
    after: IntArray
    depth: FloatArray

    @property
    def deepest(self) -> Drawdown | None:
        """The worst one; `None` if it never fell."""
        return self._of(int(self.depth.argmax())) if len(self.depth) else None

    @property
    def longest_ms(self) -> int:
        """The longest time below a peak."""
        if not len(self.peak):
            return 0
        ends = self.time_ms[np.minimum(self.after, len(self.time_ms) - 1)]
        return int((ends - self.time_ms[self.peak]).max())

    def worst(self, most: int) -> tuple[Drawdown, ...]:
        """The `most` deepest, deepest first."""
        order = np.argsort(-self.depth, kind="stable")[:most]
        return tuple(self._of(int(one)) for one in order)

    def _of(self, one: int) -> Drawdown:
        peak, after = int(self.peak[one]), int(self.after[one])
        trough = peak + int(self.equity[peak:after].argmin())
        return Drawdown(
            depth=float(self.depth[one]),
            peak_ms=int(self.time_ms[peak]),
            trough_ms=int(self.time_ms[trough]),
            recovered_ms=int(self.time_ms[after]) if after < len(self.time_ms) else None,
            end_ms=int(self.time_ms[-1]),
        )


def falls(time_ms: IntArray, equity: FloatArray, *, opening: float, start_ms: int) -> Falls:
    """The falls of an account that was worth `opening` (above 0) at `start_ms`."""
    times = np.concatenate(([start_ms], time_ms))
    worth = np.concatenate(([opening], equity))
    peaks = np.flatnonzero(worth == np.maximum.accumulate(worth))
    after = np.append(peaks[1:], len(worth))
    has_fallen = after - peaks > 1
    lowest = np.minimum.reduceat(worth, peaks)[has_fallen]
    peaks = peaks[has_fallen]
    return Falls(
        time_ms=times,
        equity=worth,
        peak=peaks,
        after=after[has_fallen],
        depth=1 - lowest / worth[peaks],
    )


def under_water(equity: FloatArray, opening: float) -> FloatArray:
    """How far below its highest the account stood at each bar: 0 at a peak, -0.2 a fifth below it."""
    highest = np.maximum(np.maximum.accumulate(equity), opening)
    below: FloatArray = equity / highest - 1
    return below
