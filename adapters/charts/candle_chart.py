"""The candle picture, layer by layer from the back."""

from datetime import UTC, datetime

import numpy as np

from adapters.charts.bars import draw_candles, draw_volume
from adapters.charts.header import TEXT_Y, draw_frame, draw_header, draw_time_labels
from adapters.charts.lettering import fitted, width
from adapters.charts.marks import (
    Tag,
    axis_tags,
    draw_bands,
    draw_entry_zone,
    draw_level_lines,
    draw_level_names,
    draw_overlays,
    draw_tags,
)
from adapters.charts.pane import draw_pane
from adapters.charts.price_scale import price_text
from adapters.charts.sheet import (
    EDGE,
    FOOTER,
    LABEL_SIZE,
    OVERLAYS,
    PLOT_TOP,
    TAG_HEIGHT,
    TEXT_SIZE,
    TICK_GAP,
    WIDTH,
    Sheet,
    sheet,
)
from adapters.charts.time_labels import time_labels
from engines.core.candle import Candles
from ports.charts import CandleChart

_SWATCH = 56


def draw_candle_chart(chart: CandleChart) -> bytes:
    """`chart` as PNG. Raises `ValueError` without candles, `KeyError` for an unknown zone."""
    page = sheet(chart)
    tags = axis_tags(page)
    draw_bands(page)
    draw_entry_zone(page)
    _draw_price_axis(page, tags)
    _draw_time_axis(page)
    draw_volume(page)
    draw_candles(page)
    draw_overlays(page)
    draw_level_lines(page)
    draw_level_names(page)
    draw_tags(page, tags)
    draw_pane(page)
    draw_header(
        page.canvas,
        page.colors,
        title=chart.title,
        subtitle=chart.subtitle,
        at=chart.drawn_at.astimezone(page.zone),
        months=chart.months,
        legend_x=_draw_legend(page),
    )
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
    draw_time_labels(page.canvas, page.colors, labels)
    page.canvas.lines([(x, FOOTER, x, PLOT_TOP) for x in time.cuts.tolist()], page.colors.muted, 3, (4, 12))
    draw_frame(page.canvas, page.colors, page.axis, page.chart.drawn_at.astimezone(page.zone))


def _draw_legend(page: Sheet) -> float:
    """The names of the overlays, from the right; the x where the legend begins."""
    x: float = WIDTH - EDGE
    entries = list(zip(page.chart.overlays[:OVERLAYS], page.colors.overlays, strict=False))
    for overlay, color in reversed(entries):
        name = fitted(overlay.name, TEXT_SIZE, WIDTH / 5)
        page.canvas.words(x, TEXT_Y, name, TEXT_SIZE, page.colors.text, align="right")
        x -= width(name, TEXT_SIZE) + 16 + _SWATCH
        page.canvas.lines([(x, TEXT_Y, x + _SWATCH, TEXT_Y)], color, 8)
        x -= EDGE * 1.5
    return x
