"""Pictures of what an account did in a run: its equity beside holding, its drawdown, its exposure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from adapters.charts.log_scale import money_scale
from adapters.charts.plot import (
    FLOOR,
    Heading,
    Plot,
    draw_area,
    draw_legend,
    draw_opening,
    draw_times,
    draw_values,
    finished,
    middles,
    money_words,
    plot,
    share_words,
    tags_of,
)
from adapters.charts.price_scale import PriceScale
from adapters.charts.sheet import EDGE, LABEL_SIZE, PLOT_TOP
from engines.core.candle import FloatArray, IntArray
from engines.metrics.drawdown import Drawdown

_BOTTOM: Final = FLOOR + 64
_TOP: Final = PLOT_TOP - 96.0  # below the legend
_LEGEND: Final = PLOT_TOP - 40.0
_ROOM: Final = 0.08  # of a scale of shares, beyond the furthest
_LEAST: Final = 0.01  # the least that a scale of shares spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve with its name: an entry a moment."""

    name: str
    values: FloatArray


def draw_run_equity(heading: Heading, time_ms: IntArray, lines: Sequence[Line], opening: float) -> bytes:
    """The first of `lines` is the account, others (at most two) are holdings; all began as `opening`."""
    low = min(opening, *(float(line.values.min()) for line in lines))
    high = max(opening, *(float(line.values.max()) for line in lines))
    scale = money_scale(low, high, _BOTTOM, _TOP)
    words = money_words(0 if high >= 1000 else 2)
    ends = [float(line.values[-1]) for line in lines]
    page = plot(
        heading, int(time_ms[0]), int(time_ms[-1]), [words(value) for value in (scale.high, *ends, opening)]
    )
    ours = page.colors.up if ends[0] >= opening else page.colors.down
    colors = [ours, *page.colors.overlays[: len(lines) - 1]]
    tags = tags_of(scale, [*ends, opening], words, [*colors, page.colors.muted], PLOT_TOP)
    draw_values(page, scale, words, tags)
    draw_times(page)
    draw_opening(page, scale.y(opening))
    xs = page.xs(time_ms)
    for line, color, thickness in reversed(list(zip(lines, colors, (7, 4, 4), strict=False))):
        page.canvas.curve(xs, scale.heights(line.values), color, thickness)
    draw_legend(page, [(line.name, color) for line, color in zip(lines, colors, strict=True)], _LEGEND)
    return finished(page)


def draw_run_drawdown(
    heading: Heading, time_ms: IntArray, below: FloatArray, deepest: Drawdown | None, words: str
) -> bytes:
    """`below` is how far the account stood under its highest (-0.2: a fifth); the `deepest` fall is shaded
    and told in `words`."""
    lowest = min(float(below.min()), -_LEAST)
    scale = PriceScale(low=lowest * (1 + _ROOM), high=0.0, bottom=_BOTTOM, top=_TOP)
    page = plot(heading, int(time_ms[0]), int(time_ms[-1]), [share_words(lowest), share_words(scale.low)])
    if deepest is not None:
        _shade(page, deepest)
    shown = sorted({float(below[-1]), lowest}, reverse=True)
    tags = tags_of(scale, shown, share_words, [page.colors.down, page.colors.muted][: len(shown)], PLOT_TOP)
    draw_values(page, scale, share_words, tags)
    draw_times(page)
    xs, columns = page.xs(time_ms), middles(page)
    draw_area(page, columns, scale.heights(np.interp(columns, xs, below)), scale.top)
    page.canvas.curve(xs, scale.heights(below), page.colors.down, 4)
    page.canvas.words(EDGE, _LEGEND, words, LABEL_SIZE, page.colors.text)
    return finished(page)


def _shade(page: Plot, fall: Drawdown) -> None:
    """The time of a fall, behind everything."""
    end = fall.end_ms if fall.recovered_ms is None else fall.recovered_ms
    left, right = page.xs(np.array([max(fall.peak_ms, page.first_ms), end]))
    page.canvas.box(float(left), FLOOR, max(float(right), float(left) + 4), _TOP, page.colors.band)


def draw_run_exposure(heading: Heading, time_ms: IntArray, net: FloatArray, long: str, short: str) -> bytes:
    """`net` is the position by equity, below zero for short; each column shows its mean. `long` and `short`
    name the sides."""
    ends = [bound * (1 + _ROOM) for bound in (min(float(net.min()), 0.0), max(float(net.max()), 0.0))]
    high = ends[1] if ends != [0.0, 0.0] else _LEAST
    scale = PriceScale(low=ends[0], high=high, bottom=_BOTTOM, top=_TOP)
    page = plot(
        heading, int(time_ms[0]), int(time_ms[-1]), [share_words(-scale.high), share_words(scale.low)]
    )
    draw_values(page, scale, share_words, ())
    draw_times(page)
    columns = middles(page)
    heights = scale.heights(_means(page.xs(time_ms), net, columns))
    base = scale.y(0.0)
    draw_area(page, columns, heights, base, is_strong=True)
    page.canvas.lines([(0.0, base, page.axis, base)], page.colors.muted, 3)
    draw_legend(page, [(long, page.colors.up), (short, page.colors.down)], _LEGEND)
    return finished(page)


def _means(xs: FloatArray, values: FloatArray, columns: FloatArray) -> FloatArray:
    """The mean of `values` in each column; what stands where no point is is that of the point before."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    edges = np.searchsorted(xs, np.append(columns - 2, columns[-1] + 2))
    counts = np.diff(edges)
    before = values[np.maximum(edges[:-1] - 1, 0)]
    means: FloatArray = np.where(counts > 0, np.diff(sums[edges]) / np.maximum(counts, 1), before)
    return means
