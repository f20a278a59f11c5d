"""Sudden moves that someone asked for: from its moment on, a shock multiplies every price of a coin."""

import bisect

import numpy as np

from engines.core.candle import FloatArray, IntArray


class Shocks:
    """The shocks of one coin, in order of time."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._levels: list[float] = [1.0]

    def __len__(self) -> int:
        return len(self._times)

    def add(self, at_ms: int, factor: float) -> None:
        """Multiply prices by `factor` from `at_ms` on. Shocks come in order of time."""
        if self._times and at_ms < self._times[-1]:
            raise ValueError("a shock cannot come before the last one")
        self._times.append(at_ms)
        self._levels.append(self._levels[-1] * factor)

    def level(self, at_ms: int) -> float:
        """What all shocks up to `at_ms` multiply a price by."""
        return self._levels[bisect.bisect_right(self._times, at_ms)]

    def levels(self, times_ms: IntArray) -> FloatArray:
        """`level` for many moments."""
        return np.array(self._levels)[np.searchsorted(self._times, times_ms, side="right")]

    def within(self, start_ms: int, stop_ms: int) -> list[int]:
        """Moments of shocks strictly between the two."""
        first = bisect.bisect_right(self._times, start_ms)
        return self._times[first : bisect.bisect_left(self._times, stop_ms)]

    def state(self) -> list[list[float]]:
        """Pairs of moment and level, for `restore`."""
        return [[at, level] for at, level in zip(self._times, self._levels[1:], strict=True)]

    def restore(self, state: list[list[float]]) -> None:
        """Take over the shocks of an earlier run."""
        self._times = [int(at) for at, _ in state]
        self._levels = [1.0, *(float(level) for _, level in state)]
