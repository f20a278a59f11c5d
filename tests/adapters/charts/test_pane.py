"""The pane below the candles, and what is filled behind them."""

import numpy as np
import pytest

from adapters.charts.pane import pane_scale, short_number
from adapters.charts.sheet import FOOTER, PANE_HEIGHT, sheet
from ports.charts import Overlay, Pane, PaneLine
from tests.adapters.charts.builders import a_chart, some_candles
from tests.adapters.charts.test_candle_chart import DARK, has, picture, plot


def a_line(low: float, high: float, count: int = 60) -> PaneLine:
    return PaneLine(name="", values=np.linspace(low, high, count))


def test_a_pane_takes_its_room_from_below() -> None:
    plain, split = sheet(a_chart()), sheet(a_chart(pane=Pane(name="RSI 14", lines=[a_line(20, 80)])))

    assert (plain.floor, split.floor) == (FOOTER, FOOTER + PANE_HEIGHT)
    assert split.prices.bottom > plain.prices.bottom
    assert split.prices.top == plain.prices.top


def test_its_line_stays_inside_and_the_volume_outside() -> None:
    chart = a_chart(
        pane=Pane(name="RSI 14", lines=[a_line(0, 100)], bounds=(0.0, 100.0), guides=(30.0, 70.0))
    )
    page = sheet(chart)
    pixels = plot(picture(chart), page)

    line = np.flatnonzero(has(pixels, DARK.kind("entry")).any(axis=1)) + FOOTER + 3
    volume = np.flatnonzero(has(pixels, DARK.up_volume).any(axis=1)) + FOOTER + 3

    assert FOOTER < line.min() < line.max() < page.floor
    assert page.floor <= volume.min() <= volume.max() <= page.volume_top


def test_columns_stand_on_zero() -> None:
    values = np.linspace(-1.0, 1.0, 60)
    pane = Pane(name="MACD", columns=values, guides=(0.0,))
    chart = a_chart(pane=pane)
    page, zero = sheet(chart), pane_scale(pane).y(0.0)
    pixels = picture(chart)[: int(page.floor)]

    rising = np.flatnonzero(has(pixels, DARK.up_volume).any(axis=1))
    falling = np.flatnonzero(has(pixels, DARK.down_volume).any(axis=1))

    assert rising.min() >= zero - 2
    assert falling.max() <= zero + 2


def test_a_line_without_a_value_is_left_out() -> None:
    undefined = PaneLine(name="", values=np.full(60, np.nan))
    chart = a_chart(pane=Pane(name="RSI 999", lines=[undefined]))

    below = picture(chart)[FOOTER + 3 : FOOTER + PANE_HEIGHT - 80]

    assert not has(below, DARK.kind("entry")).any()


@pytest.mark.parametrize(
    ("pane", "low", "high"),
    [
        (Pane(name="", lines=[a_line(10, 20)]), 10.0, 20.0),
        (Pane(name="", lines=[a_line(10, 20)], guides=(30.0,)), 10.0, 30.0),
        (Pane(name="", lines=[a_line(10, 20)], bounds=(0.0, 100.0)), 0.0, 100.0),
        (Pane(name="", lines=[a_line(5, 5)]), 5.0, 5.0),
        (Pane(name="", lines=[a_line(np.nan, np.nan)]), 0.0, 1.0),
    ],
)
def test_the_scale_shows_everything_it_should(pane: Pane, low: float, high: float) -> None:
    scale = pane_scale(pane)

    assert scale.low < low <= high < scale.high
    assert scale.high - scale.low < max(1.2 * (high - low), 0.2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (61.84, "61.8"),
        (0.0, "0.00"),
        (1.234, "1.23"),
        (-772.81, "−772.8"),
        (4521.6, "4522"),
        (-149_934.0, "−149.9K"),
        (2_195_000.0, "2.195M"),
        (3.2e9, "3.2B"),
        (0.0012345, "0.00123"),
        (1e-12, "0.00000000"),
    ],
)
def test_numbers_of_any_size_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


def test_a_band_is_filled_behind_the_candles_and_a_cloud_by_its_side() -> None:
    candles = some_candles()
    middle, count = float(np.median(candles.close)), len(candles)
    one, other = np.full(count, middle * 1.001), np.full(count, middle * 0.999)
    one[: count // 2], other[: count // 2] = other[: count // 2].copy(), one[: count // 2].copy()
    band = Overlay(name="Bollinger", lines=[one, other], band=(one, other))
    cloud = Overlay(name="Ichimoku", lines=[one, other], band=(one, other), is_cloud=True)

    filled, clouded = picture(a_chart(candles, overlays=[band])), picture(a_chart(candles, overlays=[cloud]))

    assert has(filled, DARK.tint(DARK.overlays[0])).any()
    assert has(clouded, DARK.tint(DARK.up)).any()
    assert has(clouded, DARK.tint(DARK.down)).any()
    assert not has(clouded, DARK.tint(DARK.overlays[0])).any()


@pytest.mark.parametrize("is_stepped", [False, True])
def test_a_stepped_line_goes_straight_up(is_stepped: bool) -> None:
    candles = some_candles(20)
    low, high = float(candles.low.min()), float(candles.high.max())
    level = np.where(np.arange(20) < 10, low, high)
    chart = a_chart(candles, overlays=[Overlay(name="S", lines=[level], is_stepped=is_stepped)])
    page = sheet(chart)
    line = has(plot(picture(chart), page), DARK.overlays[0])

    tallest = max(np.ptp(np.flatnonzero(column)) for column in line.T if column.any())

    assert (tallest >= page.prices.y(high) - page.prices.y(low)) == is_stepped
