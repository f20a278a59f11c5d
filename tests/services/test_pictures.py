"""Charts as people ask for them."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from ports.charts import Level, Theme
from ports.errors import Refused
from services.pictures import AVERAGES, SHOWN, Picture, deepest_drop
from services.speech import Speech
from tests.build.clock import NOON
from tests.build.markets import some_candles
from tests.build.screens import ScreenDesk, a_screen_desk


async def drawn(desk: ScreenDesk, speech: Speech | None = None) -> Picture:
    instrument = await desk.services.markets.resolve("BTC")
    say = speech or desk.services.rendering.speech("en")
    return await desk.services.pictures.candles(instrument, Timeframe.H1, theme=Theme.LIGHT, speech=say)


async def test_a_chart_shows_the_last_candles_under_averages_warmed_up_before_them() -> None:
    desk = await a_screen_desk()
    desk.source.bars = history = some_candles(SHOWN + max(one.warm_up for one in AVERAGES))

    picture = await drawn(desk)

    [chart] = desk.charts.drawn
    assert (picture.shown, picture.wanted, len(chart.candles)) == (SHOWN, SHOWN, SHOWN)
    assert chart.candles.time_ms[-1] == history.time_ms[-1]
    assert [overlay.name for overlay in chart.overlays] == ["EMA 21", "EMA 50"]
    for overlay in chart.overlays:
        [line] = overlay.lines
        assert len(line) == SHOWN
        assert np.isfinite(line).all()
    assert (chart.title, chart.theme, chart.digits) == ("BTC/USDT · 1h", Theme.LIGHT, 2)
    assert chart.drawn_at == NOON


async def test_levels_and_the_entry_zone_reach_the_picture() -> None:
    desk = await a_screen_desk()
    instrument = await desk.services.markets.resolve("BTC")
    stop = Level(name="Stop", price=90.0, kind="stop")

    await desk.services.pictures.candles(
        instrument,
        Timeframe.H1,
        theme=Theme.DARK,
        speech=desk.services.rendering.speech("en"),
        levels=[stop],
        entry_zone=(99.0, 100.0),
    )

    [chart] = desk.charts.drawn
    assert (chart.levels, chart.entry_zone) == ([stop], (99.0, 100.0))


async def test_the_words_of_a_picture_follow_the_person() -> None:
    desk = await a_screen_desk()

    await drawn(desk, desk.services.rendering.speech("ru", "Asia/Tokyo"))

    [chart] = desk.charts.drawn
    assert chart.zone == "Asia/Tokyo"
    assert chart.months[0].startswith("янв")
    assert chart.subtitle != ""


async def test_a_young_market_is_drawn_with_what_it_has() -> None:
    desk = await a_screen_desk()
    desk.source.bars = some_candles(3, end=NOON - timedelta(hours=1))

    picture = await drawn(desk)

    assert (picture.shown, picture.wanted) == (3, SHOWN)
    assert all(len(overlay.lines[0]) == 3 for overlay in desk.charts.drawn[0].overlays)


async def test_a_market_without_candles_is_refused() -> None:
    desk = await a_screen_desk()
    desk.source.bars = desk.source.bars.rows(0, 0)
    assert isinstance(desk.source.bars, Candles)

    with pytest.raises(Refused, match="no_candles"):
        await drawn(desk)


async def test_a_curve_is_drawn_with_its_deepest_drop_in_the_persons_words() -> None:
    desk = await a_screen_desk()
    curve = [(NOON + timedelta(hours=hour), Decimal(worth)) for hour, worth in enumerate((1000, 1100, 990))]
    speech = desk.services.rendering.speech("ru", "Asia/Tokyo")

    await desk.services.pictures.equity(curve, Decimal(1000), theme=Theme.LIGHT, speech=speech)

    [chart] = desk.charts.curves
    assert chart.equity.tolist() == [1000.0, 1100.0, 990.0]
    assert chart.time_ms[0] == int(NOON.timestamp() * 1000)
    assert "−10,0" in chart.subtitle
    assert (chart.zone, chart.theme) == ("Asia/Tokyo", Theme.LIGHT)


@pytest.mark.parametrize(
    ("equity", "drop"), [([1000], "0"), ([1000, 1100], "0"), ([1000, 500, 1000, 400], "0.6"), ([0, 0], "0")]
)
def test_the_deepest_drop_is_measured_from_the_high_before_it(equity: list[int], drop: str) -> None:
    assert deepest_drop([Decimal(one) for one in equity]) == Decimal(drop)
