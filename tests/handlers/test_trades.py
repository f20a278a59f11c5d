"""`/close`, `/stop`, `/trades`: what people do with the trades that they have."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.orders.trade import CloseReason, Trade, TradeState
from handlers.ui.trade_view import notice_of
from ports.markets import PriceOf
from ports.messages import Screen
from services.trading.wish import TradeEvent
from tests.build.clock import NOON
from tests.build.markets import some_candles
from tests.build.screens import TOM, VERA, ScreenDesk, data_of, labels
from tests.build.trade_screens import an_open_trade

BY = {"by": TOM}


async def opened(desk: ScreenDesk, text: str = "/trade btc long 400 sl 86000 tp 88000 90000 x3") -> Screen:
    """The living message of a trade asked for and confirmed."""
    return await desk.tap(data_of(await desk.type(text, **BY), "Open"), **BY)


async def the_trade(desk: ScreenDesk, number: int = 1) -> Trade:
    return await desk.services.trades.get(desk.person(TOM), number)


def day_of_prices(desk: ScreenDesk) -> Candles:
    """What Bitcoin's perpetual did in the last day."""
    bars = some_candles(288, Timeframe.M5, end=NOON, start_price=87_000.0)
    desk.source.past[MarketKind.PERP, "BTCUSDT", Timeframe.M5, PriceOf.TRADES] = bars
    return bars


@pytest.mark.parametrize(
    "text", ["/close", "/close 1", "/close #1", "/close btc", "закрой биток", "close btc all"]
)
async def test_close_ends_a_trade_at_the_market(desk: ScreenDesk, text: str) -> None:
    await opened(desk)
    screen = await desk.type(text, **BY)
    assert "· closed</b>" in screen.html
    assert "closed by you" in screen.html
    assert labels(screen) == ["Again", "Chart", "Portfolio"]
    assert (await the_trade(desk)).close_reason is CloseReason.PERSON


@pytest.mark.parametrize("text", ["/close btc half", "/close 1 50%", "/close 1/2", "закрой биток половину"])
async def test_a_part_is_closed(desk: ScreenDesk, text: str) -> None:
    await opened(desk)
    await desk.type(text, **BY)
    trade = await the_trade(desk)
    assert (trade.state, trade.quantity, trade.exited) == (
        TradeState.OPEN,
        Decimal("0.002"),
        Decimal("0.002"),
    )


async def test_two_taps_on_the_same_screen_are_one_deed(desk: ScreenDesk) -> None:
    living = await opened(desk)
    half = data_of(living, "Close half")
    await desk.tap(half, **BY)
    after = await desk.tap(half, **BY)
    assert (await the_trade(desk)).quantity == Decimal("0.002")
    await desk.tap(data_of(after, "Close half"), **BY)
    assert (await the_trade(desk)).quantity == Decimal("0.001")


async def test_closing_twice_is_told(desk: ScreenDesk) -> None:
    await opened(desk)
    await desk.type("/close 1", **BY)
    assert "Trade #1 is over already" in (await desk.type("/close 1", **BY)).html


async def test_which_of_several_is_asked_with_a_button_each(desk: ScreenDesk) -> None:
    await opened(desk)
    await opened(desk, "/trade eth short 300 x2")
    asked = await desk.type("/close half", **BY)
    assert labels(asked) == ["#1 BTC", "#2 ETH"]
    assert labels(await desk.type("/close #", **BY)) == ["#1 BTC", "#2 ETH"]
    await desk.tap(data_of(asked, "#2 ETH"), **BY)
    assert (await the_trade(desk, 2)).exited > 0
    assert (await the_trade(desk, 1)).exited == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/close", "No trade of yours is open"),
        ("/close 77", "no such trade"),
        ("/close nosuchcoin", "No trade of yours is open"),
        ("/stop", "No trade of yours is open"),
        ("/stop 77 80000", "no such trade"),
        ("/close 1 nan", "not an amount"),
        ("/close 1 0%", "not an amount"),
        ("/stop btc eth", "do not understand"),
    ],
)
async def test_what_cannot_be_closed_or_moved_is_told(desk: ScreenDesk, text: str, words: str) -> None:
    answer = await desk.answer(text, **BY)
    assert answer.is_error
    assert answer.screen is not None
    assert words in answer.screen.html


async def test_a_price_of_ones_own_is_confirmed_and_booked_once(desk: ScreenDesk) -> None:
    bars = day_of_prices(desk)
    price = round(float(bars.close[-5]), 1)
    await opened(desk)
    asked = await desk.type(f"/close btc half @{price}", **BY)
    assert "at your own price" in asked.html
    assert (await the_trade(desk)).exited == 0
    await desk.tap(data_of(asked, "Book it"), **BY)
    again = await desk.press(data_of(asked, "Book it"), **BY)
    trade = await the_trade(desk)
    assert again.is_error
    assert (trade.exited, trade.exit_price) == (Decimal("0.002"), Decimal(str(price)))
    assert trade.is_manual


async def test_a_price_that_was_not_there_is_refused_with_those_that_were(desk: ScreenDesk) -> None:
    day_of_prices(desk)
    await opened(desk)
    asked = await desk.type("/close btc 1000", **BY)
    answer = await desk.press(data_of(asked, "Book it"), **BY)
    assert answer.screen is not None
    assert "not traded in the last 24 hours" in answer.screen.html
    assert (await the_trade(desk)).exited == 0


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("/stop btc 86500", "86500"),
        ("/stop 86 500", None),
        ("/stop 1 86,500", "86500"),
        ("стоп биток 86.5к", "86500"),
        ("/stop btc 1%", "86338.4"),
    ],
)
async def test_the_stop_goes_where_it_is_told(desk: ScreenDesk, text: str, stop: str | None) -> None:
    await opened(desk)
    answer = await desk.answer(text, **BY)
    assert answer.is_error is (stop is None)
    assert (await the_trade(desk)).stop == Decimal(stop or "86000")


async def test_a_stop_on_the_wrong_side_is_refused(desk: ScreenDesk) -> None:
    await opened(desk)
    assert "would be hit at once" in (await desk.type("/stop btc 99000", **BY)).html
    assert (await the_trade(desk)).stop == Decimal(86_000)


async def test_where_the_stop_goes_is_asked(desk: ScreenDesk) -> None:
    await opened(desk)
    asked = await desk.type("/stop btc", **BY)
    assert "86,000.0" in asked.html
    assert "<code>/stop 1 entry</code>" in asked.html


async def test_open_trades_come_first_then_closed_ones(desk: ScreenDesk) -> None:
    await opened(desk)
    await opened(desk, "/trade eth short 300 x2")
    await desk.type("/close btc", **BY)
    screen = await desk.type("/trades", **BY)
    assert screen.html.index("#2 ETH short") < screen.html.index("#1 BTC long")
    shown = await desk.tap(data_of(screen, "#2 ETH"), **BY)
    assert shown.html.startswith("<b>#2 · PAPER · ETH/USDT short</b>")
    assert "#2" not in (await desk.type("/trades", by=VERA)).html


async def test_closed_trades_come_in_pages(desk: ScreenDesk) -> None:
    for _ in range(12):
        await opened(desk, "/trade btc long 100")
        await desk.type("/close btc", **BY)
    first = await desk.type("/trades", **BY)
    assert ("#12 " in first.html, "#3 " in first.html, "#2 " in first.html) == (True, True, False)
    second = await desk.tap(data_of(first, "Older"), **BY)
    assert ("#2 " in second.html, "#1 " in second.html, "#12 " in second.html) == (True, True, False)
    assert "Older" not in labels(second)
    assert "#12 " in (await desk.tap(data_of(second, "Newer"), **BY)).html


async def test_without_trades_the_screen_teaches(desk: ScreenDesk) -> None:
    screen = await desk.type("/trades", **BY)
    assert "No trades yet" in screen.html
    assert labels(screen) == ["Trade BTC", "Top", "Chart BTC"]
    looking = await desk.type("/trades", by=VERA)
    assert labels(looking) == ["Top", "Chart BTC"]
    assert "Your role looks on" in looking.html


async def test_levels_are_drawn_on_the_chart(desk: ScreenDesk) -> None:
    living = await opened(desk)
    shown = await desk.tap(data_of(living, "Chart"), **BY)
    assert "Candles of the spot market, levels of the perpetual." in shown.html
    assert shown.photo is not None
    assert [(level.name, level.kind) for level in desk.charts.drawn[-1].levels] == [
        ("Entry", "entry"),
        ("Stop", "stop"),
        ("TP1", "target"),
        ("TP2", "target"),
    ]
    await desk.tap(data_of(shown, "4h"), **BY)
    assert desk.charts.drawn[-1].timeframe_ms == Timeframe.H4.ms


async def test_nobody_sees_the_trades_of_others(desk: ScreenDesk) -> None:
    await opened(desk)
    for data in ("tv:1", "tg:1"):
        answer = await desk.press(data, by=VERA)
        assert answer.screen is not None
        assert "no such trade of yours" in answer.screen.html


CODES = (
    "opened canceled target stop_moved stop trail targets_done closed liquidated funding not_filled "
    "partly_closed"
)


@pytest.mark.parametrize("code", CODES.split())
@pytest.mark.parametrize("language", ["en", "ru"])
async def test_every_event_has_its_words(desk: ScreenDesk, code: str, language: str) -> None:
    person = await desk.services.people.change(TOM, language=language)
    event = TradeEvent(code=code, trade=an_open_trade(), at=NOON, params={"number": 2})
    screen = notice_of(lambda: desk.services)(event, person)
    assert screen is not None
    title, *lines = screen.html.split("\n")
    assert "#12 · PAPER · BTC/USDT" in title
    assert lines
    assert all(line.strip() for line in lines)


async def test_the_cockpit_tells_of_open_positions(desk: ScreenDesk) -> None:
    cockpit = desk.services.cockpits.view
    assert "open position" not in cockpit(desk.person(TOM)).html
    await opened(desk)
    assert "1 open position · <b>−0.23 USDT</b>" in cockpit(desk.person(TOM)).html


async def test_a_price_too_old_is_called_so(desk: ScreenDesk) -> None:
    await opened(desk)
    desk.clock.move(timedelta(minutes=10).total_seconds())
    shown = await desk.tap("tv:1", **BY)
    assert "no fresh price" in shown.html
