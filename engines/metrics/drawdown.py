"""How far an account fell below what it had been worth before, and for how long."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.core.candle import FloatArray, IntArray

_BLOCK: Final = 512


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
    """Every fall of a series, in order of time: `peak` and `after` are the rows of its peak (-1: the opening)
    and of the peak that came after it (the number of rows: none did)."""

    time_ms: IntArray
    equity: FloatArray
    start_ms: int
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
        begun = np.where(self.peak < 0, self.start_ms, self.time_ms[self.peak])
        ended = self.time_ms[np.minimum(self.after, len(self.time_ms) - 1)]
        return int((ended - begun).max())

    def worst(self, most: int) -> tuple[Drawdown, ...]:
        """The `most` deepest, deepest first."""
        order = np.argsort(-self.depth, kind="stable")[:most]
        return tuple(self._of(int(one)) for one in order)

    def _of(self, one: int) -> Drawdown:
        first, after = int(self.peak[one]) + 1, int(self.after[one])
        trough = first + int(self.equity[first:after].argmin())
        return Drawdown(
            depth=float(self.depth[one]),
            peak_ms=int(self.time_ms[first - 1]) if first else self.start_ms,
            trough_ms=int(self.time_ms[trough]),
            recovered_ms=int(self.time_ms[after]) if after < len(self.time_ms) else None,
            end_ms=int(self.time_ms[-1]),
        )


def falls(time_ms: IntArray, equity: FloatArray, *, opening: float, start_ms: int) -> Falls:
    """The falls of an account that was worth `opening` (above 0) at `start_ms`."""
    highest = _peaks(equity, opening)
    peak, after = np.append(-1, highest), np.append(highest, len(equity))
    has_fallen = after - peak > 1
    peak, after = peak[has_fallen], after[has_fallen]
    lowest = np.minimum.reduceat(equity, peak + 1) if len(peak) else np.empty(0)
    return Falls(
        time_ms=time_ms,
        equity=equity,
        start_ms=start_ms,
        peak=peak,
        after=after,
        depth=1 - lowest / np.where(peak < 0, opening, equity[peak]),
    )


def _peaks(equity: FloatArray, opening: float) -> IntArray:
    """Rows that are not below the opening or any row before them. Blocks whose highest is below an earlier
    one are skipped: most of a curve is, and a running maximum costs more than anything else here."""
    first = np.arange(0, len(equity), _BLOCK)
    highest = np.maximum.reduceat(equity, first)
    blocks = first[highest == np.maximum(np.maximum.accumulate(highest), opening)]
    rows = (blocks[:, None] + np.arange(_BLOCK)).ravel()
    rows = rows[: np.searchsorted(rows, len(equity))]
    kept = equity[rows]
    peaks: IntArray = rows[kept == np.maximum(np.maximum.accumulate(kept), opening)]
    return peaks


def under_water(equity: FloatArray, opening: float) -> FloatArray:
    """How far below its highest the account stood at each bar: 0 at a peak, -0.2 a fifth below it."""
    highest = np.maximum(np.maximum.accumulate(equity), opening)
    below: FloatArray = equity / highest - 1
    return below
