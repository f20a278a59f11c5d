"""Candles that cannot be: what is checked before any is stored."""

from collections.abc import Sequence
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
    unaligned, *values = _shape_checks(candles, timeframe)
    return _first([unaligned, *_order_checks(candles), *values])


def misshapen(candles: Candles, timeframe: Timeframe) -> dict[int, Flaw]:
    """As `flaws`, of what is wrong with a row by itself, wherever it stands."""
    return _first(_shape_checks(candles, timeframe))


def disordered(candles: Candles) -> dict[int, Flaw]:
    """As `flaws`, of what is wrong with the place of a row among the others."""
    return _first(_order_checks(candles))


_Check = tuple[Flaw, npt.NDArray[np.bool_]]


def _first(checks: Sequence[_Check]) -> dict[int, Flaw]:
    found: dict[int, Flaw] = {}
    for flaw, is_flawed in checks:
        for row in np.flatnonzero(is_flawed).tolist():
            found.setdefault(row, flaw)
    return dict(sorted(found.items()))


def _order_checks(candles: Candles) -> list[_Check]:
    time_ms = candles.time_ms
    newest = np.maximum.accumulate(time_ms[:-1])  # a row that goes back does not excuse those after it
    return [
        (Flaw.REPEATED, np.append([False], time_ms[1:] == newest)[: len(candles)]),
        (Flaw.BACKWARD, np.append([False], time_ms[1:] < newest)[: len(candles)]),
    ]


def _shape_checks(candles: Candles, timeframe: Timeframe) -> list[_Check]:
    low, high, opens, closes = candles.low, candles.high, candles.open, candles.close
    is_finite = np.isfinite(opens) & np.isfinite(high) & np.isfinite(low) & np.isfinite(closes)
    return [
        (Flaw.UNALIGNED, candles.time_ms % timeframe.ms != 0),
        (Flaw.NOT_A_NUMBER, ~(is_finite & np.isfinite(candles.volume))),
        (Flaw.NOT_POSITIVE, np.minimum(np.minimum(low, high), np.minimum(opens, closes)) <= 0),
        (Flaw.UPSIDE_DOWN, high < low),
        (Flaw.BELOW_LOW, np.minimum(opens, closes) < low),
        (Flaw.ABOVE_HIGH, np.maximum(opens, closes) > high),
        (Flaw.NEGATIVE_VOLUME, candles.volume < 0),
    ]
