"""Returns by calendar: what an account was worth at the end of each UTC day and month.

A year has 365 days, because these markets never close.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.core.candle import FloatArray, IntArray
from engines.core.timeframe import Timeframe

DAYS_A_YEAR: Final = 365
DAY_MS: Final = Timeframe.D1.ms
DUST: Final = 1e-9
"""Of the opening: with less than that an account has nothing left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """`number` are days since 1970 without a gap, `equity` is what was there at the end of each, `returns`
    what each changed it by, as a fraction. They end with the day on which the account had nothing left."""

    number: IntArray
    equity: FloatArray
    returns: FloatArray

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True)
class MonthReturn:
    """What one calendar month changed the account by, as a fraction. The first and the last may be parts."""

    year: int
    month: int
    value: float


def daily(time_ms: IntArray, equity: FloatArray, opening: float) -> Days:
    """The last equity of each day; a bar that closes at midnight belongs to the day that ends there. A day
    without bars carries the equity of the day before. `opening` is what was there before the first.

    Raises `ValueError` without bars or without an opening capital.
    """
    if not len(time_ms) or opening <= 0:
        raise ValueError("returns need at least one bar and an opening capital above 0")
    first, last = (int(time_ms[row] - 1) // DAY_MS for row in (0, -1))
    number = np.arange(first, last + 1, dtype=np.int64)
    ends = equity[np.searchsorted(time_ms, (number + 1) * DAY_MS, side="right") - 1]
    ruined = np.flatnonzero(ends <= DUST * opening)
    if len(ruined):
        number, ends = number[: ruined[0] + 1], ends[: ruined[0] + 1]
    before = np.concatenate(([opening], ends[:-1]))
    return Days(number=number, equity=ends, returns=ends / before - 1)


def monthly(days: Days, opening: float) -> tuple[MonthReturn, ...]:
    """Returns of calendar months, oldest first."""
    dates = days.number.astype("datetime64[D]").astype("datetime64[M]")
    last = np.append(np.flatnonzero(np.diff(dates.astype(np.int64))), len(dates) - 1)
    ends = days.equity[last]
    values = ends / np.concatenate(([opening], ends[:-1])) - 1
    months = dates[last].astype(np.int64)
    return tuple(
        MonthReturn(1970 + month // 12, 1 + month % 12, value)
        for month, value in zip(months.tolist(), values.tolist(), strict=True)
    )
