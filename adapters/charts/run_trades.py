"""The picture of a run's trades on the price: a line from entry to exit, in the colour of what it brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from adapters.charts.log_scale import Scale, money_scale
from adapters.charts.plot import (
    FLOOR,
    Heading,
    Plot,
    draw_legend,
    draw_times,
    draw_values,
    finished,
    money_words,
    plot,
    tags_of,
)
from adapters.charts.sheet import PLOT_TOP
from engines.core.candle import FloatArray, IntArray
from engines.core.side import Direction

_BOTTOM: Final = FLOOR + 48
_TOP: Final = PLOT_TOP - 96.0
_LEGEND: Final = PLOT_TOP - 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTrade:
    """Where a trade began and ended, and whether it won."""

    opened_ms: int
    entry: float
    closed_ms: int
    exit: float
    direction: Direction
    has_won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeNames:
    """Words of the legend."""

    price: str
    won: str
    lost: str


def draw_run_trades(
    heading: Heading,
    time_ms: IntArray,
    price: FloatArray,
    trades: Sequence[DrawnTrade],
    names: TradeNames,
    digits: int,
) -> bytes:
    """`price` at `time_ms`, and the trades on it."""
    ends = [value for one in trades for value in (one.entry, one.exit)]
    low, high = min([float(price.min()), *ends]), max([float(price.max()), *ends])
    scale = money_scale(low, high, _BOTTOM, _TOP)
    words = money_words(digits)
    last = float(price[-1])
    page = plot(heading, int(time_ms[0]), int(time_ms[-1]), [words(scale.high), words(last)])
    draw_values(page, scale, words, tags_of(scale, [last], words, [page.colors.muted], PLOT_TOP))
    draw_times(page)
    page.canvas.curve(page.xs(time_ms), scale.heights(price), page.colors.muted, 2)
    for has_won, color in ((False, page.colors.down), (True, page.colors.up)):
        _draw(page, scale, [one for one in trades if one.has_won is has_won], color)
    colors = (page.colors.muted, page.colors.up, page.colors.down)
    draw_legend(page, list(zip((names.price, names.won, names.lost), colors, strict=True)), _LEGEND)
    return finished(page)


def _draw(page: Plot, scale: Scale, trades: Sequence[DrawnTrade], color: str) -> None:
    """Lines, and at each entry a mark that points the way the trade earns."""
    if not trades:
        return
    xs = page.xs(np.array([(one.opened_ms, one.closed_ms) for one in trades], np.int64))
    ys = scale.heights(np.array([(one.entry, one.exit) for one in trades]))
    ends = [(x[0], y[0], x[1], y[1]) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
    page.canvas.lines(ends, color, 7)
    is_long = np.array([one.direction is Direction.LONG for one in trades])
    for rows, shape in ((is_long, "^"), (~is_long, "v")):
        page.canvas.marks(xs[rows, 0], ys[rows, 0], color, 22, shape)
