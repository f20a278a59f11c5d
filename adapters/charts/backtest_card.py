"""One picture of a run for a chat: its figures, its equity beside holding, its drawdown."""

from typing import Final

import numpy as np

from adapters.charts.lettering import fitted
from adapters.charts.log_scale import Scale, money_scale
from adapters.charts.plot import (
    FLOOR,
    Plot,
    draw_area,
    draw_legend,
    draw_opening,
    draw_times,
    draw_values,
    finished,
    heading_of,
    middles,
    money_words,
    plot,
    share_words,
    tags_of,
)
from adapters.charts.price_scale import PriceScale
from adapters.charts.sheet import EDGE, LABEL_SIZE, PLOT_TOP, WIDTH
from engines.core.candle import FloatArray
from engines.metrics.drawdown import under_water
from ports.reports import BacktestCard

_FIGURES: Final = 190.0  # height of the line of figures
_VALUE_SIZE: Final = 66
_LEGEND: Final = PLOT_TOP - _FIGURES - 44
_TOP: Final = _LEGEND - 56
_BOTTOM: Final = FLOOR + 340
_FALL_TOP: Final = FLOOR + 232
_FALL_NAME: Final = FLOOR + 276
_LEAST: Final = 0.01


def draw_backtest_card(card: BacktestCard) -> bytes:
    """`card` as PNG. Raises `ValueError` with less than two moments, `KeyError` for an unknown zone."""
    lines = [card.equity] if card.holding is None else [card.equity, card.holding]
    low = min(card.opening, *(float(line.min()) for line in lines))
    high = max(card.opening, *(float(line.max()) for line in lines))
    scale = money_scale(low, high, _BOTTOM, _TOP)
    below = under_water(card.equity, card.opening)
    words = money_words(0 if high >= 1000 else 2)
    ends = [float(line[-1]) for line in lines]
    labels = [*(words(value) for value in (scale.high, *ends)), share_words(float(below.min()))]
    page = plot(heading_of(card), int(card.time_ms[0]), int(card.time_ms[-1]), labels)
    colors = [page.colors.up if ends[0] >= card.opening else page.colors.down, page.colors.overlays[0]]
    draw_times(page)
    draw_values(page, scale, words, tags_of(scale, ends, words, colors[: len(ends)], _LEGEND))
    _draw_equity(page, scale, lines, colors, card)
    _draw_drawdown(page, below, card)
    _draw_figures(page, card)
    return finished(page)


def _draw_equity(
    page: Plot, scale: Scale, lines: list[FloatArray], colors: list[str], card: BacktestCard
) -> None:
    opening = scale.y(card.opening)
    draw_opening(page, opening)
    xs = page.xs(card.time_ms)
    for line, color, thickness in reversed(list(zip(lines, colors, (7, 4), strict=False))):
        page.canvas.curve(xs, scale.heights(line), color, thickness)
    names = [card.equity_name, card.holding_name][: len(lines)]
    draw_legend(page, list(zip(names, colors, strict=False)), _LEGEND)


def _draw_drawdown(page: Plot, below: FloatArray, card: BacktestCard) -> None:
    lowest = min(float(below.min()), -_LEAST)
    scale = PriceScale(low=lowest * 1.12, high=0.0, bottom=FLOOR, top=_FALL_TOP)
    columns, xs = middles(page), page.xs(card.time_ms)
    page.canvas.lines([(0.0, _FALL_TOP, page.axis, _FALL_TOP)], page.colors.grid, 3)
    draw_area(page, columns, scale.heights(np.interp(columns, xs, below)), _FALL_TOP)
    page.canvas.curve(xs, scale.heights(below), page.colors.down, 4)
    page.canvas.words(EDGE, _FALL_NAME, card.drawdown_name, LABEL_SIZE, page.colors.muted)
    page.canvas.words(
        page.axis + EDGE, scale.y(lowest) + 8, share_words(lowest), LABEL_SIZE, page.colors.down
    )


def _draw_figures(page: Plot, card: BacktestCard) -> None:
    """Name above, value below, on a ground that keeps them apart from the curves."""
    page.canvas.box(0, PLOT_TOP - _FIGURES, WIDTH, PLOT_TOP, page.colors.background)
    page.canvas.lines([(0.0, PLOT_TOP - _FIGURES, WIDTH, PLOT_TOP - _FIGURES)], page.colors.grid, 3)
    room = (WIDTH - EDGE) / max(len(card.figures), 1)
    shades = {None: page.colors.text, True: page.colors.up, False: page.colors.down}
    for place, one in enumerate(card.figures):
        x = EDGE + place * room
        name = fitted(one.name, LABEL_SIZE, room - EDGE)
        page.canvas.words(x, PLOT_TOP - 46, name, LABEL_SIZE, page.colors.muted)
        value = fitted(one.value, _VALUE_SIZE, room - EDGE, bold=True)
        page.canvas.words(x, PLOT_TOP - 126, value, _VALUE_SIZE, shades[one.is_good], bold=True)
