"""Whether the times of a series are as far apart as its timeframe says."""

from typing import Final

import numpy as np

from engines.core.candle import IntArray
from engines.core.timeframe import Timeframe

_RUN: Final = 12
"""So many steps of another timeframe in a row are no accident of missing candles."""


def foreign(time_ms: IntArray, timeframe: Timeframe) -> tuple[int, Timeframe] | None:
    """The row from which on the candles are of another timeframe, and of which; `None` where they are not."""
    steps = np.diff(time_ms)
    for other in Timeframe:
        if other is timeframe or len(steps) == 0:
            continue
        if (row := _run(steps == other.ms, min(_RUN, max(2, len(steps))))) is not None:
            return row, other
    return None


def _run(is_step: "np.ndarray[tuple[int], np.dtype[np.bool_]]", length: int) -> int | None:
    """Where the first run of so many `True` begins."""
    edges = np.diff(np.concatenate(([0], is_step.astype(np.int8), [0])))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    long = np.flatnonzero(stops - starts >= length)
    return int(starts[long[0]]) if len(long) else None
