"""`/help`."""

import pytest

from tests.build.screens import ANN, TOM, VERA, ScreenDesk, data_of, labels


async def test_the_first_chapter_is_markets_and_the_others_are_tabs(desk: ScreenDesk) -> None:
    screen = await desk.type("/help")

    assert labels(screen) == ["✓ Markets", "Signals", "Trading", "You", "Desk"]
    assert "<code>/price btc</code>" in screen.html
    screen = await desk.tap(data_of(screen, "Desk"))
    assert labels(screen) == ["Markets", "Signals", "Trading", "You", "✓ Desk"]
    assert "<code>/status</code>" in screen.html


@pytest.mark.parametrize(("by", "is_shown"), [(ANN, True), (TOM, False), (VERA, False)])
async def test_only_admins_see_the_commands_of_admins(desk: ScreenDesk, by: int, is_shown: bool) -> None:
    chapters = await desk.type("/help", by=by)
    chapter = await desk.tap(data_of(chapters, "Desk"), by=by)
    assert ("/users" in chapter.html) is is_shown
    assert ("<b>/users</b>" in (await desk.type("/help users", by=by)).html) is is_shown


@pytest.mark.parametrize("text", ["/help chart", "/help /chart", "help CHART", "помощь график", "? candles"])
async def test_a_command_is_explained_by_any_of_its_names(desk: ScreenDesk, text: str) -> None:
    html = (await desk.type(text)).html

    assert "<b>/chart</b>" in html
    assert "<code>/chart eth 4h rsi</code>" in html
    assert "свечи" in html


async def test_words_that_stand_for_a_whole_command_are_told(desk: ScreenDesk) -> None:
    assert "movers, топ, лидеры, gainers, losers" in (await desk.type("/help top")).html


@pytest.mark.parametrize("text", ["/help nonsense", "/help <b>", "/help " + "x" * 4000])
async def test_what_there_is_no_help_for_shows_the_first_chapter(desk: ScreenDesk, text: str) -> None:
    assert (await desk.type(text)).html.startswith("<b>Markets</b>")


async def test_every_example_in_help_works(desk: ScreenDesk) -> None:
    offer = await desk.type("/trade eth long 200 sl 86000", by=ANN)
    await desk.tap(data_of(offer, "Open"), by=ANN)
    for command in desk.services.table.order:
        example = command.example.replace("2850", "86500")
        answer = await desk.answer(example, by=ANN)
        assert not answer.is_error, command.example
