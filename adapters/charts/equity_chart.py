"""The picture of an account: its equity over time, above and below what it began with."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from adapters.charts.canvas import Canvas
from adapters.charts.header import draw_frame, draw_header, draw_time_labels
from adapters.charts.lettering import fitted, width
from adapters.charts.marks import Tag, draw_tag
from adapters.charts.palette import Palette, palette
from adapters.charts.price_scale import PriceScale, price_text
from adapters.charts.sheet import EDGE, FOOTER, HEIGHT, LABEL_SIZE, PLOT_TOP, TAG_HEIGHT, TICK_GAP, WIDTH
from adapters.charts.stack import spread
from adapters.charts.time_labels import TimeLabel, time_labels
from engines.core.candle import FloatArray
from ports.charts import EquityChart

_BOTTOM = FOOTER + 64
_MARGIN = 0.08  # of the span, above and below
_FLAT = 0.01  # of the equity: the span of a curve that never moved
_COLUMN = 4.0  # width of the columns of the area, in pixels
_RIGHT_ROOM = 40.0
_LABELLED = 400  # moments among which the time axis finds its labels
_NAME_ROOM = 0.4  # of the plot
_DOTS = (5, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    chart: EquityChart
    canvas: Canvas
    colors: Palette
    zone: ZoneInfo
    axis: float
    scale: PriceScale
    xs: FloatArray
    ys: FloatArray

    @property
    def color(self) -> str:
        """That of the curve: whether the account has gained or lost."""
        is_up = self.chart.equity[-1] >= self.chart.opening
        return self.colors.up if is_up else self.colors.down


def draw_equity_chart(chart: EquityChart) -> bytes:
    """`chart` as PNG. Raises `ValueError` with less than two moments, `KeyError` for an unknown zone."""
    page = _page(chart)
    tags = _tags(page)
    _draw_money_axis(page, tags)
    draw_time_labels(page.canvas, page.colors, _time_labels(page))
    _draw_area(page)
    opening = page.scale.y(chart.opening)
    page.canvas.lines([(0.0, opening, page.axis, opening)], page.colors.muted, 3, _DOTS)
    page.canvas.curve(page.xs, page.ys, page.color, 7)
    _draw_opening_name(page, opening)
    at = chart.drawn_at.astimezone(page.zone)
    draw_frame(page.canvas, page.colors, page.axis, at)
    for tag, is_filled in zip(tags, (True, False), strict=True):
        draw_tag(page.canvas, page.axis, tag, page.colors.background, is_filled=is_filled)
    draw_header(
        page.canvas, page.colors, title=chart.title, subtitle=chart.subtitle, at=at, months=chart.months
    )
    return page.canvas.png()


def _page(chart: EquityChart) -> _Page:
    if len(chart.time_ms) < 2 or chart.time_ms[0] == chart.time_ms[-1]:
        raise ValueError("an equity curve needs at least two moments")
    colors = palette(chart.theme)
    scale = _scale(chart)
    shown = (scale.high, float(chart.equity[-1]), chart.opening)
    axis = (
        WIDTH - max(width(price_text(one, chart.digits), LABEL_SIZE, bold=True) for one in shown) - 2 * EDGE
    )
    span_ms = float(chart.time_ms[-1] - chart.time_ms[0])
    return _Page(
        chart=chart,
        canvas=Canvas(WIDTH, HEIGHT, colors.background),
        colors=colors,
        zone=ZoneInfo(chart.zone),
        axis=axis,
        scale=scale,
        xs=(chart.time_ms - chart.time_ms[0]) / span_ms * (axis - _RIGHT_ROOM),
        ys=scale.heights(chart.equity),
    )


def _scale(chart: EquityChart) -> PriceScale:
    low = min(float(chart.equity.min()), chart.opening)
    high = max(float(chart.equity.max()), chart.opening)
    margin = (high - low) * _MARGIN or max(abs(high) * _FLAT, 1.0)
    return PriceScale(low=low - margin, high=high + margin, bottom=_BOTTOM, top=PLOT_TOP - 8)


def _tags(page: _Page) -> list[Tag]:
    """The latest equity and the opening, moved apart."""
    chart = page.chart
    values = (float(chart.equity[-1]), chart.opening)
    centres = spread([page.scale.y(value) for value in values], TAG_HEIGHT, _BOTTOM, PLOT_TOP)
    texts = [price_text(value, chart.digits) for value in values]
    return [Tag(*parts) for parts in zip(centres, texts, (page.color, page.colors.muted), strict=True)]


def _draw_money_axis(page: _Page, tags: list[Tag]) -> None:
    amounts, decimals = page.scale.ticks(page.chart.digits, TICK_GAP)
    heights = [page.scale.y(amount) for amount in amounts]
    page.canvas.lines([(0.0, y, page.axis, y) for y in heights], page.colors.grid, 2)
    for amount, y in zip(amounts, heights, strict=True):
        if all(abs(y - tag.y) >= TAG_HEIGHT for tag in tags) and y + TAG_HEIGHT / 2 <= PLOT_TOP:
            text = price_text(amount, decimals)
            page.canvas.words(page.axis + EDGE, y, text, LABEL_SIZE, page.colors.muted)


def _time_labels(page: _Page) -> list[TimeLabel]:
    """Labels at round times, wherever the points of the curve happen to lie."""
    first, last = int(page.chart.time_ms[0]), int(page.chart.time_ms[-1])
    moments = np.linspace(first, last, _LABELLED).astype(np.int64)
    right = float(page.xs[-1])
    return time_labels(
        moments,
        np.linspace(0.0, right, _LABELLED),
        pixels_per_minute=right * 60_000 / (last - first),
        zone=page.zone,
        months=page.chart.months,
        size=LABEL_SIZE,
        left=EDGE,
        right=page.axis,
    )


def _draw_area(page: _Page) -> None:
    """Between the curve and the opening: gained money in one colour, lost money in the other."""
    left = np.arange(0.0, float(page.xs[-1]), _COLUMN)
    heights = np.interp(left + _COLUMN / 2, page.xs, page.ys)
    opening = np.full(len(left), page.scale.y(page.chart.opening))
    low, high = np.minimum(heights, opening), np.maximum(heights, opening)
    columns = np.stack([left, low, left + _COLUMN, high], axis=1)
    page.canvas.boxes(columns[heights > opening], page.colors.up_volume)
    page.canvas.boxes(columns[heights < opening], page.colors.down_volume)


def _draw_opening_name(page: _Page, y: float) -> None:
    """On that side of its line on which the curve is not."""
    name = fitted(page.chart.opening_name, LABEL_SIZE, page.axis * _NAME_ROOM)
    nearby = page.ys[page.xs <= EDGE + width(name, LABEL_SIZE)]
    side = -1 if nearby.mean() >= y else 1
    page.canvas.words(EDGE, y + side * LABEL_SIZE, name, LABEL_SIZE, page.colors.muted)
