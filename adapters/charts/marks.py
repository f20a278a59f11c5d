"""Levels, the entry zone, overlays and the tags of the price axis."""

from dataclasses import dataclass

import numpy as np

from adapters.charts.canvas import Canvas
from adapters.charts.lettering import fitted, width
from adapters.charts.price_scale import price_text
from adapters.charts.sheet import (
    EDGE,
    LABEL_SIZE,
    OVERLAYS,
    PLOT_TOP,
    TAG_HEIGHT,
    WIDTH,
    Sheet,
)
from adapters.charts.stack import spread
from engines.core.candle import FloatArray

_NAME_HEIGHT = 60
_NAME_ROOM = 0.4  # of the plot
_MAIN, _SIDE = 5, 3  # thickness of lines
_DASH = (14, 10)
_DOTS = (5, 11)


@dataclass(frozen=True, slots=True)
class Tag:
    """A price written on the axis; `y` is the middle of its box."""

    y: float
    text: str
    color: str


def draw_entry_zone(sheet: Sheet) -> None:
    """The band in which to enter, as far as it is in view."""
    if sheet.chart.entry_zone is None:
        return
    low, high = sorted(sheet.chart.entry_zone)
    bottom = max(sheet.prices.y(low), sheet.prices_bottom)
    top = min(sheet.prices.y(high), PLOT_TOP)
    if bottom < top:
        sheet.canvas.box(0, bottom, sheet.axis, max(top, bottom + 4), sheet.colors.band)
        edges = [(0.0, y, sheet.axis, y) for y in (bottom, top)]
        sheet.canvas.lines(edges, sheet.colors.kind("entry"), 2, _DASH)


def draw_bands(sheet: Sheet) -> None:
    """What is filled between two lines of an overlay, behind the candles."""
    for overlay, color in zip(sheet.chart.overlays[:OVERLAYS], sheet.colors.overlays, strict=False):
        if overlay.band is None:
            continue
        one, other = (np.clip(_heights(sheet, line), sheet.prices_bottom, PLOT_TOP) for line in overlay.band)
        above, below = (sheet.colors.up, sheet.colors.down) if overlay.is_cloud else (color, color)
        for rows, tint in ((one >= other, above), (one < other, below)):
            sheet.canvas.strips(
                _broken(sheet, sheet.time.x),
                np.where(rows, one, np.nan),
                np.where(rows, other, np.nan),
                sheet.colors.tint(tint),
            )


def draw_overlays(sheet: Sheet) -> None:
    """Lines over the candles, broken where candles are missing."""
    for overlay, color in zip(sheet.chart.overlays[:OVERLAYS], sheet.colors.overlays, strict=False):
        for place, line in enumerate(overlay.lines):
            heights = _heights(sheet, line)
            heights[(heights < sheet.prices_bottom) | (heights > PLOT_TOP)] = np.nan
            thickness = _MAIN if place == 0 or overlay.band is None else _SIDE
            xs = _broken(sheet, sheet.time.x)
            sheet.canvas.curve(xs, heights, color, thickness, is_stepped=overlay.is_stepped)


def _heights(sheet: Sheet, prices: FloatArray) -> FloatArray:
    return _broken(sheet, sheet.prices.heights(prices))


def _broken(sheet: Sheet, values: FloatArray) -> FloatArray:
    """`values` with a hole where candles are missing."""
    return np.insert(values, sheet.time.gaps, np.nan)


def draw_level_lines(sheet: Sheet) -> None:
    """Thin lines at levels in view, and dots at the last price."""
    for level in sheet.chart.levels:
        if sheet.prices.holds(level.price):
            y = sheet.prices.y(level.price)
            sheet.canvas.lines([(0.0, y, sheet.axis, y)], sheet.colors.kind(level.kind), 3)
    y = sheet.prices.y(float(sheet.chart.candles.close[-1]))
    sheet.canvas.lines([(0.0, y, sheet.axis, y)], _last_color(sheet), 3, _DOTS)


def draw_level_names(sheet: Sheet) -> None:
    """Names at the left end, on boxes that keep them readable over candles; arrows for levels out of view."""
    levels = sheet.chart.levels[: _capacity(sheet, _NAME_HEIGHT)]
    wanted = [sheet.prices.y(level.price) for level in levels]
    for level, y in zip(levels, spread(wanted, _NAME_HEIGHT, sheet.prices_bottom, PLOT_TOP), strict=True):
        name = fitted(_arrow(sheet, level.price) + level.name, LABEL_SIZE, sheet.axis * _NAME_ROOM)
        if name:
            end = EDGE + width(name, LABEL_SIZE)
            sheet.canvas.box(EDGE - 14, y - 29, end + 14, y + 29, sheet.colors.background)
            sheet.canvas.words(EDGE, y, name, LABEL_SIZE, sheet.colors.kind(level.kind))


def axis_tags(sheet: Sheet) -> list[Tag]:
    """Tags of the last price and of levels, moved apart. Levels beyond what the axis holds are left out."""
    levels = sheet.chart.levels[: _capacity(sheet, TAG_HEIGHT) - 1]
    last = float(sheet.chart.candles.close[-1])
    prices = [last, *(level.price for level in levels)]
    colors = [_last_color(sheet), *(sheet.colors.kind(level.kind) for level in levels)]
    wanted = [sheet.prices.y(price) for price in prices]
    centres = spread(wanted, TAG_HEIGHT, sheet.prices_bottom, PLOT_TOP)
    texts = [price_text(price, sheet.chart.digits) for price in prices]
    return [Tag(*parts) for parts in zip(centres, texts, colors, strict=True)]


def draw_tags(sheet: Sheet, tags: list[Tag]) -> None:
    """The last price filled, levels outlined."""
    for index, tag in enumerate(tags):
        draw_tag(sheet.canvas, sheet.axis, tag, sheet.colors.background, is_filled=index == 0)


def draw_tag(canvas: Canvas, axis: float, tag: Tag, background: str, *, is_filled: bool) -> None:
    """One tag right of the axis, filled or outlined."""
    low, high = tag.y - TAG_HEIGHT / 2 + 2, tag.y + TAG_HEIGHT / 2 - 2
    canvas.box(axis, low, WIDTH, high, tag.color)
    if not is_filled:
        canvas.box(axis + 4, low + 4, WIDTH - 4, high - 4, background)
    color = background if is_filled else tag.color
    canvas.words(axis + EDGE, tag.y, tag.text, LABEL_SIZE, color, bold=is_filled)


def _last_color(sheet: Sheet) -> str:
    return sheet.colors.up if sheet.last_is_up else sheet.colors.down


def _arrow(sheet: Sheet, price: float) -> str:
    if sheet.prices.holds(price):
        return ""
    return "▲ " if price > sheet.prices.high else "▼ "


def _capacity(sheet: Sheet, height: float) -> int:
    return int((PLOT_TOP - sheet.prices_bottom) // height)
