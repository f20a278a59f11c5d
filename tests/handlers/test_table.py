"""The tables of commands and buttons, and the buttons that type for people."""

from dataclasses import replace

import pytest

from handlers.ui.keyboards import LONGEST_DATA, again, button, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Table, Topic
from ports.messages import Screen
from tests.build.screens import ANN, VERA, ScreenDesk


async def nothing(request: Request) -> Screen | None:
    return None


def a_command(name: str, *words: str, **shortcuts: str) -> Command:
    return Command(
        name=name, handler=nothing, topic=Topic.DESK, summary="x", words=words, shortcuts=shortcuts
    )


@pytest.mark.parametrize(
    "commands",
    [
        [a_command("a"), a_command("a")],
        [a_command("a"), a_command("b", "a")],
        [a_command("a", "x"), a_command("b", "x")],
        [a_command("a", "x"), a_command("b", x="1")],
        [a_command("a", "x", "x")],
    ],
)
def test_a_word_that_means_two_commands_is_refused(commands: list[Command]) -> None:
    with pytest.raises(ValueError, match="means two commands"):
        Table.of(commands, [])


def test_a_prefix_taken_twice_is_refused() -> None:
    route = ButtonRoute(prefix="x", handler=nothing)

    with pytest.raises(ValueError, match="taken twice"):
        Table.of([], [route, replace(route)])


def test_words_of_the_desk_are_in_small_letters_so_that_they_can_be_found(desk: ScreenDesk) -> None:
    assert [word for word in desk.services.table.words if word != word.lower() or " " in word] == []


def test_no_prefix_holds_a_colon(desk: ScreenDesk) -> None:
    assert [prefix for prefix in desk.services.table.buttons if ":" in prefix or not prefix] == []


def test_data_too_long_for_telegram_is_refused() -> None:
    assert button("x", "a" * LONGEST_DATA).data == "a" * LONGEST_DATA
    with pytest.raises(ValueError, match="over 64 bytes"):
        button("x", "я" * 33)
    assert again("я" * 33, "x") is None


def test_buttons_are_laid_three_a_row() -> None:
    laid = rows([button(str(number), number) for number in range(7)])

    assert [len(row) for row in laid] == [3, 3, 1]
    assert rows([]) == ()


async def test_a_button_that_opens_a_screen_never_has_effects(desk: ScreenDesk) -> None:
    answer = await desk.press("do:watch btc")

    assert answer.is_error
    assert desk.person(VERA).watchlist == ()


@pytest.mark.parametrize("prefix", ["do", "now"])
async def test_a_button_cannot_type_what_its_person_may_not(desk: ScreenDesk, prefix: str) -> None:
    refused = await desk.tap(f"{prefix}:users", by=VERA)
    assert "Your role does not allow that" in refused.html

    assert "People" in (await desk.tap(f"{prefix}:users", by=ANN)).html


@pytest.mark.parametrize("data", ["do:", "now:", "do:nosuch", "now: ", "now:/", "do:/price btc", "now:\0"])
async def test_odd_data_behind_a_typing_button_is_answered(desk: ScreenDesk, data: str) -> None:
    assert "Something broke" not in (await desk.tap(data)).html
