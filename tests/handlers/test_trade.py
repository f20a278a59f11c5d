"""`/trade`: from a sentence or a tap to a paper trade."""

from decimal import Decimal

import pytest

from engines.core.side import Direction
from engines.orders.trade import Trade, TradeState
from handlers.ui.trade_view import trade_screen
from ports.messages import Screen, Style
from ports.people import RiskProfile
from tests.build.markets import a_perp_ticker
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, buttons, data_of, labels
from tests.build.trade_screens import a_standing
from tests.build.trades import a_trade

BY = {"by": TOM}


def live(desk: ScreenDesk, person: int = TOM) -> list[Trade]:
    """The person's waiting and open trades."""
    return [standing.trade for standing in desk.services.trades.live(person)]


async def opened(desk: ScreenDesk, text: str, person: int = TOM) -> Screen:
    """The living message of a trade asked for and confirmed."""
    offer = await desk.type(text, by=person)
    return await desk.tap(data_of(offer, "Open"), by=person)


def reprice(desk: ScreenDesk, price: str) -> None:
    """Bitcoin's perpetual trades at another price from now on."""
    desk.source.perp_prices["BTCUSDT"] = a_perp_ticker("BTCUSDT", price, at=desk.clock.now())


@pytest.mark.parametrize(
    "text",
    [
        "/trade btc long 400 sl 86000 tp 88000 90000 x3",
        "/trade x3 tp 88k 90k sl 86k 400$ LONG Bitcoin",
        "long btc 400 sl 86000 tp 88000 90000 x3",
        "btc long 400 sl 86000 tp 88000 90000 x3",
        "лонг биток 400 стоп 86к цели 88к 90к x3",
        "биток лонг 400 стоп 86к цели 88к 90к плечо 3",
        "buy btc for 400 usdt with sl 86 000 and tp 88 000 / 90 000 lev 3",
    ],
)
async def test_a_sentence_leads_to_the_confirm_step_and_changes_nothing(desk: ScreenDesk, text: str) -> None:
    offer = await desk.type(text, **BY)

    assert offer.html.startswith("<b>PAPER · BTC/USDT long · 348.88 USDT</b>")
    for part in ("At risk", "of equity", "86,000.0", "88,000.0", "90,000.0", "x3", "margin", "Liq.", "Fee"):
        assert part in offer.html
    assert [one.text for one in offer.keyboard[0]] == ["Open"]
    assert offer.keyboard[0][0].style is Style.SUCCESS
    assert "✓ x3" in labels(offer)
    assert live(desk) == []


async def test_open_opens_once_and_the_tapped_message_becomes_the_living_one(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 400 sl 86000 tp 88000 90000 x3", **BY)
    first = await desk.tap(data_of(offer, "Open"), message=77, **BY)
    second = await desk.tap(data_of(offer, "Open"), message=77, **BY)

    [trade] = live(desk)
    assert first.html == second.html
    assert first.html.startswith("<b>#1 · PAPER · BTC/USDT long</b>")
    assert (trade.chat_id, trade.message_id) == (TOM, 77)
    assert (trade.state, trade.leverage, trade.stop) == (TradeState.OPEN, Decimal(3), Decimal(86_000))
    assert [target.price for target in trade.targets] == [Decimal(88_000), Decimal(90_000)]


async def test_what_is_missing_comes_as_buttons(desk: ScreenDesk) -> None:
    side = await desk.type("/trade btc", **BY)
    assert labels(side) == [
        *("Long", "Short"),
        *("50 USDT", "100 USDT", "250 USDT"),
        *("x1", "x2", "x3", "x4", "x5"),
        "Cancel",
    ]
    sized = await desk.tap(data_of(side, "250 USDT"), **BY)
    assert "✓ 250 USDT" in labels(sized)
    levered = await desk.tap(data_of(sized, "x2"), **BY)
    offer = await desk.tap(data_of(levered, "Short"), **BY)
    assert "BTC/USDT short · 174" in offer.html
    assert "✓ x2" in labels(offer)
    await desk.tap(data_of(offer, "Open"), **BY)
    [trade] = live(desk)
    assert (trade.direction, trade.leverage) == (Direction.SHORT, Decimal(2))
    assert trade.stop is not None
    assert len(trade.targets) == 3


async def test_without_a_coin_coins_are_offered_and_the_rest_is_kept(desk: ScreenDesk) -> None:
    coins = await desk.type("/trade long 250 x2", **BY)
    assert "BTC" in labels(coins)
    offer = await desk.tap(data_of(coins, "BTC"), **BY)
    assert offer.html.startswith("<b>PAPER · BTC/USDT long · 174")
    assert "✓ x2" in labels(offer)


async def test_a_mistyped_coin_is_guessed_and_the_rest_is_kept(desk: ScreenDesk) -> None:
    guesses = await desk.type("/trade bct long 250 sl 86000 tp 88000 90000 x2", **BY)
    assert labels(guesses)[:2] == ["BTC/USDT", "BCH/USDT"]
    offer = await desk.tap(data_of(guesses, "BTC/USDT"), **BY)
    for part in ("174", "86,000.0", "90,000.0"):
        assert part in offer.html


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/trade nosuchcoinatall long 10", "No market"),
        ("/trade btc eth long 100", "I do not understand “eth”"),
        ("/trade btc long 0", "not an amount"),
        ("/trade btc long -5", "not an amount"),
        ("/trade btc long nan", "not an amount"),
        ("/trade btc long 1e99", "not an amount"),
        ("/trade btc long 100 200", "I do not know what “200” belongs to"),
        ("/trade btc long short 100", "something else than before"),
        ("/trade btc long 5000", "free money does not cover"),
        ("/trade btc long 1", "too small"),
        ("/trade btc long 200 x9", "leverage is not offered"),
        ("/trade btc long 200 sl 99000", "would be hit at once"),
        ("/trade btc long 200 tp 80000", "is behind the price"),
        ("/trade btc long 200 tp 1 2 3 4", "too many targets"),
        ("/trade btc long 200 @1", "too far from the market"),
        ("/trade doge short 20", "cannot be sold short"),
        ("/trade doge long 20 x3", "no leverage"),
        ("/trade btc long 200 no stop tp 2r", "no risk to measure by"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_mend_and_changes_nothing(
    desk: ScreenDesk, text: str, words: str
) -> None:
    answer = await desk.answer(text, **BY)

    assert answer.screen is not None
    assert words in answer.screen.html
    assert "That cannot be done" not in answer.screen.html
    assert live(desk) == []
    assert (await desk.services.trades.portfolio(desk.person(TOM))).free == 1000


@pytest.mark.parametrize(
    ("text", "mend", "then"),
    [
        ("/trade btc long 5000", "999.45 USDT", "BTC/USDT long · 959.41"),
        ("/trade btc long 200 x9", "x5", "✓ x5"),
        ("/trade btc long 200 sl 99000", "No stop", "Can lose up to"),
        ("/trade doge short 20", "Long", "DOGE/USDT long"),
        ("/trade doge long 20 x3", "x1", "DOGE/USDT long"),
    ],
)
async def test_a_refusal_comes_with_the_sentence_that_would_do(
    desk: ScreenDesk, text: str, mend: str, then: str
) -> None:
    refused = await desk.type(text, **BY)
    offer = await desk.tap(data_of(refused, mend), **BY)
    assert then in offer.html + " ".join(labels(offer))


async def test_buttons_change_the_offer_and_keep_what_was_said(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 400 sl 86000 tp 88000 90000", **BY)
    smaller = await desk.tap(data_of(offer, "Smaller"), **BY)
    assert "long · 174" in smaller.html
    bigger = await desk.tap(data_of(smaller, "Bigger"), **BY)
    assert "long · 348" in bigger.html
    bare = await desk.tap(data_of(bigger, "No stop"), **BY)
    assert "No stop: nothing limits the loss" in bare.html
    bare = await desk.tap(data_of(bare, "No targets"), **BY)
    assert "TP1" not in bare.html
    again = await desk.tap(data_of(bare, "Stop"), **BY)
    assert "86,000.0" in again.html
    again = await desk.tap(data_of(again, "Targets"), **BY)
    assert "90,000.0" in again.html
    assert live(desk) == []


async def test_bigger_ends_where_the_money_does(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 700 sl 86000", **BY)
    most = await desk.tap(data_of(offer, "Bigger"), **BY)
    assert "the most that your free money allows" in most.html
    assert live(desk) == []


async def test_cancel_opens_nothing(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 200", **BY)
    assert "Nothing was opened" in (await desk.tap(data_of(offer, "Cancel"), **BY)).html
    assert live(desk) == []


async def test_an_old_offer_is_quoted_anew(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 200", **BY)
    desk.clock.move(121)
    reprice(desk, "87210.50")
    fresh = await desk.tap(data_of(offer, "Open"), **BY)
    assert "over two minutes old" in fresh.html
    assert live(desk) == []
    assert (await desk.tap(data_of(fresh, "Open"), **BY)).html.startswith("<b>#1")


async def test_a_price_that_moved_is_quoted_anew(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 200 sl 80000", **BY)
    reprice(desk, "88210.50")
    fresh = await desk.tap(data_of(offer, "Open"), **BY)
    assert "The price has moved" in fresh.html
    assert "88,2" in fresh.html
    assert live(desk) == []


async def test_a_limit_waits_and_is_cancelled(desk: ScreenDesk) -> None:
    waiting = await opened(desk, "/trade btc long 200 @80000 sl 79000")
    assert "waiting" in waiting.html
    assert "80,000.0" in waiting.html
    over = await desk.tap(data_of(waiting, "Cancel order"), **BY)
    assert "not opened" in over.html
    assert live(desk) == []
    assert (await desk.services.trades.portfolio(desk.person(TOM))).free == 1000


@pytest.mark.parametrize(
    ("risk", "leverage", "most"),
    [
        (RiskProfile.CAUTIOUS, 1, 100),
        (RiskProfile.BALANCED, 1, 200),
        (RiskProfile.BOLD, 3, 500),
    ],
)
async def test_the_risk_profile_suggests_what_was_not_said(
    desk: ScreenDesk, risk: RiskProfile, leverage: int, most: int
) -> None:
    await desk.services.people.change(TOM, risk=risk)
    offer = await desk.type("/trade btc long", **BY)
    await desk.tap(data_of(offer, "Open"), **BY)
    [trade] = live(desk)
    assert trade.leverage == leverage
    assert most / 2 < trade.entry_cost <= most
    assert trade.stop is not None
    assert len(trade.targets) == 3


@pytest.mark.parametrize(
    "text", ["/trade btc long 100", "long btc 100", "btc long 100", "/close 1", "/reset"]
)
async def test_viewers_look(desk: ScreenDesk, text: str) -> None:
    command = desk.services.table.words[text.lstrip("/").split()[0]] if text != "btc long 100" else None
    if command is not None:
        assert not desk.person(VERA).role.covers(command.role)
    else:
        assert "Your role does not allow that" in (await desk.type(text, by=VERA)).html
    assert live(desk, VERA) == []


@pytest.mark.parametrize("prefix", ["tr", "te", "to", "tx", "tc", "tm", "tb", "rs"])
async def test_buttons_of_traders_are_closed_to_viewers(desk: ScreenDesk, prefix: str) -> None:
    assert not desk.person(VERA).role.covers(desk.services.table.buttons[prefix].role)


async def test_an_offer_belongs_to_whom_it_was_made(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 200", **BY)
    answer = await desk.press(data_of(offer, "Open"), by=ANN)
    assert answer.is_error
    assert answer.screen is not None
    assert "not for you" in answer.screen.html
    elsewhere = await desk.press(data_of(offer, "Open"), chat=-100, **BY)
    assert elsewhere.is_error
    assert live(desk) == live(desk, ANN) == []


@pytest.mark.parametrize(
    "data",
    [
        "to:nonsense",
        "te:nonsense:x3",
        "tx:",
        "tr:NOSUCH:long",
        "tc:1:1:half",
        "tc:x",
        "tb:1:1",
        "tv:99",
        "tg:",
    ],
)
async def test_buttons_of_another_time_break_nothing(desk: ScreenDesk, data: str) -> None:
    answer = await desk.press(data, **BY)
    assert answer.is_error
    assert answer.screen is not None
    assert "Something broke" not in answer.screen.html


async def test_a_change_that_no_button_makes_is_refused(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade btc long 200", **BY)
    token = data_of(offer, "Open").removeprefix("to:")
    for change in ("", "y3", "dup", "x0", "xNaN", "n-5", "s7"):
        answer = await desk.press(f"te:{token}:{change}", **BY)
        assert answer.is_error
        assert answer.screen is not None
        assert "Something broke" not in answer.screen.html


async def test_prices_and_charts_lead_to_a_trade(desk: ScreenDesk) -> None:
    await desk.services.perps.instrument("BTCUSDT")
    for text in ("btc", "/chart btc 4h"):
        shown = await desk.type(text, **BY)
        offer = await desk.tap(data_of(shown, "Short"), **BY)
        assert offer.html.startswith("<b>PAPER · BTC/USDT short")
    assert "Short" not in labels(await desk.type("doge", **BY))
    assert "Long" not in labels(await desk.type("btc", by=VERA))


@pytest.mark.parametrize(("language", "words"), [("en", "on its way"), ("ru", "отправлен")])
async def test_an_order_that_is_not_answered_yet_says_so(desk: ScreenDesk, language: str, words: str) -> None:
    standing = a_standing(a_trade(state=TradeState.WAITING), waiting_price=None)
    screen = trade_screen(desk.services.rendering.speech(language), standing, may_trade=True)
    assert words in screen.html


async def test_russian_is_spoken_all_the_way(desk: ScreenDesk) -> None:
    await desk.services.people.change(TOM, language="ru")
    offer = await desk.type("шорт биток 400 стоп 1% цель 2%", **BY)
    assert "BTC/USDT шорт" in offer.html
    living = await desk.tap(data_of(offer, "Открыть"), **BY)
    assert labels(living)[:3] == ["Закрыть ½", "Закрыть", "График"]


async def test_tiny_prices_are_shown_with_their_digits() -> None:
    desk = await a_screen_desk()
    living = await opened(desk, "/trade shib long 100 sl 0.000012 tp 0.000013")
    assert "0.00001234" in living.html
    assert "0.00001200" in living.html


async def test_no_button_is_longer_than_telegram_allows(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade 1000shib long 100.55 @0.00001199 sl 0.00001111 tp 0.0000131 x1", **BY)
    for screen in (offer, await desk.tap(data_of(offer, "Open"), **BY)):
        assert all(len((one.data or "").encode()) <= 64 for one in buttons(screen))


async def test_a_coin_without_history_gets_no_suggestion_and_still_trades(desk: ScreenDesk) -> None:
    desk.source.bars = desk.source.bars.rows(0, 3)
    offer = await desk.type("/trade btc long 200", **BY)
    assert "No stop" in offer.html
    refused = await desk.answer("/trade btc long 200 sl 2atr", **BY)
    assert refused.is_error
    assert refused.screen is not None
    assert "ATR" in refused.screen.html


@pytest.mark.parametrize("now", ["80000", "87400", "95000"])
async def test_distances_are_measured_from_the_price_that_would_be_paid(desk: ScreenDesk, now: str) -> None:
    await desk.services.perps.fresh("BTCUSDT")
    reprice(desk, now)
    offer = await desk.type("/trade btc long 300 sl 1% tp 1r 2r", **BY)
    paid = Decimal(now) * Decimal("1.0001")
    assert f"{paid * Decimal('0.99'):,.1f}"[:6] in offer.html
    assert "−1.0 %" in offer.html.replace("\N{NO-BREAK SPACE}", " ")
    assert "+2.0R" in offer.html
