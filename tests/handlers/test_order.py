"""`/order`, `/orders` and `/desk`: the desk's own hand."""

from decimal import Decimal

import pytest

from engines.orders.order import ExecutionStyle
from engines.orders.subaccount import EngineName
from ports.desk_state import Approval
from ports.errors import Refused
from ports.messages import Screen
from services.ticketing.order_sentence import read_order, written_order
from tests.build.desk_state import a_policy
from tests.build.fake_venue import FakeVenue
from tests.build.markets import a_perp_ticker
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, data_of, labels

PAPER_HAND = -108


@pytest.fixture
async def desk() -> ScreenDesk:
    """A desk whose hand is on paper."""
    return await a_screen_desk()


async def go_live(desk: ScreenDesk) -> FakeVenue:
    """Its hand trades real money, with tickets."""
    await desk.stores.policies.put(a_policy(EngineName.MANUAL, approval=Approval.ASK))
    await desk.services.policies.load()
    await desk.accounts.open("bybit")
    venue = FakeVenue(desk.clock)
    venue.set("87210.50")
    await desk.services.trades.orders.open("bybit", venue, venue)
    return venue


def last(desk: ScreenDesk, chat: int = TOM) -> Screen:
    return next(one.screen for one in reversed(desk.messenger.deliveries) if one.chat_id == chat)


@pytest.mark.parametrize(
    "text",
    [
        "btc buy 500",
        "btc buy 500 limit 86000 stop 85000 target 88000",
        "купи btc на 500 по 86000 стоп 85000 цель 88000",
        "btc sell 300 reduce",
        "btc reduce",
        "eth buy 100 maker",
        "eth buy 100 limit 2000 post",
        "sol spot buy 50 stop 2%",
    ],
)
def test_what_is_understood_can_be_said_again(text: str) -> None:
    order = read_order(text)

    assert read_order(written_order(order)) == order


def test_words_of_orders() -> None:
    order = read_order("BTC Sell $1k Reduce-Only maker")

    assert order.is_reducing
    assert order.style is ExecutionStyle.MAKER_THEN_MARKET
    assert order.asked.names == ("btc",)
    assert read_order("сократить эфир").is_reducing


async def test_on_paper_it_is_shown_first_and_placed_by_a_tap(desk: ScreenDesk) -> None:
    shown = await desk.type("/order btc buy 500 stop 80000 target 95000", by=TOM)
    assert "<b>ORDER · PAPER · manual</b>" in shown.html
    assert "80,000" in shown.html
    assert labels(shown) == ["Place", "Smaller", "Bigger", "Cancel"]

    answer = await desk.press(data_of(shown, "Place"), by=TOM, message=77)
    await desk.services.tickets.cards.refresh()
    [held] = desk.services.trades.register.live(PAPER_HAND)

    assert (answer.screen, answer.is_error) == (None, False)
    assert "<b>FILLED · PAPER · manual</b>" in last(desk).html
    assert desk.messenger.deliveries[-1].message_id == 77
    assert (held.trade.quantity, held.trade.stop) == (Decimal("0.005"), Decimal(80_000))


async def test_a_second_tap_places_nothing(desk: ScreenDesk) -> None:
    shown = await desk.type("/order btc buy 500", by=TOM)
    for _ in range(2):
        await desk.press(data_of(shown, "Place"), by=TOM, message=77)
    [held] = desk.services.trades.register.live(PAPER_HAND)

    assert held.trade.quantity == Decimal("0.005")


async def test_an_old_offer_and_a_moved_price_are_shown_anew(desk: ScreenDesk) -> None:
    shown = await desk.type("/order btc buy 500", by=TOM)
    desk.clock.move(121)
    desk.source.perp_prices["BTCUSDT"] = a_perp_ticker("BTCUSDT", at=desk.clock.now())
    again = await desk.tap(data_of(shown, "Place"), by=TOM)

    assert "over two minutes old" in again.html
    assert desk.services.trades.register.live(PAPER_HAND) == []


async def test_the_size_can_be_changed(desk: ScreenDesk) -> None:
    shown = await desk.type("/order btc buy 500", by=TOM)
    smaller = await desk.tap(data_of(shown, "Smaller"), by=TOM)
    gone = await desk.tap(data_of(smaller, "Cancel"), by=TOM)

    assert "0.002" in smaller.html
    assert "Nothing was sent" in gone.html


async def test_with_real_money_a_ticket_asks(desk: ScreenDesk) -> None:
    venue = await go_live(desk)
    answer = await desk.answer("/order btc buy 500 limit 86000", by=TOM)
    await desk.services.tickets.cards.refresh()

    assert (answer.screen, answer.is_error) == (None, False)
    assert "APPROVE? · LIVE" in last(desk, ANN).html
    assert labels(last(desk, ANN)) == ["Approve", "Smaller", "Paper", "Skip"]
    assert labels(last(desk, TOM)) == ["Smaller", "Paper", "Skip"]
    assert venue.submits == []


async def test_open_orders_have_a_button_each_that_takes_them_back(desk: ScreenDesk) -> None:
    venue = await go_live(desk)
    await desk.answer("/order btc buy 500 limit 86000", by=TOM)
    await desk.services.tickets.cards.refresh()
    waiting = await desk.type("/orders", by=TOM)
    await desk.press(data_of(last(desk, ANN), "Approve"), by=ANN)
    for report in venue.stream:
        desk.services.trades.orders.hearing.hear("bybit", report)
    await desk.services.trades.orders.hearing.work_off()
    resting = await desk.type("/orders", by=TOM)
    after = await desk.tap(data_of(resting, "Cancel 1"), by=TOM)

    assert "waits for a ticket" in waiting.html
    assert labels(waiting) == []
    assert "in the book" in resting.html
    assert "being cancelled" in after.html


async def test_an_order_is_taken_back_by_who_may_approve_it_or_whose_wish_it_is(desk: ScreenDesk) -> None:
    await go_live(desk)
    await desk.answer("/order btc buy 500 limit 86000", by=ANN)
    await desk.services.tickets.cards.refresh()
    await desk.press(data_of(last(desk, ANN), "Approve"), by=ANN)
    [order] = desk.services.trades.register.working("bybit")

    refused = await desk.press(f"od:{order.id}", by=TOM)
    taken = await desk.press(f"od:{order.id}", by=ANN)

    assert refused.screen is not None
    assert "may not" in refused.screen.html
    assert (refused.is_error, taken.is_error) == (True, False)


async def test_nobody_takes_back_the_paper_order_of_another_person(desk: ScreenDesk) -> None:
    shown = await desk.type("/trade btc long 100 at 60000 stop 59000", by=TOM)
    await desk.press(data_of(shown, "Open"), by=TOM)
    [order] = desk.services.trades.register.working("paper")

    assert (await desk.press(f"od:{order.id}", by=ANN)).is_error


async def test_positions_of_the_desk(desk: ScreenDesk) -> None:
    assert "The desk holds nothing." in (await desk.type("/desk", by=TOM)).html
    shown = await desk.type("/order btc buy 500", by=TOM)
    await desk.press(data_of(shown, "Place"), by=TOM)
    held = await desk.type("/desk", by=TOM)
    out = await desk.type("/order btc reduce", by=TOM)

    assert "PAPER · manual · #1" in held.html
    assert "<b>BTC long</b> 0.005" in held.html
    assert "Sell <code>0.005</code> BTC perp · only reduces" in out.html


@pytest.mark.parametrize(
    ("typed", "words", "buttons"),
    [
        ("/order btc 500", "Buy or sell?", ["Buy", "Sell"]),
        ("/order btc buy", "How much?", ["100 USDT", "500 USDT", "1000 USDT"]),
        ("/order btc buy 50%", "sized in USDT", []),
        ("/order btc buy 500 stop 2r", "not an amount", []),
        ("/order btc buy 500 trail 2%", "prices or percents", []),
        ("/order btc buy 500 stop 99000", "would be hit at once", []),
        ("/order btc sell reduce", "to reduce", []),
        ("/order btc buy 0", "not an amount", []),
        ("/order btc buy 1", "too small", []),
        ("/order nosuchcoin buy 5", "No market", None),
    ],
)
async def test_what_is_missing_or_wrong_comes_with_a_mend(
    desk: ScreenDesk, typed: str, words: str, buttons: list[str] | None
) -> None:
    answer = await desk.answer(typed, by=TOM)

    assert answer.is_error
    assert answer.screen is not None
    assert words in answer.screen.html
    assert buttons is None or labels(answer.screen) == buttons
    assert desk.services.trades.register.live(PAPER_HAND) == []


async def test_without_arguments_it_teaches(desk: ScreenDesk) -> None:
    assert "/order btc buy 500" in (await desk.type("/order", by=TOM)).html


async def test_only_who_asked_may_place_an_offer(desk: ScreenDesk) -> None:
    shown = await desk.type("/order btc buy 500", by=TOM)

    assert (await desk.press(data_of(shown, "Place"), by=ANN)).is_error
    assert (await desk.press(data_of(shown, "Place"), by=VERA)).is_error


def test_a_trailing_stop_or_an_impossible_number_is_refused() -> None:
    with pytest.raises(Refused):
        read_order("btc buy nan")
