"""The picture of what many paths of an account came to over time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from adapters.charts.lettering import fitted, width
from adapters.charts.marks import Tag
from adapters.charts.plot import (
    FLOOR,
    Heading,
    Plot,
    Words,
    draw_opening,
    draw_times,
    draw_values,
    finished,
    money_words,
    plot,
    tags_of,
)
from adapters.charts.price_scale import PriceScale
from adapters.charts.sheet import EDGE, LABEL_SIZE, PLOT_TOP
from engines.core.candle import FloatArray
from ports.sweep_charts import FanChart

_BOTTOM: Final = FLOOR + 64
_TOP: Final = PLOT_TOP - 88.0  # below the legend
_LEGEND: Final = PLOT_TOP - 44.0
_MARGIN: Final = 0.06
_FLAT: Final = 0.01
_FAINTEST, _STRONGEST = 0.22, 0.5
_SWATCH: Final = 44.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fan:
    chart: FanChart
    page: Plot
    scale: PriceScale

    @property
    def color(self) -> str:
        """That of the fan: whether the path in the middle gains or loses."""
        colors = self.page.colors
        return colors.up if self.chart.middle[-1] >= self.chart.opening else colors.down

    @property
    def shades(self) -> list[str]:
        """Of the bands, the widest the faintest."""
        parts = np.linspace(_FAINTEST, _STRONGEST, len(self.chart.bands))
        return [_mixed(self.color, self.page.colors.background, float(part)) for part in parts]


def draw_fan_chart(chart: FanChart) -> bytes:
    """`chart` as PNG. Raises `ValueError` with less than two moments."""
    scale, words = _scale(chart), money_words(chart.digits)
    labels = [words(value) for value in (scale.high, *_ends(chart))]
    page = plot(_heading(chart), int(chart.time_ms[0]), int(chart.time_ms[-1]), labels)
    fan = _Fan(chart=chart, page=page, scale=scale)
    draw_times(page)
    draw_values(page, scale, words, _tags(fan, words))
    _draw_paths(fan)
    _draw_legend(fan)
    return finished(page)


def _heading(chart: FanChart) -> Heading:
    return Heading(
        title=chart.title,
        subtitle=chart.subtitle,
        drawn_at=chart.drawn_at,
        theme=chart.theme,
        months=chart.months,
    )


def _scale(chart: FanChart) -> PriceScale:
    lines: list[FloatArray] = [line for band in chart.bands for line in band]
    lines += [chart.middle] + ([] if chart.holding is None else [chart.holding])
    low = min(chart.opening, *(float(line.min()) for line in lines))
    high = max(chart.opening, *(float(line.max()) for line in lines))
    margin = (high - low) * _MARGIN or max(abs(high) * _FLAT, 1.0)
    return PriceScale(low=low - margin, high=high + margin, bottom=_BOTTOM, top=_TOP)


def _ends(chart: FanChart) -> list[float]:
    """What is named at the right: the middle, the edges of the widest band, the opening."""
    low, high = chart.bands[0]
    return [float(chart.middle[-1]), float(high[-1]), float(low[-1]), chart.opening]


def _tags(fan: _Fan, words: Words) -> list[Tag]:
    shade, muted = _mixed(fan.color, fan.page.colors.background, 0.8), fan.page.colors.muted
    return tags_of(fan.scale, _ends(fan.chart), words, (fan.color, shade, shade, muted), PLOT_TOP)


def _draw_paths(fan: _Fan) -> None:
    """The bands, the widest below, then what the account began with, holding, and the middle."""
    chart, page, scale = fan.chart, fan.page, fan.scale
    xs = page.xs(chart.time_ms)
    for (low, high), shade in zip(chart.bands, fan.shades, strict=True):
        page.canvas.strips(xs, scale.heights(low), scale.heights(high), shade)
    opening = scale.y(chart.opening)
    draw_opening(page, opening)
    if chart.holding is not None:
        page.canvas.curve(xs, scale.heights(chart.holding), page.colors.overlays[0], 5)
    page.canvas.curve(xs, scale.heights(chart.middle), fan.color, 7)


def _draw_legend(fan: _Fan) -> None:
    """Swatches with names, in one row under the header."""
    chart, page = fan.chart, fan.page
    colors = [*fan.shades, fan.color, page.colors.overlays[0]]
    names = [*chart.names, chart.opening_name]
    colors = [*colors[: len(chart.names)], page.colors.muted]
    x, y = float(EDGE), _LEGEND
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
