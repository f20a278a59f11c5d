"""Pictures of many runs: values to draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engines.core.candle import FloatArray, IntArray
from ports.charts import ENGLISH_MONTHS, Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """A figure over two parameters. `values` has a row for each of `y_labels`, the first at the bottom, and a
    column for each of `x_labels`; NaN where there is none. `neutral` is what is neither good nor bad. `best`
    is the row and column to be marked, `digits` the decimals of a value. Times are printed in UTC."""

    title: str
    subtitle: str
    x_name: str
    y_name: str
    x_labels: Sequence[str]
    y_labels: Sequence[str]
    values: FloatArray
    neutral: float = 0.0
    best: tuple[int, int] | None = None
    digits: int = 2
    theme: Theme = Theme.DARK
    months: Sequence[str] = ENGLISH_MONTHS
    drawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FanChart:
    """What many paths of an account came to over time. `bands` are pairs of a lower and an upper line, the
    widest first; `middle` is the line in their midst and `holding` the same of a market that is only held
    (`None`: not drawn). All have an entry for each of `time_ms`, at least two. `names` are of `bands`,
    `middle` and `holding`, in this order."""

    title: str
    subtitle: str
    names: Sequence[str]
    opening_name: str
    time_ms: IntArray
    bands: Sequence[tuple[FloatArray, FloatArray]]
    middle: FloatArray
    holding: FloatArray | None
    opening: float
    digits: int = 0
    theme: Theme = Theme.DARK
    months: Sequence[str] = ENGLISH_MONTHS
    drawn_at: datetime
