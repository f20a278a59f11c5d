"""What all pictures share: title, date, the frame of the plot and the words of the time axis."""

from collections.abc import Sequence
from datetime import datetime

from adapters.charts.canvas import Canvas
from adapters.charts.lettering import fitted, width
from adapters.charts.palette import Palette
from adapters.charts.sheet import EDGE, FOOTER, HEIGHT, LABEL_SIZE, PLOT_TOP, TEXT_SIZE, TITLE_SIZE, WIDTH
from adapters.charts.time_labels import TimeLabel

TITLE_Y = HEIGHT - 66
TEXT_Y = HEIGHT - 142


def draw_header(
    canvas: Canvas,
    colors: Palette,
    *,
    title: str,
    subtitle: str,
    at: datetime,
    months: Sequence[str],
    legend_x: float = WIDTH - EDGE,
) -> None:
    """Title and date above, `subtitle` below, as far as the legend that begins at `legend_x`."""
    date = f"{at.day} {months[at.month - 1]} {at:%Y %H:%M}"
    right = WIDTH - EDGE
    canvas.words(right, TITLE_Y, date, TEXT_SIZE, colors.muted, align="right")
    room = right - width(date, TEXT_SIZE) - 3 * EDGE
    canvas.words(
        EDGE, TITLE_Y, fitted(title, TITLE_SIZE, room, bold=True), TITLE_SIZE, colors.text, bold=True
    )
    shown = fitted(subtitle, TEXT_SIZE, legend_x - 3 * EDGE)
    canvas.words(EDGE, TEXT_Y, shown, TEXT_SIZE, colors.muted)


def draw_time_labels(canvas: Canvas, colors: Palette, labels: Sequence[TimeLabel]) -> None:
    """Words under the plot, and a line of the grid above each."""
    canvas.lines([(label.x, FOOTER, label.x, PLOT_TOP) for label in labels], colors.grid, 2)
    for label in labels:
        color = colors.text if label.is_major else colors.muted
        canvas.words(label.x, FOOTER / 2, label.text, LABEL_SIZE, color, align="center", bold=label.is_major)


def draw_frame(canvas: Canvas, colors: Palette, axis: float, at: datetime) -> None:
    """The lines below and right of the plot, and which zone the times are in."""
    canvas.words(WIDTH - EDGE, FOOTER / 2, _offset(at), LABEL_SIZE, colors.muted, align="right")
    canvas.lines([(0.0, FOOTER, WIDTH, FOOTER), (axis, FOOTER, axis, PLOT_TOP)], colors.grid, 3)


def _offset(at: datetime) -> str:
    offset = at.strftime("%z")
    hours, minutes = offset[:3].replace("-0", "-").replace("+0", "+"), offset[3:5]
    name = hours if minutes == "00" else f"{hours}:{minutes}"
    return "UTC" if offset == "+0000" else f"UTC{name.replace('-', '−')}"
