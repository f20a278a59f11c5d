"""What pictures of runs share: a sheet with time from left to right, and scales that stand on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from adapters.charts.canvas import Canvas
from adapters.charts.header import draw_frame, draw_header, draw_time_labels
from adapters.charts.lettering import fitted, width
from adapters.charts.log_scale import Scale
from adapters.charts.marks import Tag, draw_tag
from adapters.charts.palette import Palette, palette
from adapters.charts.price_scale import price_text
from adapters.charts.sheet import EDGE, FOOTER, HEIGHT, LABEL_SIZE, PLOT_TOP, TAG_HEIGHT, TICK_GAP, WIDTH
from adapters.charts.stack import spread
from adapters.charts.time_labels import time_labels
from engines.core.candle import FloatArray, IntArray
from ports.charts import ENGLISH_MONTHS, EquityChart, Theme
from ports.reports import BacktestCard

COLUMN: Final = 4.0  # width of the columns of an area, in pixels
_RIGHT_ROOM: Final = 40.0
_LABELLED: Final = 400  # moments among which the time axis finds its labels
_SWATCH: Final = 56.0
_DOTS: Final = (5, 11)

Words = Callable[[float], str]
"""How a value is written on its axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Words above a picture, and when it was drawn (aware, printed in `zone`)."""

    title: str
    subtitle: str
    drawn_at: datetime
    theme: Theme
    zone: str = "UTC"
    months: Sequence[str] = ENGLISH_MONTHS

    @property
    def at(self) -> datetime:
        """When it was drawn, in the zone."""
        return self.drawn_at.astimezone(ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A sheet being drawn on; `axis` is the x where the labels of values begin."""

    heading: Heading
    canvas: Canvas
    colors: Palette
    axis: float
    first_ms: int
    last_ms: int

    @property
    def right(self) -> float:
        """Where the last moment stands."""
        return self.axis - _RIGHT_ROOM

    def xs(self, time_ms: IntArray) -> FloatArray:
        """Where moments stand."""
        places: FloatArray = (time_ms - self.first_ms) / (self.last_ms - self.first_ms) * self.right
        return places


def heading_of(chart: EquityChart | BacktestCard) -> Heading:
    """The words that a chart brings along."""
    return Heading(
        title=chart.title,
        subtitle=chart.subtitle,
        drawn_at=chart.drawn_at,
        theme=chart.theme,
        zone=chart.zone,
        months=chart.months,
    )


def plot(heading: Heading, first_ms: int, last_ms: int, labels: Sequence[str]) -> Plot:
    """An empty sheet with room for `labels` at the right. Raises `ValueError` where no time passes."""
    if last_ms <= first_ms:
        raise ValueError("a picture of a run needs at least two moments")
    colors = palette(heading.theme)
    return Plot(
        heading=heading,
        canvas=Canvas(WIDTH, HEIGHT, colors.background),
        colors=colors,
        axis=WIDTH - max(width(label, LABEL_SIZE, bold=True) for label in labels) - 2 * EDGE,
        first_ms=first_ms,
        last_ms=last_ms,
    )


def finished(page: Plot) -> bytes:
    """The picture as PNG, with its heading."""
    heading = page.heading
    draw_header(
        page.canvas,
        page.colors,
        title=heading.title,
        subtitle=heading.subtitle,
        at=heading.at,
        months=heading.months,
    )
    return page.canvas.png()


def draw_times(page: Plot) -> None:
    """The time axis, at round times wherever the points happen to lie, and the lines it stands on."""
    draw_frame(page.canvas, page.colors, page.axis, page.heading.at)
    labels = time_labels(
        np.linspace(page.first_ms, page.last_ms, _LABELLED).astype(np.int64),
        np.linspace(0.0, page.right, _LABELLED),
        pixels_per_minute=page.right * 60_000 / (page.last_ms - page.first_ms),
        zone=ZoneInfo(page.heading.zone),
        months=page.heading.months,
        size=LABEL_SIZE,
        left=EDGE,
        right=page.axis,
    )
    draw_time_labels(page.canvas, page.colors, labels)


def tags_of(
    scale: Scale, values: Sequence[float], words: Words, colors: Sequence[str], top: float
) -> list[Tag]:
    """Values to be written on the axis, moved apart."""
    centres = spread([scale.y(value) for value in values], TAG_HEIGHT, scale.bottom, top)
    texts = [words(value) for value in values]
    return [Tag(*parts) for parts in zip(centres, texts, colors, strict=True)]


def draw_values(
    page: Plot, scale: Scale, words: Words, tags: Sequence[Tag], *, gap: float = TICK_GAP, digits: int = 2
) -> None:
    """Lines of the grid with their values (of at most `digits` decimals), where no tag stands; the first tag
    filled."""
    ticks, _ = scale.ticks(digits, gap)
    heights = [scale.y(value) for value in ticks]
    page.canvas.lines([(0.0, y, page.axis, y) for y in heights], page.colors.grid, 2)
    highest = min(scale.top + EDGE, PLOT_TOP) - TAG_HEIGHT / 2
    for value, y in zip(ticks, heights, strict=True):
        if all(abs(y - tag.y) >= TAG_HEIGHT for tag in tags) and y <= highest:
            page.canvas.words(page.axis + EDGE, y, words(value), LABEL_SIZE, page.colors.muted)
    for place, tag in enumerate(tags):
        draw_tag(page.canvas, page.axis, tag, page.colors.background, is_filled=place == 0)


def draw_legend(page: Plot, entries: Sequence[tuple[str, str]], y: float, *, left: float = EDGE) -> None:
    """Names beside their colours in one row, as far as there is room."""
    x = left
    for name, color in entries:
        shown = fitted(name, LABEL_SIZE, page.axis - x - _SWATCH - 2 * EDGE)
        if not shown:
            return
        page.canvas.lines([(x, y, x + _SWATCH, y)], color, 10)
        page.canvas.words(x + _SWATCH + 16, y, shown, LABEL_SIZE, page.colors.text)
        x += _SWATCH + 16 + width(shown, LABEL_SIZE) + 1.5 * EDGE


def draw_area(
    page: Plot, middles: FloatArray, heights: FloatArray, base: float, *, is_strong: bool = False
) -> None:
    """Columns between `heights` and the line at `base`, in the colours of gains above it, of losses below."""
    left = middles - COLUMN / 2
    floor = np.full(len(left), base)
    columns = np.stack([left, np.minimum(heights, floor), left + COLUMN, np.maximum(heights, floor)], axis=1)
    colors = page.colors
    above, below = (colors.up, colors.down) if is_strong else (colors.up_volume, colors.down_volume)
    page.canvas.boxes(columns[heights > base], above)
    page.canvas.boxes(columns[heights < base], below)


def draw_opening(page: Plot, y: float) -> None:
    """The dotted line of what an account began with."""
    page.canvas.lines([(0.0, y, page.axis, y)], page.colors.muted, 3, _DOTS)


def middles(page: Plot) -> FloatArray:
    """Middles of the columns of an area."""
    return np.arange(0.0, page.right, COLUMN) + COLUMN / 2


def money_words(digits: int) -> Words:
    """Money on an axis, with so many decimals."""
    return lambda value: price_text(value, digits)


def share_words(value: float) -> str:
    """A fraction on an axis, in percent."""
    text = f"{value * 100:.1f}".removesuffix(".0")
    text = text.removeprefix("-") if text in ("-0", "0") else text
    return f"{text.replace('-', '−')}\N{NARROW NO-BREAK SPACE}%"


FLOOR: Final = float(FOOTER)
