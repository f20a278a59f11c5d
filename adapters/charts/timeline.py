"""The horizontal axis: where candles stand in time, with gaps as gaps."""

from dataclasses import dataclass

import numpy as np

from engines.core.candle import FloatArray, IntArray

_MIN_SLOTS = 24  # fewer candles stand at the right edge instead of growing wide
_RIGHT_SLOTS = 1.5  # free room between the last candle and the price axis
_LONGEST_GAP = 0.25  # of the number of candles; a longer one is cut
_CUT_SLOTS = 0.06  # width of a cut, of the number of candles


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`x` holds the middle of each candle in pixels, `slot` is the room of one candle.

    `gaps` are indices of candles before which others are missing; `cuts` are the middles of gaps too long
    to be shown at their true length.
    """

    x: FloatArray
    slot: float
    gaps: IntArray
    cuts: FloatArray


def timeline(time_ms: IntArray, timeframe_ms: int, *, left: float, right: float) -> Timeline:
    """Candles spread evenly over `left`..`right` by time."""
    count = len(time_ms)
    steps = np.maximum(np.rint(np.diff(time_ms) / timeframe_ms), 1.0)
    gaps = np.flatnonzero(steps > 1) + 1
    too_long = np.flatnonzero(steps - 1 > max(2.0, count * _LONGEST_GAP))
    steps[too_long] = 1 + max(2.0, count * _CUT_SLOTS)
    places = np.concatenate([[0.0], np.cumsum(steps)])
    slot = (right - left) / (max(places[-1] + 1, _MIN_SLOTS) + _RIGHT_SLOTS)
    x = right - (places[-1] - places + 0.5 + _RIGHT_SLOTS) * slot
    return Timeline(x=x, slot=float(slot), gaps=gaps, cuts=(x[too_long] + x[too_long + 1]) / 2)
