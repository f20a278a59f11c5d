"""`/price`, and coins typed without any command."""

import pytest

from ports.errors import Transient
from tests.build.screens import VERA, ScreenDesk, a_screen_desk, buttons, data_of, labels


@pytest.mark.parametrize(
    "text",
    [
        "btc",
        "BTC",
        "Btc",
        "$btc",
        "BTCUSDT",
        "btc-usdt",
        "BTC/USDT",
        "btc/usdt",
        " btc ",
        "btc,",
        "биток",
        "БИТКОИН",
        "битка",
        "иес",
        "/price btc",
        "/price@perpetuum_sandbox_bot btc",
        "/PRICE BTC",
        "/p btc",
        "price btc",
        "Price: btc",
        "цена btc",
        "Курс биткоина",
        "what is the price of btc?",
        "Какая цена биткоина?",
        "а какой сейчас курс биткоина",
        "bitcoin price please",
        "price\nbtc",
        "/btc",
        "/btc@perpetuum_sandbox_bot",
    ],
)
async def test_sloppy_ways_to_ask_for_a_price_are_understood(desk: ScreenDesk, text: str) -> None:
    screen = await desk.type(text)

    assert screen.html.startswith("<b>BTC/USDT</b>")
    assert "87,210.50" in screen.html
    assert labels(screen) == ["Chart", "Watch", "Refresh", "Alert"]


@pytest.mark.parametrize(
    "text", ["btc eth sol", "btc, eth, sol", "/price btc,eth,sol", "p btc eth sol btc BTC"]
)
async def test_several_coins_are_one_table_without_doubles(desk: ScreenDesk, text: str) -> None:
    screen = await desk.type(text)

    assert labels(screen) == ["BTC", "ETH", "SOL"]
    assert screen.html.count("\n") == 3


async def test_two_names_of_one_coin_are_one_row(desk: ScreenDesk) -> None:
    assert labels(await desk.type("/price btc биток eth")) == ["BTC", "ETH"]


async def test_too_many_coins_are_refused_with_the_limit(desk: ScreenDesk) -> None:
    answer = await desk.answer("/price btc eth sol xrp bnb doge ton ada trx avax link")

    assert answer.is_error
    assert answer.screen is not None
    assert "At most 10" in answer.screen.html


async def test_without_a_name_the_biggest_are_shown_or_the_watch_list(desk: ScreenDesk) -> None:
    assert labels(await desk.type("/price")) == ["BTC", "ETH", "SOL", "XRP", "BNB"]

    await desk.type("/watch doge ton")

    assert labels(await desk.type("prices")) == ["DOGE", "TON"]


async def test_an_unknown_coin_is_answered_with_near_ones_that_work(desk: ScreenDesk) -> None:
    answer = await desk.answer("/price bct")

    assert answer.is_error
    assert answer.screen is not None
    assert "No market “bct”" in answer.screen.html
    assert labels(answer.screen)[0] == "BTC/USDT"
    again = await desk.tap(data_of(answer.screen, "BTC/USDT"))
    assert again.html.startswith("<b>BTC/USDT</b>")


async def test_near_buttons_keep_the_rest_of_what_was_typed(desk: ScreenDesk) -> None:
    screen = await desk.type("/price eth bct, sol")
    assert labels(await desk.tap(data_of(screen, "BTC/USDT"))) == ["ETH", "BTC", "SOL"]

    screen = await desk.type("bct 4h")
    assert "BTC/USDT · 4h" in (await desk.tap(data_of(screen, "BTC/USDT"))).html


async def test_nothing_near_leads_to_what_there_is(desk: ScreenDesk) -> None:
    screen = await desk.type("qqqqqqqqq")

    assert labels(screen) == ["/price btc", "/top", "/help"]
    for one in buttons(screen):
        assert one.data is not None
        assert (await desk.press(one.data)).screen is not None


@pytest.mark.parametrize(
    "text",
    [
        "🙂",
        "مرحبا",
        "\u202ebtc\u202c x",
        "a\0b",
        "\0",
        "<b>",
        "</pre><script>",
        "{{7*7}}",
        "{0}",
        "{% raw %}",
        "%s",
        "%(text)s",
        "&amp;",
        "'\"\\",
        "x" * 4000,
        "слово " * 700,
        "/" + "x" * 4000,
        "/price " + "x" * 4000,
        "/price <b>&</b>",
        "/chart %s",
        "/watch {{7*7}}",
        "/",
        "//",
        "/@",
        "?!",
        "...",
        "-",
        "+",
        "0",
        "١",
    ],
)
async def test_hostile_and_odd_text_gets_a_short_answer_and_breaks_nothing(
    desk: ScreenDesk, text: str
) -> None:
    screen = await desk.type(text)

    assert "Something broke" not in screen.html
    assert 0 < len(screen.html) < 700
    assert screen.keyboard
    assert "49" not in screen.html
    assert not any(letter in screen.html for letter in "\0\u202e")
    assert "<script" not in screen.html


async def test_a_chat_with_somebody_else_is_not_mistaken_for_coins(desk: ScreenDesk) -> None:
    screen = await desk.type("how are you doing today my dear friend of the desk")

    assert "I do not know" in screen.html
    assert labels(screen) == ["/price btc", "/chart btc 4h", "/help"]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("/prcie btc", "/price btc"),
        ("/wacth eth", "/watch eth"),
        ("chrat", "/chart"),
        ("/setings", "/settings"),
    ],
)
async def test_a_mistyped_command_is_offered_as_it_was_meant(desk: ScreenDesk, text: str, form: str) -> None:
    screen = await desk.type(text)

    assert labels(screen)[0] == form
    answer = await desk.press(data_of(screen, form))
    assert not answer.is_error


async def test_commands_of_higher_roles_are_not_offered(desk: ScreenDesk) -> None:
    assert "/users" not in labels(await desk.type("/usres"))


async def test_an_old_price_says_its_age_and_a_stale_one_warns(desk: ScreenDesk) -> None:
    desk.source.failure = Transient("down")
    desk.clock.move(15)
    assert "15 s ago" in (await desk.type("btc")).html

    desk.clock.move(120)
    screen = await desk.type("btc")
    assert "stale 2 min" in screen.html
    assert "do not act on it" in screen.html


async def test_a_slow_venue_is_waited_for_once_for_many_coins(desk: ScreenDesk) -> None:
    desk.clock.move(60)
    asked = len(desk.source.asked)

    await desk.type("/price btc eth sol xrp bnb")

    assert len(desk.source.asked) - asked == 1


async def test_a_price_that_nobody_has_is_an_answer_with_a_retry() -> None:
    desk = await a_screen_desk()
    desk.source.prices.clear()
    fresh = await a_screen_desk(is_primed=False)
    fresh.source.prices.clear()

    screen = await fresh.type("/price btc")

    assert "exchange does not answer" in screen.html
    assert labels(screen) == ["Try again"]


@pytest.mark.parametrize("text", ["btc", "/price btc", "/chart", "/watch btc", "/top", "eth 4h", "/price"])
async def test_before_the_markets_are_known_every_command_says_so(text: str) -> None:
    desk = await a_screen_desk(is_primed=False)
    desk.source.failure = Transient("down")

    answer = await desk.answer(text)

    assert answer.is_error
    assert answer.screen is not None
    assert "list of markets is not here yet" in answer.screen.html


async def test_the_button_turns_with_the_watch_list(desk: ScreenDesk) -> None:
    await desk.type("/watch btc")

    assert labels(await desk.type("btc")) == ["Chart", "Unwatch", "Refresh", "Alert"]
    assert desk.person(VERA).watchlist == ("BTCUSDT",)
