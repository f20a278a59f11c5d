"""Pictures of many runs: whole, marked, and drawn again alike."""

from dataclasses import replace
from datetime import UTC, datetime

import matplotlib.image
import numpy as np
import pytest

from adapters.charts.fan_chart import draw_fan_chart
from adapters.charts.heat_map import draw_heat_map
from adapters.charts.palette import palette
from adapters.charts.sheet import HEIGHT, WIDTH
from ports.charts import Theme
from ports.sweep_charts import FanChart, HeatMap
from tests.build.recordings import JANUARY_MS

DAY_MS = 86_400_000
AT = datetime(2025, 3, 1, tzinfo=UTC)


def a_heat_map(values: np.ndarray[tuple[int, int], np.dtype[np.float64]] | None = None) -> HeatMap:
    cells = np.array([[0.5, -1.0, np.nan], [0.0, 1.25, 2.0]]) if values is None else values
    return HeatMap(
        title="sma_cross on BTCUSDT",
        subtitle="sharpe · 2024",
        x_name="fast",
        y_name="slow",
        x_labels=[str(one) for one in range(cells.shape[1])],
        y_labels=[str(one) for one in range(cells.shape[0])],
        values=cells,
        best=(1, 2),
        drawn_at=AT,
    )


def a_fan(days: int = 90) -> FanChart:
    path = 10_000.0 * np.exp(np.linspace(0, -0.3, days))
    return FanChart(
        title="sma_cross on BTCUSDT: 1,000 paths",
        subtitle="blocks of 2020 to 2025",
        names=("90 % of paths", "half of them", "median", "median of holding"),
        opening_name="capital",
        time_ms=JANUARY_MS + np.arange(days, dtype=np.int64) * DAY_MS,
        bands=((path * 0.5, path * 2), (path * 0.8, path * 1.25)),
        middle=path,
        holding=path * 1.1,
        opening=10_000.0,
        drawn_at=AT,
    )


def pixels(picture: bytes, tmp_path_name: str) -> set[tuple[int, ...]]:
    """Every colour in it."""
    with open(tmp_path_name, "wb") as file:
        file.write(picture)
    read = (matplotlib.image.imread(tmp_path_name)[::2, ::2, :3] * 255).round().astype(int)
    assert read.shape[:2] == (HEIGHT // 2, WIDTH // 2)
    return {tuple(one) for one in np.unique(read.reshape(-1, 3), axis=0).tolist()}


def rgb(color: str) -> tuple[int, ...]:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


@pytest.mark.parametrize("theme", Theme)
def test_cells_are_shaded_from_losses_to_gains(theme: Theme, tmp_path: object) -> None:
    picture = draw_heat_map(replace(a_heat_map(), theme=theme))
    assert draw_heat_map(replace(a_heat_map(), theme=theme)) == picture
    colors = pixels(picture, f"{tmp_path}/map.png")
    shown = palette(theme)
    assert rgb(shown.background) in colors
    assert rgb(shown.grid) in colors  # the cell that is neither
    strongest = tuple(
        round(0.85 * up + 0.15 * grid) for up, grid in zip(rgb(shown.up), rgb(shown.grid), strict=True)
    )
    assert strongest in colors


def test_the_best_cell_is_framed_and_one_value_can_be_drawn() -> None:
    framed, plain = draw_heat_map(a_heat_map()), draw_heat_map(replace(a_heat_map(), best=None))
    assert framed != plain
    assert draw_heat_map(replace(a_heat_map(np.array([[np.nan]])), best=None)).startswith(b"\x89PNG")
    assert draw_heat_map(replace(a_heat_map(np.zeros((40, 60))), best=(3, 3))).startswith(b"\x89PNG")


def test_values_that_do_not_fit_the_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="values for 1 x 3 cells"):
        draw_heat_map(replace(a_heat_map(), y_labels=["1"]))


@pytest.mark.parametrize("theme", Theme)
def test_a_fan_has_its_bands_its_middle_and_what_holding_came_to(theme: Theme, tmp_path: object) -> None:
    colors = pixels(draw_fan_chart(replace(a_fan(), theme=theme)), f"{tmp_path}/fan.png")
    shown = palette(theme)
    assert rgb(shown.down) in colors  # the middle ends below what it began with
    assert rgb(shown.overlays[0]) in colors
    without = pixels(
        draw_fan_chart(replace(a_fan(), theme=theme, holding=None, names=("", "", ""))), f"{tmp_path}/2.png"
    )
    assert rgb(shown.overlays[0]) not in without


def test_a_fan_of_one_moment_is_refused_and_a_flat_one_drawn() -> None:
    with pytest.raises(ValueError, match="at least two moments"):
        draw_fan_chart(a_fan(1))
    flat = np.full(90, 10_000.0)
    still = replace(a_fan(), bands=((flat, flat), (flat, flat)), middle=flat, holding=flat)
    assert draw_fan_chart(still).startswith(b"\x89PNG")
