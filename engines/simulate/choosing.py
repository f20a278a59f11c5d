"""Which of many tried points is the best, by one figure."""

from collections.abc import Mapping, Sequence
from typing import Final

Figures = Mapping[str, float | None]
"""What a run came to, by name; `None` where a figure is not defined."""

LEAST_TRADES: Final = 10
"""With fewer a figure is an accident."""


def ranked(rows: Sequence[Figures], by: str, *, least_trades: int = LEAST_TRADES) -> list[int]:
    """Places of the rows with enough trades and a figure `by`, the largest first; equals as they stand."""
    told = [
        (place, figure)
        for place, row in enumerate(rows)
        if (figure := row[by]) is not None and (row["trades"] or 0) >= least_trades
    ]
    return [place for place, _ in sorted(told, key=lambda each: -each[1])]


def best(rows: Sequence[Figures], by: str, *, least_trades: int = LEAST_TRADES) -> int | None:
    """The place of the best row; `None` when none has enough trades."""
    return next(iter(ranked(rows, by, least_trades=least_trades)), None)
