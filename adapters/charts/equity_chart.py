"""The picture of an account: its equity over time, above and below what it began with."""

from typing import Final

import numpy as np

from adapters.charts.lettering import fitted, width
from adapters.charts.plot import (
    FLOOR,
    Plot,
    draw_area,
    draw_opening,
    draw_times,
    draw_values,
    finished,
    heading_of,
    middles,
    money_words,
    plot,
    tags_of,
)
from adapters.charts.price_scale import PriceScale
from adapters.charts.sheet import EDGE, LABEL_SIZE, PLOT_TOP, TICK_GAP
from engines.core.candle import FloatArray
from ports.charts import EquityChart

_BOTTOM: Final = FLOOR + 64
_MARGIN: Final = 0.08  # of the span, above and below
_FLAT: Final = 0.01  # of the equity: the span of a curve that never moved
_NAME_ROOM: Final = 0.4  # of the plot


def draw_equity_chart(chart: EquityChart) -> bytes:
    """`chart` as PNG. Raises `ValueError` with less than two moments, `KeyError` for an unknown zone."""
    scale, words, last = _scale(chart), money_words(chart.digits), float(chart.equity[-1])
    labels = [words(value) for value in (scale.high, last, chart.opening)]
    page = plot(heading_of(chart), int(chart.time_ms[0]), int(chart.time_ms[-1]), labels)
    color = page.colors.up if last >= chart.opening else page.colors.down
    draw_times(page)
    tags = tags_of(scale, [last, chart.opening], words, [color, page.colors.muted], PLOT_TOP)
    _, digits = scale.ticks(chart.digits, TICK_GAP)
    draw_values(page, scale, money_words(digits), tags, digits=chart.digits)
    _draw_curve(page, chart, scale, color)
    return finished(page)


def _scale(chart: EquityChart) -> PriceScale:
    low = min(float(chart.equity.min()), chart.opening)
    high = max(float(chart.equity.max()), chart.opening)
    margin = (high - low) * _MARGIN or max(abs(high) * _FLAT, 1.0)
    return PriceScale(low=low - margin, high=high + margin, bottom=_BOTTOM, top=PLOT_TOP - 8)


def _draw_curve(page: Plot, chart: EquityChart, scale: PriceScale, color: str) -> None:
    """The curve, and between it and the opening gained money in one colour, lost money in the other."""
    xs, ys, opening = page.xs(chart.time_ms), scale.heights(chart.equity), scale.y(chart.opening)
    columns = middles(page)
    draw_area(page, columns, np.interp(columns, xs, ys), opening)
    draw_opening(page, opening)
    page.canvas.curve(xs, ys, color, 7)
    name = fitted(chart.opening_name, LABEL_SIZE, page.axis * _NAME_ROOM)
    beside = ys[xs <= EDGE + width(name, LABEL_SIZE)]
    _draw_opening_name(page, name, opening, beside)


def _draw_opening_name(page: Plot, name: str, y: float, beside: FloatArray) -> None:
    """On that side of its line on which the curve `beside` it is not."""
    side = -1 if beside.mean() >= y else 1
    page.canvas.words(EDGE, y + side * LABEL_SIZE, name, LABEL_SIZE, page.colors.muted)
