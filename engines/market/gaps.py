"""Which candles of a series are missing, and which ranges to fetch for them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engines.core.candle import IntArray
from engines.core.timeframe import Timeframe


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open times in `[start_ms, stop_ms)` (UTC epoch milliseconds)."""

    start_ms: int
    stop_ms: int

    def count(self, timeframe: Timeframe) -> int:
        """How many candles open in it."""
        return max(0, _first_open(self.stop_ms, timeframe) - _first_open(self.start_ms, timeframe))

    def pages(self, timeframe: Timeframe, most: int) -> Iterator["Span"]:
        """The same in parts of at most `most` candles, the newest first: what is read first is repaired
        first."""
        stop_ms = self.stop_ms
        while stop_ms > self.start_ms:
            start_ms = max(self.start_ms, (_first_open(stop_ms, timeframe) - most) * timeframe.ms)
            yield Span(start_ms, stop_ms)
            stop_ms = start_ms


def missing(time_ms: IntArray, timeframe: Timeframe, wanted: Span) -> list[Span]:
    """The parts of `wanted` in which no candle opens, the oldest first.

    `time_ms` are the open times there are, rising and aligned; those outside `wanted` do not matter.
    """
    step = timeframe.ms
    start_ms = _first_open(wanted.start_ms, timeframe) * step
    stop_ms = _first_open(wanted.stop_ms, timeframe) * step
    first, last = np.searchsorted(time_ms, (start_ms, stop_ms))
    edges = np.concatenate(([start_ms - step], time_ms[first:last], [max(start_ms, stop_ms)]))
    before = np.flatnonzero(np.diff(edges) > step)
    return [Span(int(edges[at]) + step, int(edges[at + 1])) for at in before]


def is_whole(time_ms: IntArray, timeframe: Timeframe, wanted: Span) -> bool:
    """Whether every candle that opens in `wanted` is there."""
    return not missing(time_ms, timeframe, wanted)


def _first_open(time_ms: int, timeframe: Timeframe) -> int:
    """Number (counted from the epoch) of the first candle that opens at `time_ms` or later."""
    return -(-time_ms // timeframe.ms)
