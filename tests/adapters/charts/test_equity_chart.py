"""Curves of an account, judged by their pixels."""

from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from adapters.charts.equity_chart import draw_equity_chart
from adapters.charts.palette import palette
from adapters.charts.sheet import FOOTER, PLOT_TOP
from ports.charts import EquityChart, Theme
from tests.adapters.charts.builders import HOUR_MS, START_MS, a_curve

DARK = palette(Theme.DARK)
Pixels = npt.NDArray[np.uint8]


def plot(chart: EquityChart) -> Pixels:
    """The inner part of the picture, rows from the bottom."""
    pixels: Pixels = np.rint(imread(BytesIO(draw_equity_chart(chart)), "png") * 255).astype(np.uint8)[::-1]
    assert pixels.shape[:2] == (1440, 2160)
    return pixels[FOOTER + 3 : PLOT_TOP, :1600]


def share(pixels: Pixels, color: str) -> float:
    """The share of pixels that have exactly that colour."""
    return float((pixels == np.frombuffer(bytes.fromhex(color[1:]), np.uint8)).all(axis=2).mean())


@pytest.mark.parametrize("theme", Theme)
def test_gained_money_fills_the_room_above_the_opening_and_lost_money_that_below(
    theme: Theme,
) -> None:
    shown = palette(theme)
    gained = plot(a_curve([1000, 1050, 1100], theme=theme))
    assert share(gained, shown.up_volume) > 0.2
    assert share(gained, shown.down_volume) == 0
    lost = plot(a_curve([1000, 950, 900], theme=theme))
    assert share(lost, shown.down_volume) > 0.2
    assert share(lost, shown.up_volume) == 0


def test_the_curve_has_the_colour_of_the_result() -> None:
    assert share(plot(a_curve([1000, 900, 1001])), DARK.up) > 0
    assert share(plot(a_curve([1000, 1100, 999])), DARK.down) > 0


@pytest.mark.parametrize(
    "equity",
    [[1000.0, 1000.0], [0.0, 0.0], [1e9, 1.1e9], [1000, 1000.0000001], [5.0, 1e6], [1000.0] * 5000],
)
def test_curves_of_any_size_are_drawn(equity: list[float]) -> None:
    assert share(plot(a_curve(equity, opening=equity[0])), DARK.background) > 0.2


def test_points_stand_where_their_time_is() -> None:
    late = a_curve([1000, 1000, 2000], time_ms=START_MS + np.array([0, 98, 100]) * HOUR_MS)
    filled = (plot(late) == np.frombuffer(bytes.fromhex(DARK.up_volume[1:]), np.uint8)).all(axis=2)
    assert not filled[:, :1400].any()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_moment_is_no_curve(count: int) -> None:
    with pytest.raises(ValueError, match="two moments"):
        draw_equity_chart(a_curve([1000.0] * count, time_ms=np.full(count, START_MS)))
