"""Tables inside messages: asked for once, shown to those who see them, in their own chat only."""

from decimal import Decimal
from typing import Any

import pytest

from ports.books import EquityPoint
from ports.errors import Transient
from ports.messages import Screen
from tests.build.people import a_person
from tests.build.rich import shown
from tests.build.screens import TOM, VERA, ScreenDesk, a_screen_desk, data_of, labels

GROUP = -100


@pytest.fixture
async def newcomer() -> ScreenDesk:
    return await a_screen_desk(a_person(VERA, name="Vera"))


async def seeing(desk: ScreenDesk, sees_rich: bool | None, by: int = TOM) -> None:
    await desk.services.people.change(by, sees_rich=sees_rich)


def asked(screen: Screen) -> list[str | None]:
    """What the buttons of the question do."""
    assert screen.rich is not None
    assert screen.rich.keyboard is not None
    return [one.data for row in screen.rich.keyboard for one in row]


@pytest.mark.parametrize(("answer", "sees_rich"), [("on:rich:yes", True), ("on:rich:no", False)])
async def test_a_newcomer_is_shown_a_table_with_a_chart_and_tells_whether_it_arrived(
    newcomer: ScreenDesk, answer: str, sees_rich: bool
) -> None:
    question = await newcomer.tap("on:risk:bold")
    assert question.rich is not None
    assert asked(question) == ["on:rich:yes", "on:rich:no"]
    assert "Do you see a table?" in shown(question.rich)
    assert list(question.rich.photos) == ["chart"]
    assert newcomer.person().sees_rich is None

    welcome = await newcomer.tap(answer)

    assert newcomer.person().sees_rich is sees_rich
    assert ("You are ready." in welcome.html, welcome.rich) == (True, None)


async def test_where_telegram_takes_no_tables_the_welcome_comes_at_once(newcomer: ScreenDesk) -> None:
    screen = await newcomer.tap("on:risk:bold")
    assert "You are ready." in screen.html
    assert "Price BTC" in labels(screen)


async def test_without_a_chart_the_question_has_its_table(newcomer: ScreenDesk) -> None:
    newcomer.charts.failure = Transient("no worker")
    question = await newcomer.tap("on:risk:bold")
    assert question.rich is not None
    assert "Do you see a table?" in shown(question.rich)


async def test_who_has_answered_is_not_asked_again(newcomer: ScreenDesk) -> None:
    await seeing(newcomer, sees_rich=False, by=VERA)
    assert (await newcomer.tap("on:risk:bold")).rich is None


@pytest.mark.parametrize("forged", ["on:rich:perhaps", "on:rich:", "rp:perhaps", "rp:"])
async def test_forged_answers_change_nothing(desk: ScreenDesk, forged: str) -> None:
    assert (await desk.press(forged)).is_error
    assert desk.person().sees_rich is None


async def test_the_settings_try_tables_and_turn_them_off(desk: ScreenDesk) -> None:
    settings = await desk.type("/settings")
    assert "Tables inside messages: <b>not tried</b>" in settings.html

    question = await desk.tap(data_of(settings, "Try tables"))
    assert asked(question) == ["rp:yes", "rp:no"]
    assert "Telegram did not take" in question.html
    assert labels(question) == ["Back"]

    settings = await desk.tap("rp:yes")
    assert "Tables inside messages: <b>shown</b>" in settings.html
    settings = await desk.tap(data_of(settings, "Tables off"))
    assert "Tables inside messages: <b>not shown</b>" in settings.html
    assert "Try tables" in labels(settings)


async def test_in_a_group_nobody_tries_tables(desk: ScreenDesk) -> None:
    settings = await desk.type("/settings", chat=GROUP)
    assert "Try tables" not in labels(settings)
    for forged in ("rp:try", "rp:yes"):
        assert (await desk.tap(forged, chat=GROUP)).rich is None
    assert desk.person().sees_rich is None


RICH_SCREENS = ("/portfolio", "/top", "/top volume", "/screen", "/signals", "/record", "/record coins")


@pytest.mark.parametrize("text", RICH_SCREENS)
@pytest.mark.parametrize(
    ("sees_rich", "chat", "is_rich"),
    [(None, TOM, False), (False, TOM, False), (True, TOM, True), (True, GROUP, False)],
)
async def test_tables_are_for_those_who_see_them(
    desk: ScreenDesk, text: str, sees_rich: bool | None, chat: int, is_rich: bool
) -> None:
    await seeing(desk, sees_rich)
    screen = await desk.type(text, by=TOM, chat=chat)
    assert (screen.rich is not None) == is_rich
    assert screen.html


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_portfolio_is_a_table_with_its_curve(desk: ScreenDesk, language: str) -> None:
    await desk.services.people.change(TOM, sees_rich=True, language=language)
    for text in ("/trade btc long 400 sl 86000 x3", "/trade eth short 300 x2"):
        offer = await desk.type(text, by=TOM)
        token = next(one.data for row in offer.keyboard for one in row if (one.data or "").startswith("to:"))
        await desk.tap(str(token), by=TOM)
    await desk.type("/close btc", by=TOM)
    await desk.services.trades.record_equity()
    desk.clock.move(3600)
    point = EquityPoint(owner=TOM, at=desk.clock.now(), equity=Decimal(1010))
    await desk.services.trades.register.books.add_equity([point])
    screen = await desk.type("/portfolio", by=TOM)
    assert screen.rich is not None
    assert list(screen.rich.photos) == ["equity"]
    words = shown(screen.rich)
    row = next(line for line in words.splitlines() if line.startswith("#2"))
    assert (len(row.split("\t")), "ETH" in row) == (4, True)
    assert {"en": "1 closed trade", "ru": "1 закрытая сделка"}[language] in words


async def test_what_is_critical_never_has_a_rich_form(desk: ScreenDesk) -> None:
    await seeing(desk, sees_rich=True)
    offer = await desk.type("/trade btc long 400 x3", by=TOM)
    living = await desk.tap(data_of(offer, "Open"), by=TOM)
    screens: list[Any] = [
        offer,
        living,
        await desk.type("/reset", by=TOM),
        await desk.type("/status", by=TOM),
    ]
    screens += [sent.screen for sent in desk.messenger.deliveries]
    assert [one.rich for one in screens] == [None] * len(screens)
