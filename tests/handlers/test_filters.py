"""`/filters`: by sentence and by button."""

import pytest

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from handlers.ui.filter_words import read_filter
from ports.people import Noise, SignalFilter
from tests.build.screens import TOM, VERA, ScreenDesk, data_of, labels

USUAL = SignalFilter()
HOUR = (Timeframe.H1,)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/filters only strong", SignalFilter(strong_only=True)),
        ("только сильные", SignalFilter(strong_only=True)),
        ("/filters btc eth", SignalFilter(coins=("BTCUSDT", "ETHUSDT"))),
        (
            "/filters биток, эфир лонг 1ч",
            SignalFilter(coins=("BTCUSDT", "ETHUSDT"), direction=Direction.LONG, timeframes=HOUR),
        ),
        ("/filters long 1h", SignalFilter(direction=Direction.LONG, timeframes=HOUR)),
        ("/filters no shorts", SignalFilter(direction=Direction.LONG)),
        ("/filters не 15m", SignalFilter(timeframes=HOUR)),
        ("/filters 15m and 1h", USUAL),
        ("/filters min 80%", SignalFilter(least=0.8)),
        ("/filters >=80", SignalFilter(least=0.8)),
        ("/filters ≥ 80%", SignalFilter(least=0.8)),
        ("/filters 80+", SignalFilter(least=0.8)),
        ("/filters strong 80", SignalFilter(least=0.8, strong_only=True)),
        ("/filters long and short", USUAL),
        ("фильтры лонг и шорт, 1ч", SignalFilter(timeframes=HOUR)),
        ("/filters confidence 0.7", SignalFilter(least=0.7)),
        ("/filters уверенность не ниже 75", SignalFilter(least=0.75)),
        ("/filters watchlist", SignalFilter(only_watched=True)),
        ("/filters off", SignalFilter(is_on=False)),
        ("фильтры выкл", SignalFilter(is_on=False)),
        ("/filters", USUAL),
    ],
)
async def test_a_sentence_sets_what_it_says_and_leaves_the_rest(
    desk: ScreenDesk, text: str, wanted: SignalFilter
) -> None:
    screen = await desk.type(text)
    assert desk.person().signals == wanted
    assert ("Undo" in labels(screen)) is (wanted != USUAL)


async def test_the_way_back_is_one_tap_and_only_for_the_same_person(desk: ScreenDesk) -> None:
    await desk.type("/filters btc eth long 1h 80%")
    was = desk.person().signals
    reset = await desk.tap("sf:reset")
    assert desk.person().signals == USUAL

    stranger = await desk.press(data_of(reset, "Undo"), by=TOM)
    assert stranger.is_error
    await desk.tap(data_of(reset, "Undo"))
    assert desk.person().signals == was
    assert desk.person(TOM).signals == USUAL


async def test_coins_join_and_leave(desk: ScreenDesk) -> None:
    await desk.type("/filters btc eth")
    await desk.type("/filters +sol -btc")
    assert desk.person().signals.coins == ("ETHUSDT", "SOLUSDT")
    await desk.type("/filters without eth")
    assert desk.person().signals.coins == ("SOLUSDT",)
    await desk.type("/filters btc and eth")
    assert desk.person().signals.coins == ("BTCUSDT", "ETHUSDT")
    await desk.type("/filters all")
    assert desk.person().signals.coins == ()


@pytest.mark.parametrize("before", ["/filters btc", "/filters all"])
async def test_the_last_coin_does_not_leave_for_all_coins_would_come(desk: ScreenDesk, before: str) -> None:
    await desk.type(before)
    was = desk.person().signals
    answer = await desk.answer("/filters without btc")
    assert answer.is_error
    assert answer.screen is not None
    assert "Without “btc” no coin would be left" in answer.screen.html
    assert desk.person().signals == was


async def test_a_named_confidence_counts_after_only_strong(desk: ScreenDesk) -> None:
    await desk.type("/filters only strong")
    await desk.type("/filters 60")
    assert desk.person().signals == SignalFilter(least=0.6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/filters nosuchcoinatall", "No market “nosuchcoinatall”"),
        ("/filters 4h", "No signals are made on 4h."),
        ("/filters 30%", "“30%” is no confidence that a signal can have."),
        ("/filters 100", "“100” is no confidence"),
        ("/filters btc nosuchcoinatall long", "No market"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(desk: ScreenDesk, text: str, words: str) -> None:
    answer = await desk.answer(text)
    assert answer.is_error
    assert answer.screen is not None
    assert words in answer.screen.html
    assert desk.person().signals == USUAL


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        ("Off", SignalFilter(is_on=False)),
        ("Watch list", SignalFilter(only_watched=True)),
        ("Long", SignalFilter(direction=Direction.LONG)),
        ("Short", SignalFilter(direction=Direction.SHORT)),
        ("1h", SignalFilter(timeframes=HOUR)),
        ("15m", SignalFilter(timeframes=(Timeframe.M15,))),
        ("50 %", SignalFilter(least=0.5)),
        ("80 %", SignalFilter(least=0.8)),
        ("Only strong", SignalFilter(strong_only=True)),
    ],
)
async def test_each_button_sets_one_thing_and_shows_it_chosen(
    desk: ScreenDesk, label: str, wanted: SignalFilter
) -> None:
    screen = await desk.tap(data_of(await desk.type("/filters"), label))
    assert desk.person().signals == wanted
    assert f"✓ {label}" in labels(screen)
    assert all(len((one.data or "").encode()) <= 64 for row in screen.keyboard for one in row)


async def test_an_own_confidence_or_named_coins_leave_no_button_chosen_falsely(desk: ScreenDesk) -> None:
    screen = await desk.type("/filters btc 77%")
    assert "Coins: <b>BTC</b>" in screen.html
    assert "from 77" in screen.html
    chosen = [one for one in labels(screen) if one.startswith("✓")]
    assert chosen == ["✓ On", "✓ Both ways", "✓ 15m + 1h"]


async def test_it_says_what_else_keeps_signals_away(desk: ScreenDesk) -> None:
    screen = await desk.tap("sf:coins:watched")
    assert "Your watch list is empty, so nothing comes" in screen.html
    await desk.services.people.change(VERA, noise=Noise.QUIET)
    assert "Your messages are on Quiet" in (await desk.type("/filters")).html


async def test_the_settings_lead_to_it(desk: ScreenDesk) -> None:
    assert data_of(await desk.type("/settings"), "Signals") == "sf"


@pytest.mark.parametrize("text", ["", "?!", "only only only", "btc " * 100, "не", "+ - ,"])
def test_nonsense_is_read_without_a_slip(text: str) -> None:
    assert read_filter(text, USUAL).wanted == USUAL
