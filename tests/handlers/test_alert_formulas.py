"""`/alert` on indicators: shown in words first, armed by a tap, told at a close."""

from datetime import timedelta

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from ports.messages import Screen
from services.formats import NBSP
from tests.build.screens import ANN, VERA, ScreenDesk, buttons, data_of, labels

HOUR_S = 3600
BARS = 400


def closes(desk: ScreenDesk, *last: float, frame: Timeframe = Timeframe.H1, volume: float = 10) -> None:
    """Candles at 100 whose last ones closed at these prices, the last of them just now."""
    prices = np.concatenate([np.full(BARS - len(last), 100.0), np.array(last)])
    now_ms = frame.floor(int(desk.clock.now().timestamp() * 1000))
    desk.source.bars = Candles(
        time_ms=now_ms - frame.ms * np.arange(BARS, 0, -1, dtype=np.int64),
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=np.full(BARS, volume),
    )


async def after_an_hour(desk: ScreenDesk, *last: float) -> list[Screen]:
    """What is pushed when the next candle has closed at the last of these prices."""
    desk.clock.move(HOUR_S)
    closes(desk, *last)
    before = len(desk.stores.outbox.pushes)
    await desk.services.alerts.settle()
    return [push.row.message.screen for push in desk.stores.outbox.pushes[before:]]


def words(screen: Screen) -> str:
    return screen.html.replace(NBSP, " ")


def count(desk: ScreenDesk, by: int = VERA) -> int:
    return len(desk.services.alerts.list(desk.person(by)))


async def armed(desk: ScreenDesk, text: str, label: str = "Arm", by: int = VERA) -> Screen:
    return await desk.tap(data_of(await desk.type(text, by=by), label), by=by)


async def test_it_is_shown_in_words_before_it_is_armed(desk: ScreenDesk) -> None:
    closes(desk, 90, 100, 95, 100)

    screen = await desk.type("/alert eth close < 96 and volume > 2x 1h")

    assert words(screen) == (
        "🔔 <b>ETH/USDT</b> · shall I tell you?\n\n"
        "close below 96 and volume above 2 × volume SMA 20 · 1h\n"
        "now 100.00 · 10.0 / 20.0\n\n"
        "It did not come true within the last 399 closes of 1h.\n\n"
        "Once."
    )
    assert labels(screen) == ["Arm", "Repeat 4 h", "Cancel"]
    assert count(desk) == 0


async def test_how_often_it_came_true_is_told(desk: ScreenDesk) -> None:
    closes(desk, 90, 100, 95, 100)

    screen = await desk.type("/alert eth close < 96")

    assert "It came true 2 times within the last 399 closes of 1h." in words(screen)


async def test_one_tap_arms_it_and_the_close_tells(desk: ScreenDesk) -> None:
    closes(desk)
    screen = await armed(desk, "/alert eth close < 96 every 2h", "Once")

    assert "<b>ETH/USDT</b> · armed" in words(screen)
    assert "close below 96 · 1h" in words(screen)
    assert "now 100.00" in words(screen)
    assert labels(screen) == ["Undo", "Chart", "Alerts"]
    assert data_of(screen, "Chart") == "ch:ETHUSDT:1h"

    assert await after_an_hour(desk, 97) == []
    (told,) = await after_an_hour(desk, 97, 95.5)

    assert "<b>ETH/USDT</b> · close below 96 · 1h" in words(told)
    assert "<code>95.50</code> · 95.50" in words(told)
    assert "4 Mar 14:00:00" in words(told)
    assert labels(told) == ["Chart", "Again"]
    assert count(desk) == 0


async def test_one_that_repeats(desk: ScreenDesk) -> None:
    closes(desk)
    screen = await armed(desk, "/alert eth close < 96", "Repeat 4 h")
    assert "not more often than every 4 h" in words(screen)

    assert len(await after_an_hour(desk, 95)) == 1
    assert await after_an_hour(desk, 95, 100, 95) == []
    assert count(desk) == 1


async def test_what_held_all_the_time_is_not_said_to_have_never_come_true(desk: ScreenDesk) -> None:
    closes(desk, 90)
    offer = await desk.type("/alert eth close > 10")
    assert "It held at all of the last 399 closes of 1h." in words(offer)
    assert "did not come true" not in words(offer)


async def test_what_is_true_already_waits_for_the_next_time(desk: ScreenDesk) -> None:
    closes(desk, 90)
    offer = await desk.type("/alert eth close < 96")
    assert "It is true right now: I wait until it is not" in words(offer)

    screen = await desk.tap(data_of(offer, "Arm"))

    assert "It is there already" in words(screen)
    assert await after_an_hour(desk, 90, 90) == []
    assert await after_an_hour(desk, 90, 90, 100) == []
    assert len(await after_an_hour(desk, 90, 90, 100, 90)) == 1


async def test_nothing_is_armed_after_cancel_and_no_button_works_twice(desk: ScreenDesk) -> None:
    closes(desk)
    offer = await desk.type("/alert eth close < 96")

    assert "Not armed." in (await desk.tap(data_of(offer, "Cancel"))).html
    assert "had its day" in (await desk.tap(data_of(offer, "Arm"))).html
    assert count(desk) == 0


async def test_nobody_arms_for_another(desk: ScreenDesk) -> None:
    closes(desk)
    offer = await desk.type("/alert eth close < 96")

    assert "not for you" in (await desk.tap(data_of(offer, "Arm"), by=ANN)).html
    assert count(desk) == count(desk, ANN) == 0


@pytest.mark.parametrize("data", ["af:", "af:nothing:arm", "af::"])
async def test_a_made_up_button_arms_nothing(desk: ScreenDesk, data: str) -> None:
    assert "had its day" in (await desk.tap(data)).html
    assert count(desk) == 0


async def test_a_made_up_choice_arms_nothing(desk: ScreenDesk) -> None:
    closes(desk)
    offer = await desk.type("/alert eth close < 96")

    screen = await desk.tap(data_of(offer, "Arm").replace(":arm", ":text"))

    assert labels(screen) == []
    assert count(desk) == 0


async def test_without_a_slash_it_is_offered_too(desk: ScreenDesk) -> None:
    closes(desk)

    screen = await desk.type("eth close ниже 96 на 4ч")

    assert "close below 96 · 4h" in words(screen)
    assert labels(screen) == ["Arm", "Repeat 4 h", "Cancel"]


async def test_words_that_name_commands_too_do_not_lead_elsewhere(desk: ScreenDesk) -> None:
    closes(desk)

    assert "MACD crosses MACD signal" in words(await desk.type("eth macd crosses signal 1h"))
    assert "Arm" not in labels(await desk.type("what is the price of eth"))
    assert "Arm" not in labels(await desk.type("rsi < 30"))


async def test_in_russian(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, language="ru")
    closes(desk)

    offer = await desk.type("алерт эфир закрытие ниже 96 и объём больше 2х среднего 1ч")

    assert "закрытие ниже 96 и объём выше 2 × SMA 20 объёма · 1h\nсейчас 100,00 · 10,0 / 20,0" in words(offer)
    assert labels(offer) == ["Включить", "Повтор 4 ч", "Отмена"]
    assert "включено" in (await desk.tap(data_of(offer, "Включить"))).html


async def test_the_list_has_what_it_compares_now(desk: ScreenDesk) -> None:
    closes(desk)
    await armed(desk, "/alert eth close crosses above vwap 1h or close < 50 4h")

    screen = await desk.type("/alerts")

    assert (
        "#1 <b>ETH</b> close 1h crosses above VWAP 1h or close 4h below 50 · now 100.00 / 100.00 · 100.00"
        in words(screen)
    )


async def test_muted_deleted_and_brought_back(desk: ScreenDesk) -> None:
    closes(desk)
    screen = await armed(desk, "/alert eth close < 96")
    deleted = await desk.tap(data_of(screen, "Undo"))
    back = await desk.tap(data_of(deleted, "Undo"))
    assert "armed" in words(back)
    assert "It is there already" not in words(back)
    one = await desk.tap("al1:1")
    muted = await desk.tap(data_of(one, "Mute"))

    assert await after_an_hour(desk, 90) == []
    loud = await desk.tap(data_of(muted, "Unmute"))
    assert "It is there already" in words(loud)
    await after_an_hour(desk, 90, 100)
    assert len(await after_an_hour(desk, 90, 100, 90)) == 1


async def test_the_same_wish_twice_is_one_alert(desk: ScreenDesk) -> None:
    closes(desk)
    await armed(desk, "/alert eth close < 96")

    assert "armed already" in (await armed(desk, "/alert 96 > eth close 1h")).html
    assert count(desk) == 1


@pytest.mark.parametrize(
    ("text", "said", "form"),
    [
        ("/alert bct rsi < 30", "No market “bct”", "now:alert BTCUSDT rsi < 30"),
        (
            "/alert btc rsi < 30 and rsii14 > 2",
            "do not know “rsii14”",
            "now:alert btc rsi < 30 and rsi14 > 2",
        ),
        ("/alert btc rsii14 < 30", "do not know “rsii14”", "now:alert btc rsi14 < 30"),
        ("/alert btc foo14 < 30k", "do not know “foo14”", None),
        ("/alert btc rsi 2h < 30", "No candles of “2h”", "now:alert btc rsi 4h < 30"),
        ("/alert rsi < 30", "Of which coin?", "now:alert BTCUSDT rsi < 30"),
        ("/alert btc rsi", "what to compare", "now:alert BTCUSDT rsi < 30 1h"),
        ("/alert btc ema9 ema21", "Above, below or crossing?", None),
        ("/alert btc rsi < 1 or rsi > 2 and rsi > 3", "read in two ways", None),
        ("/alert btc rsi > 1 and rsi > 2 and rsi > 3 and rsi > 4 and rsi > 5", "4 times at most", None),
        ("/alert btc close > sma501 4h", "at most 500 bars", None),
        ("/alert btc rsi < 30 every 1s", "rest from 1 minute", None),
        ("/alert btc rsi < 30 for 9 years", "last from 1 minute", None),
    ],
)
async def test_what_cannot_be_is_refused_with_the_mend_and_changes_nothing(
    desk: ScreenDesk, text: str, said: str, form: str | None
) -> None:
    screen = await desk.type(text)

    assert said in words(screen)
    assert count(desk) == 0
    assert form is None or form in [one.data for one in buttons(screen)]


async def test_no_form_types_the_same_words_again(desk: ScreenDesk) -> None:
    screen = await desk.type("/alert btc rsi < 30 in 3 days")

    assert "No candles of “3days”" in words(screen)
    assert buttons(screen) == []


async def test_a_market_without_candles_is_refused(desk: ScreenDesk) -> None:
    desk.source.bars = desk.source.bars.rows(0, 0)

    screen = await desk.type("/alert eth close < 96")

    assert "has no 1h candles yet" in words(screen)


async def test_the_venue_does_not_answer(desk: ScreenDesk) -> None:
    closes(desk)
    offer = await desk.type("/alert eth close < 96")
    desk.clock.move(timedelta(hours=1).total_seconds())
    desk.source.failures = 99

    screen = await desk.tap(data_of(offer, "Arm"))

    assert count(desk) == 0
    desk.source.failures = 0
    closes(desk)
    assert "armed" in (await desk.tap(data_of(offer, "Arm"))).html
    assert labels(screen) == []


async def test_alerts_that_take_long_to_reckon_are_few(desk: ScreenDesk) -> None:
    closes(desk)
    for number in range(20):
        await desk.services.alerts.arm(desk.person(), f"eth cci20 < {number}")

    screen = await armed(desk, "/alert eth cci20 < 55")

    assert "You have 20 alerts on indicators that take long" in words(screen)
    assert count(desk) == 20
    assert "armed" in (await armed(desk, "/alert eth close < 55")).html
