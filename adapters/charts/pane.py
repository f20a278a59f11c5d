"""An indicator on a scale of its own, below candles and volume."""

import re

import numpy as np

from adapters.charts.lettering import fitted, width
from adapters.charts.marks import Tag, draw_tag
from adapters.charts.price_scale import PriceScale
from adapters.charts.sheet import EDGE, FOOTER, LABEL_SIZE, PANE_HEIGHT, TAG_HEIGHT, Sheet
from adapters.charts.stack import spread
from engines.core.candle import FloatArray
from ports.charts import Pane

_NAMES_HEIGHT = 66
_TOP, _BOTTOM = FOOTER + PANE_HEIGHT - _NAMES_HEIGHT, FOOTER + 14
_NAMES_Y = FOOTER + PANE_HEIGHT - 38
_LINES = 3
_SWATCH = 44
_COLUMN = 0.6  # of the room of one candle
_MARGIN = 0.06  # of the span, above and below
_FLAT = 0.01  # of a value that never moves
_TICK_GAP = 100
_DASH = (10, 12)
_THOUSANDS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def draw_pane(sheet: Sheet) -> None:
    """The pane of the chart, if it has one."""
    pane = sheet.chart.pane
    if pane is None:
        return
    scale = pane_scale(pane)
    tags = _tags(sheet, pane, scale)
    sheet.canvas.lines([(0.0, sheet.floor, sheet.axis, sheet.floor)], sheet.colors.grid, 3)
    _draw_guides(sheet, pane, scale, tags)
    _draw_columns(sheet, pane, scale)
    for line, color in zip(pane.lines[:_LINES], _colors(sheet), strict=False):
        heights = np.insert(scale.heights(line.values), sheet.time.gaps, np.nan)
        sheet.canvas.curve(np.insert(sheet.time.x, sheet.time.gaps, np.nan), heights, color, 5)
    _draw_names(sheet, pane)
    for place, tag in enumerate(tags):
        draw_tag(sheet.canvas, sheet.axis, tag, sheet.colors.background, is_filled=place == 0)


def pane_scale(pane: Pane) -> PriceScale:
    """The axis of `pane`: its bounds, else what shows all values and guides."""
    if pane.bounds is not None:
        low, high = pane.bounds
    else:
        values = [
            *(line.values for line in pane.lines[:_LINES]),
            *([] if pane.columns is None else [pane.columns]),
        ]
        marks = np.concatenate([*values, np.array(pane.guides, dtype=np.float64)])
        known = marks[np.isfinite(marks)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    margin = (high - low) * _MARGIN or max(abs(high) * _FLAT, 1e-12)
    return PriceScale(low=low - margin, high=high + margin, bottom=_BOTTOM, top=_TOP)


def short_number(value: float) -> str:
    """`value` with about four digits: `−1.234M`, `61.8`, `0.00123`."""
    size = abs(value)
    for unit, letter in _THOUSANDS:
        if size >= unit and size >= 10_000:
            return _signed(f"{size / unit:.4g}", value) + letter
    if size >= 1000:
        return _signed(f"{size:.0f}", value)
    decimals = 1 if size >= 10 else 2 if size >= 1 or size == 0 else min(8, 2 - int(np.floor(np.log10(size))))
    return _signed(f"{size:.{decimals}f}", value)


def _round(text: str) -> str:
    """`text` without zeros behind its point."""
    return re.sub(r"\.?0+(?=\D*$)", "", text) if "." in text else text


def _signed(text: str, value: float) -> str:
    return f"−{text}" if value < 0 else text


def _colors(sheet: Sheet) -> tuple[str, ...]:
    first, second = sheet.colors.overlays
    return sheet.colors.kind("entry"), first, second


def _tags(sheet: Sheet, pane: Pane, scale: PriceScale) -> list[Tag]:
    """The last value of each line, moved apart."""
    lasts = [
        (float(line.values[-1]), color)
        for line, color in zip(pane.lines[:_LINES], _colors(sheet), strict=False)
        if np.isfinite(line.values[-1])
    ]
    centres = spread([scale.y(value) for value, _ in lasts], TAG_HEIGHT, _BOTTOM - 10, _TOP + 10)
    pairs = zip(centres, lasts, strict=True)
    return [Tag(centre, short_number(value), color) for centre, (value, color) in pairs]


def _draw_guides(sheet: Sheet, pane: Pane, scale: PriceScale, tags: list[Tag]) -> None:
    marks = list(pane.guides) or list(scale.ticks(8, _TICK_GAP)[0])
    heights = [scale.y(mark) for mark in marks]
    color = sheet.colors.muted if pane.guides else sheet.colors.grid
    sheet.canvas.lines([(0.0, y, sheet.axis, y) for y in heights], color, 2, _DASH)
    for mark, y in zip(marks, heights, strict=True):
        if all(abs(y - tag.y) >= TAG_HEIGHT for tag in tags):
            sheet.canvas.words(
                sheet.axis + EDGE, y, _round(short_number(mark)), LABEL_SIZE, sheet.colors.muted
            )


def _draw_columns(sheet: Sheet, pane: Pane, scale: PriceScale) -> None:
    if pane.columns is None:
        return
    known = np.isfinite(pane.columns)
    values: FloatArray = pane.columns[known]
    half = max(1.0, sheet.time.slot * _COLUMN / 2)
    x, zero, heights = sheet.time.x[known], scale.y(0.0), scale.heights(values)
    low, high = np.minimum(heights, zero), np.maximum(heights, zero)
    boxes = np.stack([x - half, low, x + half, np.maximum(high, low + 2)], axis=1)
    sheet.canvas.boxes(boxes[values >= 0], sheet.colors.up_volume)
    sheet.canvas.boxes(boxes[values < 0], sheet.colors.down_volume)


def _draw_names(sheet: Sheet, pane: Pane) -> None:
    """The name of the pane and those of its lines, beside their colours; a nameless line has the pane's."""
    lines = list(zip((line.name for line in pane.lines[:_LINES]), _colors(sheet), strict=False))
    x = float(EDGE)
    if not lines or lines[0][0]:
        x += _draw_word(sheet, x, pane.name) + EDGE
    for name, color in lines:
        sheet.canvas.lines([(x, _NAMES_Y, x + _SWATCH, _NAMES_Y)], color, 8)
        x += _SWATCH + 14
        x += _draw_word(sheet, x, name or pane.name) + EDGE


def _draw_word(sheet: Sheet, x: float, text: str) -> float:
    """How wide it came."""
    word = fitted(text, LABEL_SIZE, max(sheet.axis - x, 0.0) / 2)
    sheet.canvas.words(x, _NAMES_Y, word, LABEL_SIZE, sheet.colors.text)
    return width(word, LABEL_SIZE)
