"""Coarser candles out of finer ones, and how they compare with what the venue says itself."""

import numpy as np

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, pick, resample

_PRICES = ("open", "high", "low", "close")


def completed(parts: Candles, part: Timeframe, whole: Timeframe) -> Candles:
    """Candles of `whole` of which every part is there; the others are left out."""
    if not len(parts):
        return parts
    _, counts = np.unique(parts.time_ms // whole.ms, return_counts=True)
    return pick(resample(parts, whole.ms), np.flatnonzero(counts == whole.ms // part.ms))


def forming(parts: Candles, part: Timeframe, whole: Timeframe, now_ms: int) -> Candles:
    """The candle of `whole` that holds `now_ms`, from its parts so far, the forming one included.

    Empty when one of them is missing: a candle that has forgotten its beginning is a wrong one.
    """
    start_ms = whole.floor(now_ms)
    here = between(parts, start_ms, start_ms + whole.ms)
    if len(here) != (now_ms - start_ms) // part.ms + 1:
        return here.rows(0, 0)
    return resample(here, whole.ms)


def differing(ours: Candles, theirs: Candles, *, volume_slack: float) -> Candles:
    """Those of `theirs` that `ours` tells otherwise: a price that is not the same, or a volume further off
    than `volume_slack` (base coin). Candles that only one side has are not compared."""
    _, mine, yours = np.intersect1d(ours.time_ms, theirs.time_ms, assume_unique=True, return_indices=True)
    left, right = pick(ours, mine), pick(theirs, yours)
    is_other = np.abs(left.volume - right.volume) > volume_slack
    for name in _PRICES:
        is_other |= getattr(left, name) != getattr(right, name)
    return pick(right, np.flatnonzero(is_other))
