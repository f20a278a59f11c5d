"""The picture of a figure over two parameters."""

from dataclasses import dataclass

import numpy as np

from adapters.charts.canvas import Canvas
from adapters.charts.header import draw_header
from adapters.charts.lettering import fitted, width
from adapters.charts.palette import Palette, palette
from adapters.charts.price_scale import price_text
from adapters.charts.sheet import EDGE, HEIGHT, LABEL_SIZE, PLOT_TOP, TEXT_SIZE, WIDTH
from ports.sweep_charts import HeatMap

_BOTTOM = 2 * 88.0
_GAP = 4.0
_SMALLEST = 26
_MARK = 9.0
_STRONGEST = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Where the cells are."""

    left: float
    cell_width: float
    cell_height: float

    def corners(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of a cell."""
        left, bottom = self.left + column * self.cell_width, _BOTTOM + row * self.cell_height
        return left + _GAP, bottom + _GAP, left + self.cell_width - _GAP, bottom + self.cell_height - _GAP


def draw_heat_map(chart: HeatMap) -> bytes:
    """`chart` as PNG. Raises `ValueError` where values and labels do not fit together."""
    if chart.values.shape != (len(chart.y_labels), len(chart.x_labels)) or not chart.values.size:
        raise ValueError(
            f"{chart.values.shape} values for {len(chart.y_labels)} x {len(chart.x_labels)} cells"
        )
    colors = palette(chart.theme)
    canvas = Canvas(WIDTH, HEIGHT, colors.background)
    grid = _grid(chart)
    _draw_cells(chart, canvas, colors, grid)
    _draw_axes(chart, canvas, colors, grid)
    draw_header(
        canvas,
        colors,
        title=chart.title,
        subtitle=chart.subtitle,
        at=chart.drawn_at,
        months=chart.months,
    )
    return canvas.png()


def _grid(chart: HeatMap) -> _Grid:
    labels = [width(label, LABEL_SIZE) for label in chart.y_labels]
    left = EDGE + max(*labels, width(chart.y_name, LABEL_SIZE, bold=True)) + EDGE
    return _Grid(
        left=left,
        cell_width=(WIDTH - EDGE - left) / len(chart.x_labels),
        cell_height=(PLOT_TOP - LABEL_SIZE - EDGE - _BOTTOM) / len(chart.y_labels),
    )


def _draw_cells(chart: HeatMap, canvas: Canvas, colors: Palette, grid: _Grid) -> None:
    reach = _reach(chart)
    texts = [price_text(float(value), chart.digits) for value in chart.values.ravel() if np.isfinite(value)]
    size = _size(texts, grid)
    for row, values in enumerate(chart.values.tolist()):
        for column, value in enumerate(values):
            box = grid.corners(row, column)
            if chart.best == (row, column):
                left, bottom, right, top = box
                canvas.box(left - _MARK, bottom - _MARK, right + _MARK, top + _MARK, colors.text)
            canvas.box(*box, _shade(colors, (value - chart.neutral) / reach))
            if size is not None and np.isfinite(value):
                middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
                canvas.words(*middle, price_text(value, chart.digits), size, colors.text, align="center")


def _reach(chart: HeatMap) -> float:
    """How far from neutral the strongest colour is."""
    away = np.abs(chart.values - chart.neutral)
    return float(np.nanmax(away)) or 1.0 if np.isfinite(away).any() else 1.0


def _size(texts: list[str], grid: _Grid) -> int | None:
    """The largest letters with which every value fits into its cell; `None` where none does."""
    for size in range(TEXT_SIZE, _SMALLEST - 1, -2):
        room = grid.cell_width - 4 * _GAP
        if size < grid.cell_height - 2 * _GAP and all(width(text, size) <= room for text in texts):
            return size
    return None


def _shade(colors: Palette, strength: float) -> str:
    """From the colour of losses over the grid's to that of gains; `strength` is from -1 to 1."""
    if not np.isfinite(strength):
        return colors.background
    target = colors.up if strength > 0 else colors.down
    part = min(abs(strength), 1.0) * _STRONGEST
    mixed = (
        round(part * int(target[at : at + 2], 16) + (1 - part) * int(colors.grid[at : at + 2], 16))
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{one:02x}" for one in mixed)


def _draw_axes(chart: HeatMap, canvas: Canvas, colors: Palette, grid: _Grid) -> None:
    """Labels as far as they have room, the names of both parameters."""
    widest = max(width(label, LABEL_SIZE) for label in chart.x_labels) + EDGE
    every = max(1, int(np.ceil(widest / grid.cell_width)))
    for column, label in enumerate(chart.x_labels):
        if column % every == 0:
            x = grid.left + (column + 0.5) * grid.cell_width
            canvas.words(x, _BOTTOM - 48, label, LABEL_SIZE, colors.muted, align="center")
    every = max(1, int(np.ceil(1.4 * LABEL_SIZE / grid.cell_height)))
    for row, label in enumerate(chart.y_labels):
        if row % every == 0:
            y = _BOTTOM + (row + 0.5) * grid.cell_height
            canvas.words(grid.left - EDGE, y, label, LABEL_SIZE, colors.muted, align="right")
    name = fitted(chart.x_name, LABEL_SIZE, WIDTH / 2, bold=True)
    centre = (grid.left + WIDTH - EDGE) / 2
    canvas.words(centre, 52, name, LABEL_SIZE, colors.text, align="center", bold=True)
    top = PLOT_TOP - LABEL_SIZE + 8
    canvas.words(EDGE, top, chart.y_name, LABEL_SIZE, colors.text, bold=True)
