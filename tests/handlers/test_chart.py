"""`/chart`."""

import pytest

from ports.charts import Theme
from ports.errors import Transient
from tests.build.markets import some_candles
from tests.build.screens import VERA, ScreenDesk, data_of, labels
from tests.build.telegram import PNG


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("/chart", "BTC/USDT · 1h"),
        ("/chart eth", "ETH/USDT · 1h"),
        ("/chart eth 4h", "ETH/USDT · 4h"),
        ("/chart 4h eth", "ETH/USDT · 4h"),
        ("/chart 1d", "BTC/USDT · 1d"),
        ("/chart eth,15m", "ETH/USDT · 15m"),
        ("/chart eth:15m", "ETH/USDT · 15m"),
        ("/chart BYBIT:ETHUSDT", "ETH/USDT · 1h"),
        ("/chart ETH/USDT:USDT 5m", "ETH/USDT · 5m"),
        ("chart eth 4H", "ETH/USDT · 4h"),
        ("график эфир 4ч", "ETH/USDT · 4h"),
        ("эфир день", "ETH/USDT · 1d"),
        ("eth 4h", "ETH/USDT · 4h"),
        ("/eth 4h", "ETH/USDT · 4h"),
        ("eth m15", "ETH/USDT · 15m"),
        ("eth 240", "ETH/USDT · 4h"),
        ("c eth 1m", "ETH/USDT · 1m"),
    ],
)
async def test_sloppy_ways_to_ask_for_a_chart_are_understood(desk: ScreenDesk, text: str, title: str) -> None:
    screen = await desk.type(text)

    assert screen.photo == PNG
    assert desk.charts.drawn[0].title == title
    assert title in screen.html


async def test_the_timeframe_buttons_mark_the_chosen_one_and_redraw(desk: ScreenDesk) -> None:
    screen = await desk.type("/chart eth 4h")
    assert labels(screen) == ["5m", "15m", "1h", "✓ 4h", "1d", "Price", "Refresh"]

    screen = await desk.tap(data_of(screen, "5m"))

    assert desk.charts.drawn[-1].title == "ETH/USDT · 5m"
    assert labels(screen)[0] == "✓ 5m"


@pytest.mark.parametrize("text", ["/chart btc 7h", "/chart btc 4x", "/chart btc soon", "/chart btc <b>"])
async def test_an_unknown_timeframe_is_answered_with_those_there_are(desk: ScreenDesk, text: str) -> None:
    screen = await desk.type(text)

    assert "Neither a timeframe nor an indicator" in screen.html
    assert labels(screen) == ["5m", "15m", "1h", "4h", "1d"]
    assert (await desk.tap(data_of(screen, "4h"))).photo == PNG


def names_on(desk: ScreenDesk) -> tuple[list[str], str | None]:
    """What stands over the price of the last chart, and what below."""
    drawn = desk.charts.drawn[-1]
    return [one.name for one in drawn.overlays], drawn.pane.name if drawn.pane else None


@pytest.mark.parametrize(
    ("text", "title", "over", "below"),
    [
        ("/chart btc 4h ichimoku", "BTC/USDT · 4h", ["Ichimoku 9 26 52"], None),
        ("/chart eth rsi14 1h", "ETH/USDT · 1h", ["EMA 21", "EMA 50"], "RSI 14"),
        ("/chart btc ema20 ema50 rsi", "BTC/USDT · 1h", ["EMA 20", "EMA 50"], "RSI 14"),
        ("/chart eth EMA 20, bb(20, 2.5) 4h", "ETH/USDT · 4h", ["EMA 20", "Bollinger 20 2.5"], None),
        ("/chart eth macd 12 26 9", "ETH/USDT · 1h", ["EMA 21", "EMA 50"], "MACD 12 26 9"),
        ("/chart rsi 7", "BTC/USDT · 1h", ["EMA 21", "EMA 50"], "RSI 7"),
        ("/chart rsi eth", "ETH/USDT · 1h", ["EMA 21", "EMA 50"], "RSI 14"),
        ("график эфир 4ч рси боллинджер", "ETH/USDT · 4h", ["Bollinger 20 2"], "RSI 14"),
        ("/chart eth supertrend supertrend", "ETH/USDT · 1h", ["Supertrend 10 3"], None),
    ],
)
async def test_indicators_are_named_in_any_order(
    desk: ScreenDesk, text: str, title: str, over: list[str], below: str | None
) -> None:
    await desk.type(text)

    assert desk.charts.drawn[-1].title == title
    assert names_on(desk) == (over, below)


async def test_the_timeframe_buttons_keep_the_indicators(desk: ScreenDesk) -> None:
    screen = await desk.type("/chart eth 4h bb 50 2 stoch rsi")

    await desk.tap(data_of(screen, "5m"))
    assert desk.charts.drawn[-1].title == "ETH/USDT · 5m"
    assert names_on(desk) == (["Bollinger 50 2"], "Stoch RSI 14 14 3 3")

    await desk.tap(data_of(screen, "Refresh"))
    assert desk.charts.drawn[-1].title == "ETH/USDT · 4h"
    assert names_on(desk) == (["Bollinger 50 2"], "Stoch RSI 14 14 3 3")


async def test_a_button_that_would_forget_an_indicator_is_not_there(desk: ScreenDesk) -> None:
    screen = await desk.type("/chart eth supertrend 7 2.125 accbands 33 squeeze 21 2.125 21 1.125")

    assert screen.photo == PNG
    assert labels(screen) == ["Price"]


async def test_a_mistyped_indicator_is_answered_with_near_ones(desk: ScreenDesk) -> None:
    screen = await desk.type("/chart eth 4h ema20 supertrnd")

    assert "No indicator “supertrnd”" in screen.html
    await desk.tap(data_of(screen, "supertrend10_3"))
    assert desk.charts.drawn[-1].title == "ETH/USDT · 4h"
    assert names_on(desk) == (["EMA 20", "Supertrend 10 3"], None)


async def test_nonsense_beside_a_timeframe_is_no_indicator(desk: ScreenDesk) -> None:
    screen = await desk.type("/chart eth 4h <b>")

    assert "No indicator “&lt;b&gt;”" in screen.html
    assert desk.charts.drawn == []


@pytest.mark.parametrize("text", ["/chart btc ema9 ema20 ema50", "/chart btc rsi macd"])
async def test_too_many_indicators_are_refused_with_what_fits(desk: ScreenDesk, text: str) -> None:
    screen = await desk.type(text)

    assert "too much for one picture" in screen.html
    assert desk.charts.drawn == []


async def test_an_indicator_that_cannot_be_worked_out_is_told(desk: ScreenDesk) -> None:
    desk.library.failing.add("cci")

    assert "cci20 cannot be worked out" in (await desk.type("/chart btc cci")).html


async def test_an_unknown_coin_keeps_its_timeframe_in_the_near_buttons(desk: ScreenDesk) -> None:
    screen = await desk.type("/chart bct 4h")

    await desk.tap(data_of(screen, "BTC/USDT"))

    assert desk.charts.drawn[0].title == "BTC/USDT · 4h"


async def test_a_short_history_is_told(desk: ScreenDesk) -> None:
    desk.source.bars = some_candles(7)
    assert "Only 7 candles" in (await desk.type("/chart btc")).html

    desk.source.bars = some_candles(1)
    assert "Only 1 candle of" in (await desk.type("/chart eth")).html


async def test_a_market_without_candles_is_told(desk: ScreenDesk) -> None:
    desk.source.bars = desk.source.bars.rows(0, 0)

    assert "BTC/USDT has no 4h candles yet" in (await desk.type("/chart btc 4h")).html


async def test_the_picture_has_the_persons_theme_and_zone(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, theme=Theme.LIGHT, zone="Asia/Tokyo")

    await desk.type("/chart btc")

    assert (desk.charts.drawn[0].theme, desk.charts.drawn[0].zone) == (Theme.LIGHT, "Asia/Tokyo")


async def test_a_venue_that_does_not_answer_is_told_with_a_retry(desk: ScreenDesk) -> None:
    desk.source.failure = Transient("down")
    screen = await desk.type("/chart eth 4h")
    assert "exchange does not answer" in screen.html

    desk.source.failure = None

    assert (await desk.tap(data_of(screen, "Try again"))).photo == PNG
    assert desk.charts.drawn[0].title == "ETH/USDT · 4h"


async def test_a_picture_that_cannot_be_drawn_is_told_with_a_retry(desk: ScreenDesk) -> None:
    desk.charts.failure = RuntimeError("the worker died")

    screen = await desk.type("/chart eth")

    assert "Something broke on my side" in screen.html
    assert labels(screen) == ["Try again"]


async def test_a_stale_price_in_the_caption_warns(desk: ScreenDesk) -> None:
    desk.clock.move(300)

    assert "stale 5 min" in (await desk.type("/chart btc")).html


@pytest.mark.parametrize(
    "text", ["show me a chart of eth 4h", "покажи график эфира 4ч", "eth chart 4h please"]
)
async def test_a_sentence_is_understood(desk: ScreenDesk, text: str) -> None:
    screen = await desk.type(text)

    assert screen.photo is not None
    assert screen.html.startswith("<b>ETH/USDT · 4h</b>")


@pytest.mark.parametrize("text", ["tell me a nice story about you", "what is the price of nothing at all"])
async def test_a_sentence_without_a_coin_gets_the_nearest_forms(desk: ScreenDesk, text: str) -> None:
    screen = await desk.type(text)

    assert "I do not know" in screen.html
    assert labels(screen)
