"""The candle picture, layer by layer from the back."""

from datetime import UTC, datetime

import numpy as np

from adapters.charts.bars import draw_candles, draw_volume
from adapters.charts.lettering import fitted, width
from adapters.charts.marks import (
    Tag,
    axis_tags,
    draw_entry_zone,
    draw_level_lines,
    draw_level_names,
    draw_overlays,
    draw_tags,
)
from adapters.charts.price_scale import price_text
from adapters.charts.sheet import (
    EDGE,
    FOOTER,
    HEIGHT,
    LABEL_SIZE,
    OVERLAYS,
    PLOT_TOP,
    TAG_HEIGHT,
    TEXT_SIZE,
    TICK_GAP,
    TITLE_SIZE,
    WIDTH,
    Sheet,
    sheet,
)
from adapters.charts.time_labels import time_labels
from engines.core.candle import Candles
from ports.charts import CandleChart

_TITLE_Y = HEIGHT - 66
_TEXT_Y = HEIGHT - 142
_SWATCH = 56


def draw_candle_chart(chart: CandleChart) -> bytes:
    """`chart` as PNG. Raises `ValueError` without candles, `KeyError` for an unknown zone."""
    page = sheet(chart)
    tags = axis_tags(page)
    draw_entry_zone(page)
    _draw_price_axis(page, tags)
    _draw_time_axis(page)
    draw_volume(page)
    draw_candles(page)
    draw_overlays(page)
    draw_level_lines(page)
    draw_level_names(page)
    draw_tags(page, tags)
    _draw_header(page)
    return page.canvas.png()


def warm() -> bytes:
    """Draw a first picture, so that fonts and libraries are loaded when somebody waits for one."""
    price = np.array([1.0, 2.0])
    candles = Candles(
        time_ms=np.array([0, 60_000]), open=price, high=price, low=price, close=price, volume=price
    )
    chart = CandleChart(
        title="0123456789",
        subtitle="",
        candles=candles,
        timeframe_ms=60_000,
        digits=2,
        drawn_at=datetime.fromtimestamp(0, UTC),
    )
    draw_candle_chart(chart)
    return b""


def _draw_price_axis(page: Sheet, tags: list[Tag]) -> None:
    prices, decimals = page.prices.ticks(page.chart.digits, TICK_GAP)
    heights = [page.prices.y(price) for price in prices]
    page.canvas.lines([(0.0, y, page.axis, y) for y in heights], page.colors.grid, 2)
    for price, y in zip(prices, heights, strict=True):
        is_free = all(abs(y - tag.y) >= TAG_HEIGHT for tag in tags)
        if is_free and y + TAG_HEIGHT / 2 <= PLOT_TOP:
            text = price_text(price, decimals)
            page.canvas.words(page.axis + EDGE, y, text, LABEL_SIZE, page.colors.muted)


def _draw_time_axis(page: Sheet) -> None:
    candles, time = page.chart.candles, page.time
    labels = time_labels(
        candles.time_ms,
        time.x,
        pixels_per_minute=time.slot * 60_000 / page.chart.timeframe_ms,
        zone=page.zone,
        months=page.chart.months,
        size=LABEL_SIZE,
        left=EDGE,
        right=page.axis,
    )
    page.canvas.lines([(label.x, FOOTER, label.x, PLOT_TOP) for label in labels], page.colors.grid, 2)
    page.canvas.lines([(x, FOOTER, x, PLOT_TOP) for x in time.cuts.tolist()], page.colors.muted, 3, (4, 12))
    for label in labels:
        color = page.colors.text if label.is_major else page.colors.muted
        page.canvas.words(
            label.x, FOOTER / 2, label.text, LABEL_SIZE, color, align="center", bold=label.is_major
        )
    page.canvas.words(WIDTH - EDGE, FOOTER / 2, _offset(page), LABEL_SIZE, page.colors.muted, align="right")
    edges = [(0.0, FOOTER, WIDTH, FOOTER), (page.axis, FOOTER, page.axis, PLOT_TOP)]
    page.canvas.lines(edges, page.colors.grid, 3)


def _offset(page: Sheet) -> str:
    offset = page.chart.drawn_at.astimezone(page.zone).strftime("%z")
    hours, minutes = offset[:3].replace("-0", "-").replace("+0", "+"), offset[3:5]
    name = hours if minutes == "00" else f"{hours}:{minutes}"
    return "UTC" if offset == "+0000" else f"UTC{name.replace('-', '−')}"


def _draw_header(page: Sheet) -> None:
    at = page.chart.drawn_at.astimezone(page.zone)
    date = f"{at.day} {page.chart.months[at.month - 1]} {at:%Y %H:%M}"
    right = WIDTH - EDGE
    page.canvas.words(right, _TITLE_Y, date, TEXT_SIZE, page.colors.muted, align="right")
    room = right - width(date, TEXT_SIZE) - 3 * EDGE
    title = fitted(page.chart.title, TITLE_SIZE, room, bold=True)
    page.canvas.words(EDGE, _TITLE_Y, title, TITLE_SIZE, page.colors.text, bold=True)
    subtitle = fitted(page.chart.subtitle, TEXT_SIZE, _draw_legend(page) - 3 * EDGE)
    page.canvas.words(EDGE, _TEXT_Y, subtitle, TEXT_SIZE, page.colors.muted)


def _draw_legend(page: Sheet) -> float:
    """The names of the overlays, from the right; the x where the legend begins."""
    x: float = WIDTH - EDGE
    entries = list(zip(page.chart.overlays[:OVERLAYS], page.colors.overlays, strict=False))
    for overlay, color in reversed(entries):
        name = fitted(overlay.name, TEXT_SIZE, WIDTH / 5)
        page.canvas.words(x, _TEXT_Y, name, TEXT_SIZE, page.colors.text, align="right")
        x -= width(name, TEXT_SIZE) + 16 + _SWATCH
        page.canvas.lines([(x, _TEXT_Y, x + _SWATCH, _TEXT_Y)], color, 8)
        x -= EDGE * 1.5
    return x
