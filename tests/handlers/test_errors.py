"""The one place where an error becomes an answer."""

import pytest

from handlers.errors import answered, explained
from ports.errors import DeskError, Fatal, Refused, Rejected, Stale, Transient
from ports.messages import Screen
from tests.build.markets import an_instrument
from tests.build.screens import buttons, labels, the_rendering

_LIST = (
    "unknown_symbol markets_loading too_many unknown_timeframe no_candles unknown_language unknown_zone "
    "unknown_person last_admin not_allowed not_yours wrong_claim claim_closed unknown_choice never_heard_of"
)
CODES = _LIST.split()


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("code", CODES)
def test_every_refusal_says_what_is_wrong_and_what_to_do(code: str, language: str) -> None:
    html = explained(Refused(code), the_rendering().speech(language), command="price x").html

    assert html
    assert language == "en" or any("а" <= letter <= "я" for letter in html)
    assert code == "not_yours" or "\n" in html


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "error",
    [
        Transient("down"),
        Stale("BTC/USDT", age_s=90),
        Fatal("keys"),
        Rejected("no"),
        DeskError("?"),
        KeyError("x"),
        ZeroDivisionError(),
    ],
)
async def test_every_error_is_an_answer_without_its_inner_words(error: Exception, language: str) -> None:
    async def work() -> Screen | None:
        raise error

    answer = await answered(work, the_rendering().speech(language), command="price btc")

    assert answer.is_error
    assert answer.screen is not None
    assert answer.screen.html
    assert "Error" not in answer.screen.html


def test_near_forms_are_at_most_three_a_row_and_fit() -> None:
    near = [an_instrument(f"COIN{number}") for number in range(7)]
    error = Refused("unknown_symbol", text="coin", near=near)

    screen = explained(error, the_rendering().speech("en"), command="price coin")

    assert len(labels(screen)) == 7
    assert max(len(row) for row in screen.keyboard) <= 3
    assert buttons(screen)[0].data == "now:price COIN0USDT"


@pytest.mark.parametrize(
    ("command", "text", "mended"),
    [
        ("price bct", "bct", "price BTCUSDT"),
        ("price BCT", "bct", "price BTCUSDT"),
        ("watch -bct eth", "bct", "watch -BTCUSDT eth"),
        ("watch eth,bct", "bct", "watch eth,BTCUSDT"),
        ("chart bct 4h", "bct", "chart BTCUSDT 4h"),
        ("watch a", "a", "watch BTCUSDT"),
        ("bct", "bct", "BTCUSDT"),
        ("", "bct", "price BTCUSDT"),
        ("price xbctx", "bct", "price BTCUSDT"),
        ("price .*", ".*", "price BTCUSDT"),
    ],
)
def test_a_near_form_replaces_only_the_wrong_word(command: str, text: str, mended: str) -> None:
    error = Refused("unknown_symbol", text=text, near=[an_instrument()])

    screen = explained(error, the_rendering().speech("en"), command=command)

    assert [one.data for one in buttons(screen)] == [f"now:{mended}"]


def test_a_command_too_long_for_a_button_has_no_retry() -> None:
    say = the_rendering().speech("en")

    assert explained(Transient("down"), say, command="price " + "x" * 100).keyboard == ()
    assert explained(Transient("down"), say, command="").keyboard == ()
