"""Candles that cannot be: what is checked before any is stored."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe


class Flaw(StrEnum):
    """What is wrong with a candle; the value is the end of a sentence that begins with its place."""

    UNALIGNED = "opens at no multiple of its timeframe"
    REPEATED = "has the same time as a candle before it"
    BACKWARD = "is older than a candle before it"
    NOT_A_NUMBER = "has a value that is not a number"
    NOT_POSITIVE = "has a price that is not above 0"
    UPSIDE_DOWN = "has its high below its low"
    BELOW_LOW = "opens or closes below its low"
    ABOVE_HIGH = "opens or closes above its high"
    NEGATIVE_VOLUME = "has a volume below 0"


def flaws(candles: Candles, timeframe: Timeframe) -> dict[int, Flaw]:
    """The first flaw of every row that has one, by row; empty for sound candles."""
    found: dict[int, Flaw] = {}
    for flaw, is_flawed in _checks(candles, timeframe):
        for row in np.flatnonzero(is_flawed).tolist():
            found.setdefault(row, flaw)
    return dict(sorted(found.items()))


def _checks(candles: Candles, timeframe: Timeframe) -> list[tuple[Flaw, npt.NDArray[np.bool_]]]:
    time_ms, low, high = candles.time_ms, candles.low, candles.high
    newest = np.maximum.accumulate(time_ms[:-1])  # a row that goes back does not excuse those after it
    opens, closes = candles.open, candles.close
    is_finite = np.isfinite(opens) & np.isfinite(high) & np.isfinite(low) & np.isfinite(closes)
    return [
        (Flaw.UNALIGNED, time_ms % timeframe.ms != 0),
        (Flaw.REPEATED, np.append([False], time_ms[1:] == newest)[: len(candles)]),
        (Flaw.BACKWARD, np.append([False], time_ms[1:] < newest)[: len(candles)]),
        (Flaw.NOT_A_NUMBER, ~(is_finite & np.isfinite(candles.volume))),
        (Flaw.NOT_POSITIVE, np.minimum(np.minimum(low, high), np.minimum(opens, closes)) <= 0),
        (Flaw.UPSIDE_DOWN, high < low),
        (Flaw.BELOW_LOW, np.minimum(opens, closes) < low),
        (Flaw.ABOVE_HIGH, np.maximum(opens, closes) > high),
        (Flaw.NEGATIVE_VOLUME, candles.volume < 0),
    ]
