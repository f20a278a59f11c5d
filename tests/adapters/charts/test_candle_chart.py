"""Candle pictures, judged by their pixels."""

import dataclasses
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from adapters.charts.candle_chart import draw_candle_chart, warm
from adapters.charts.palette import palette
from adapters.charts.png import png
from adapters.charts.sheet import FOOTER, PLOT_TOP, Sheet, sheet
from engines.core.candle import Candles
from engines.indicators.ema import ema
from ports.charts import CandleChart, Level, Overlay, Theme
from tests.adapters.charts.builders import HOUR_MS, a_chart, flat_candles, some_candles

DARK = palette(Theme.DARK)
Pixels = npt.NDArray[np.uint8]


def decoded(file: bytes) -> Pixels:
    """Rows from the bottom, so that indices are the y of the sheet."""
    pixels: Pixels = np.rint(imread(BytesIO(file), "png") * 255).astype(np.uint8)[::-1]
    return pixels


def picture(chart: CandleChart) -> Pixels:
    return decoded(draw_candle_chart(chart))


def has(pixels: Pixels, color: str) -> npt.NDArray[np.bool_]:
    """Where `pixels` have exactly `color`."""
    return np.asarray((pixels == np.frombuffer(bytes.fromhex(color[1:]), np.uint8)).all(axis=2))


def plot(pixels: Pixels, page: Sheet) -> Pixels:
    return pixels[FOOTER + 3 : PLOT_TOP, : int(page.axis) - 3]


def rows_of(candles: Candles, *rows: tuple[float, float, float, float, float]) -> Candles:
    columns = np.array(rows).T
    fields = ("open", "high", "low", "close", "volume")
    return dataclasses.replace(candles.rows(0, len(rows)), **dict(zip(fields, columns, strict=True)))


@pytest.mark.parametrize("theme", list(Theme))
def test_a_picture_has_the_promised_size_and_background(theme: Theme) -> None:
    pixels = picture(a_chart(theme=theme))
    assert pixels.shape == (1440, 2160, 3)
    assert has(pixels, palette(theme).background).mean() > 0.7


def test_a_file_is_small_enough_to_send_quickly() -> None:
    assert len(draw_candle_chart(a_chart(some_candles(150)))) < 250_000


def test_the_file_holds_every_pixel() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(decoded(png(pixels))[::-1], pixels)


def test_rising_candles_are_hollow_and_falling_ones_filled() -> None:
    candles = rows_of(some_candles(2), (100, 112, 98, 110, 5), (110, 111, 97, 101, 5))
    chart = a_chart(candles, digits=0)
    page, pixels = sheet(chart), picture(chart)
    middle = round(page.prices.y(105))
    rising, falling = (round(x) for x in page.time.x)
    assert has(pixels, DARK.background)[middle, rising]
    assert has(pixels, DARK.up)[middle, rising - 30 : rising].any()
    assert has(pixels, DARK.down)[middle, falling - 10 : falling + 10].all()


def test_volume_keeps_to_the_bottom_fifth() -> None:
    chart = a_chart()
    page = sheet(chart)
    volume = has(plot(picture(chart), page), DARK.up_volume)
    heights = np.flatnonzero(volume.any(axis=1)) + FOOTER + 3
    assert heights.max() <= page.volume_top
    assert heights.max() - FOOTER <= (PLOT_TOP - FOOTER) / 5 + 1


@pytest.mark.parametrize("count", [1, 2, 10])
def test_few_candles_and_no_movement_and_no_volume_can_be_drawn(count: int) -> None:
    assert has(picture(a_chart(flat_candles(count, 0.00001234), digits=8)), DARK.up).any()
    assert has(picture(a_chart(some_candles(count))), DARK.background).any()


def test_missing_candles_leave_an_empty_space() -> None:
    whole = some_candles(60)
    kept = np.array([*range(30), *range(40, 60)])
    candles = Candles(**{f.name: getattr(whole, f.name)[kept] for f in dataclasses.fields(whole)})
    chart = a_chart(candles, overlays=[Overlay(name="EMA 5", lines=[ema(candles.close, 5)])])
    page = sheet(chart)
    hole = plot(picture(chart), page)[
        :, round(page.time.x[29] + page.time.slot) : round(page.time.x[30] - page.time.slot)
    ]
    for color in (DARK.up_volume, DARK.down_volume, DARK.overlays[0]):
        assert not has(hole, color).any()


def test_a_hole_of_months_does_not_squeeze_the_candles() -> None:
    candles = some_candles(60)
    candles.time_ms[30:] += 5000 * HOUR_MS
    page = sheet(a_chart(candles))
    assert page.time.slot > 20
    picture(a_chart(candles))


def test_the_first_two_overlays_are_drawn_and_nan_is_not() -> None:
    candles = some_candles()
    overlays = [Overlay(name=f"EMA {length}", lines=[ema(candles.close, length)]) for length in (5, 50, 9)]
    chart = a_chart(candles, overlays=overlays)
    page = sheet(chart)
    pixels = plot(picture(chart), page)
    assert has(pixels, DARK.overlays[0]).any()
    columns = np.flatnonzero(has(pixels, DARK.overlays[1]).any(axis=0))
    assert columns.min() >= page.time.x[49] - 5
    undefined = Overlay(name="EMA 99", lines=[np.full(len(candles), np.nan)])
    assert not has(plot(picture(a_chart(candles, overlays=[undefined])), page), DARK.overlays[0]).any()


def test_levels_in_view_are_lines_and_far_ones_only_tags() -> None:
    candles = some_candles()
    near, far = float(candles.close.max()), float(candles.close.max()) * 3
    levels = [Level(name="Стоп", price=near, kind="stop"), Level(name="Цель", price=far, kind="entry")]
    chart = a_chart(candles, levels=levels)
    page, pixels = sheet(chart), picture(chart)
    line = has(pixels, DARK.kind("stop"))[round(page.prices.y(near)), : round(page.axis)]
    assert line.mean() > 0.7
    entry = has(pixels, DARK.kind("entry"))
    assert not (entry[:, : round(page.axis)].mean(axis=1) > 0.5).any()
    assert entry[:, round(page.axis) :].any()


def test_the_entry_zone_is_a_band_over_the_whole_width() -> None:
    candles = some_candles()
    low, high = float(np.quantile(candles.close, 0.4)), float(np.quantile(candles.close, 0.6))
    chart = a_chart(candles, entry_zone=(high, low))
    page, pixels = sheet(chart), picture(chart)
    band = np.flatnonzero(has(pixels, DARK.band)[:, 3])
    assert band.min() == pytest.approx(page.prices.y(low), abs=4)
    assert band.max() == pytest.approx(page.prices.y(high), abs=4)


def test_an_entry_zone_far_away_is_not_drawn() -> None:
    assert not has(picture(a_chart(entry_zone=(9000, 9100))), DARK.band).any()


def test_the_last_price_is_a_tag_in_the_colour_of_its_candle() -> None:
    candles = rows_of(some_candles(2), (100, 112, 98, 110, 5), (110, 111, 97, 101, 5))
    chart = a_chart(candles)
    page, pixels = sheet(chart), picture(chart)
    tag = has(pixels, DARK.down)[round(page.prices.y(101)), round(page.axis) + 2 :]
    assert tag[:20].all()


def test_more_levels_than_fit_do_not_fall_off_the_axis() -> None:
    levels = [Level(name=f"Level {price}", price=price) for price in range(40, 160)]
    pixels = picture(a_chart(levels=levels))
    assert not has(pixels, DARK.kind("neutral"))[: FOOTER // 4].any()


def test_text_is_never_markup_and_never_too_long() -> None:
    hostile = "$\\frac{1}{0}$ \n <b>&amp;{0}%s \u202e 😀 漢字 " * 30
    levels = [Level(name=hostile, price=100), Level(name="\n", price=101)]
    overlays = [Overlay(name=hostile, lines=[np.full(60, 100.0)])]
    chart = a_chart(title=hostile, subtitle=hostile, levels=levels, overlays=overlays)
    assert has(picture(chart)[PLOT_TOP:, :20], DARK.background).all()


def test_a_chart_without_candles_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one candle"):
        draw_candle_chart(a_chart(some_candles().rows(0, 0)))


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(KeyError):
        draw_candle_chart(a_chart(zone="Mars/Olympus"))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Europe/Moscow"])
def test_zones_east_and_west_can_be_drawn(zone: str) -> None:
    picture(a_chart(zone=zone, months=[f"м{month}" for month in range(12)]))


def test_warming_draws_a_picture_of_its_own() -> None:
    assert warm() == b""


def test_a_real_hour_chart_of_a_tiny_price(shared_data: Path) -> None:
    table = np.loadtxt(shared_data / "ohlcv" / "binance_PEPEUSDT_1h.csv.gz", delimiter=",", skiprows=1)
    columns = table[-120:].T
    candles = Candles(
        time_ms=columns[0].astype(np.int64),
        open=columns[1],
        high=columns[2],
        low=columns[3],
        close=columns[4],
        volume=columns[5],
    )
    assert has(picture(a_chart(candles, digits=8)), DARK.down).sum() > 1000
