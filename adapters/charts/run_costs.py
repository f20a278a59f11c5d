"""The picture of what trading cost: from what was gained before costs to what is left, in lines with bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.charts.canvas import Canvas
from adapters.charts.header import draw_header
from adapters.charts.lettering import fitted
from adapters.charts.palette import Palette, palette
from adapters.charts.plot import Heading
from adapters.charts.sheet import EDGE, HEIGHT, LABEL_SIZE, PLOT_TOP, TEXT_SIZE, WIDTH

_COLUMNS: Final = (1360, 1740, WIDTH - EDGE)  # right ends of the columns of numbers
_BARS: Final = (600, 1000)
_NAME_ROOM: Final = 540
_THICK: Final = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """One line: `amount` is drawn as a bar, `cells` are how it is written in the columns. A `is_total` line
    stands out."""

    name: str
    amount: float
    cells: Sequence[str]
    is_total: bool = False


def draw_run_costs(heading: Heading, columns: Sequence[str], rows: Sequence[CostRow]) -> bytes:
    """`rows` under the names of three `columns`, at most eight."""
    colors = palette(heading.theme)
    canvas = Canvas(WIDTH, HEIGHT, colors.background)
    step = (PLOT_TOP - EDGE) / (len(rows) + 1)
    y = PLOT_TOP - step / 2
    for name, right in zip(columns, _COLUMNS, strict=True):
        canvas.words(right, y, name, LABEL_SIZE, colors.muted, align="right")
    largest = max((abs(row.amount) for row in rows), default=0.0) or 1.0
    for row in rows:
        y -= step
        _draw(canvas, colors, row, y, step, largest)
    draw_header(
        canvas, colors, title=heading.title, subtitle=heading.subtitle, at=heading.at, months=heading.months
    )
    return canvas.png()


def _draw(canvas: Canvas, colors: Palette, row: CostRow, y: float, step: float, largest: float) -> None:
    canvas.lines([(EDGE, y + step / 2, WIDTH - EDGE, y + step / 2)], colors.grid, 3)
    name = fitted(row.name, TEXT_SIZE, _NAME_ROOM, bold=row.is_total)
    canvas.words(EDGE, y, name, TEXT_SIZE, colors.text, bold=row.is_total)
    middle = sum(_BARS) / 2
    end = middle + row.amount / largest * (_BARS[1] - _BARS[0]) / 2
    color = colors.up if row.amount > 0 else colors.down
    canvas.box(min(middle, end), y - _THICK, max(middle, end), y + _THICK, color)
    canvas.lines([(middle, y - step / 2, middle, y + step / 2)], colors.grid, 3)
    for text, right in zip(row.cells, _COLUMNS, strict=True):
        shade = colors.text if right == _COLUMNS[0] else colors.muted
        canvas.words(right, y, text, TEXT_SIZE, shade, align="right", bold=row.is_total)
