"""The picture of what many paths of an account came to over time."""

from dataclasses import dataclass
from datetime import UTC

import numpy as np

from adapters.charts.canvas import Canvas
from adapters.charts.header import draw_frame, draw_header, draw_time_labels
from adapters.charts.lettering import fitted, width
from adapters.charts.marks import Tag, draw_tag
from adapters.charts.palette import Palette, palette
from adapters.charts.price_scale import PriceScale, price_text
from adapters.charts.sheet import (
    EDGE,
    FOOTER,
    HEADER,
    HEIGHT,
    LABEL_SIZE,
    PLOT_TOP,
    TAG_HEIGHT,
    TICK_GAP,
    WIDTH,
)
from adapters.charts.stack import spread
from adapters.charts.time_labels import time_labels
from engines.core.candle import FloatArray
from ports.sweep_charts import FanChart

_BOTTOM = FOOTER + 64
_TOP = PLOT_TOP - 88.0  # below the legend
_MARGIN = 0.06
_FLAT = 0.01
_RIGHT_ROOM = 40.0
_LABELLED = 400
_DOTS = (5, 11)
_DASH = (22, 12)
_FAINTEST, _STRONGEST = 0.22, 0.5
_SWATCH = 44.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    chart: FanChart
    canvas: Canvas
    colors: Palette
    axis: float
    scale: PriceScale
    xs: FloatArray

    @property
    def color(self) -> str:
        """That of the fan: whether the path in the middle gains or loses."""
        return self.colors.up if self.chart.middle[-1] >= self.chart.opening else self.colors.down

    @property
    def shades(self) -> list[str]:
        """Of the bands, the widest the faintest."""
        parts = np.linspace(_FAINTEST, _STRONGEST, len(self.chart.bands))
        return [_mixed(self.color, self.colors.background, float(part)) for part in parts]


def draw_fan_chart(chart: FanChart) -> bytes:
    """`chart` as PNG. Raises `ValueError` with less than two moments."""
    if len(chart.time_ms) < 2 or chart.time_ms[0] == chart.time_ms[-1]:
        raise ValueError("a fan needs at least two moments")
    page = _page(chart)
    tags = _tags(page)
    _draw_axes(page, tags)
    for (low, high), shade in zip(chart.bands, page.shades, strict=True):
        page.canvas.strips(page.xs, page.scale.heights(low), page.scale.heights(high), shade)
    opening = page.scale.y(chart.opening)
    page.canvas.lines([(0.0, opening, page.axis, opening)], page.colors.muted, 3, _DOTS)
    if chart.holding is not None:
        page.canvas.curve(page.xs, page.scale.heights(chart.holding), page.colors.overlays[0], 5)
    page.canvas.curve(page.xs, page.scale.heights(chart.middle), page.color, 7)
    at = chart.drawn_at.astimezone(UTC)
    draw_frame(page.canvas, page.colors, page.axis, at)
    for place, tag in enumerate(tags):
        draw_tag(page.canvas, page.axis, tag, page.colors.background, is_filled=place == 0)
    _draw_legend(page)
    draw_header(
        page.canvas, page.colors, title=chart.title, subtitle=chart.subtitle, at=at, months=chart.months
    )
    return page.canvas.png()


def _page(chart: FanChart) -> _Page:
    colors = palette(chart.theme)
    lines = [line for band in chart.bands for line in band]
    lines += [chart.middle] + ([] if chart.holding is None else [chart.holding])
    low = min(chart.opening, *(float(line.min()) for line in lines))
    high = max(chart.opening, *(float(line.max()) for line in lines))
    margin = (high - low) * _MARGIN or max(abs(high) * _FLAT, 1.0)
    scale = PriceScale(low=low - margin, high=high + margin, bottom=_BOTTOM, top=_TOP)
    shown = [scale.high, *_ends(chart)]
    axis = (
        WIDTH - max(width(price_text(one, chart.digits), LABEL_SIZE, bold=True) for one in shown) - 2 * EDGE
    )
    span_ms = float(chart.time_ms[-1] - chart.time_ms[0])
    return _Page(
        chart=chart,
        canvas=Canvas(WIDTH, HEIGHT, colors.background),
        colors=colors,
        axis=axis,
        scale=scale,
        xs=(chart.time_ms - chart.time_ms[0]) / span_ms * (axis - _RIGHT_ROOM),
    )


def _ends(chart: FanChart) -> list[float]:
    """What is named at the right: the middle, the edges of the widest band, the opening."""
    low, high = chart.bands[0]
    return [float(chart.middle[-1]), float(high[-1]), float(low[-1]), chart.opening]


def _tags(page: _Page) -> list[Tag]:
    values = _ends(page.chart)
    shade, muted = _mixed(page.color, page.colors.background, 0.8), page.colors.muted
    centres = spread([page.scale.y(value) for value in values], TAG_HEIGHT, _BOTTOM, PLOT_TOP)
    texts = [price_text(value, page.chart.digits) for value in values]
    return [Tag(*parts) for parts in zip(centres, texts, (page.color, shade, shade, muted), strict=True)]


def _draw_axes(page: _Page, tags: list[Tag]) -> None:
    amounts, decimals = page.scale.ticks(page.chart.digits, TICK_GAP)
    heights = [page.scale.y(amount) for amount in amounts]
    page.canvas.lines([(0.0, y, page.axis, y) for y in heights], page.colors.grid, 2)
    for amount, y in zip(amounts, heights, strict=True):
        if all(abs(y - tag.y) >= TAG_HEIGHT for tag in tags) and y + TAG_HEIGHT / 2 <= PLOT_TOP:
            text = price_text(amount, decimals)
            page.canvas.words(page.axis + EDGE, y, text, LABEL_SIZE, page.colors.muted)
    first, last = int(page.chart.time_ms[0]), int(page.chart.time_ms[-1])
    right = float(page.xs[-1])
    labels = time_labels(
        np.linspace(first, last, _LABELLED).astype(np.int64),
        np.linspace(0.0, right, _LABELLED),
        pixels_per_minute=right * 60_000 / (last - first),
        zone=UTC,
        months=page.chart.months,
        size=LABEL_SIZE,
        left=EDGE,
        right=page.axis,
    )
    draw_time_labels(page.canvas, page.colors, labels)


def _draw_legend(page: _Page) -> None:
    """Swatches with names, in one row under the header."""
    chart = page.chart
    colors = [*page.shades, page.color, page.colors.overlays[0]]
    names = [*chart.names, chart.opening_name]
    colors = [*colors[: len(chart.names)], page.colors.muted]
    x, y = float(EDGE), HEIGHT - HEADER - 44.0
    for name, color in zip(names, colors, strict=True):
        shown = fitted(name, LABEL_SIZE, max(page.axis - x - _SWATCH - EDGE, 0.0))
        if not shown:
            return
        page.canvas.box(x, y - 9, x + _SWATCH, y + 9, color)
        page.canvas.words(x + _SWATCH + 14, y, shown, LABEL_SIZE, page.colors.muted)
        x += _SWATCH + 14 + width(shown, LABEL_SIZE) + EDGE


def _mixed(color: str, ground: str, part: float) -> str:
    """So much of `color` over `ground`."""
    mixed = (
        round(part * int(color[at : at + 2], 16) + (1 - part) * int(ground[at : at + 2], 16))
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{one:02x}" for one in mixed)
