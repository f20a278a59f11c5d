"""`/settings`, `/language` and `/digest`."""

from datetime import time

import pytest

from ports.messages import Priority
from tests.build.screens import VERA, ScreenDesk, buttons, data_of, labels


async def test_all_preferences_are_one_screen_with_the_chosen_ones_marked(desk: ScreenDesk) -> None:
    screen = await desk.type("/settings")

    marked = [label for label in labels(screen) if label.startswith("✓")]
    assert marked == ["✓ English", "✓ Balanced", "✓ Normal", "✓ Dark"]


@pytest.mark.parametrize(
    ("label", "field", "value"),
    [
        ("Русский", "language", "ru"),
        ("Cautious", "risk", "cautious"),
        ("Bold", "risk", "bold"),
        ("Quiet", "noise", "quiet"),
        ("Everything", "noise", "all"),
        ("Light", "theme", "light"),
    ],
)
async def test_each_button_changes_what_it_says(desk: ScreenDesk, label: str, field: str, value: str) -> None:
    screen = await desk.tap(data_of(await desk.type("/settings"), label))

    assert getattr(desk.person(VERA), field) == value
    assert any(one.startswith("✓") and one != label for one in labels(screen))


@pytest.mark.parametrize(
    ("asked", "zone"),
    [
        ("zone berlin", "Europe/Berlin"),
        ("zone Europe/Berlin", "Europe/Berlin"),
        ("ZONE new york", "America/New_York"),
        ("tz tokio", "Asia/Tokyo"),
        ("zone Москва", "Europe/Moscow"),
        ("зона мск", "Europe/Moscow"),
        ("timezone utc", "UTC"),
        ("zone gmt", "UTC"),
        ("zone utc+3", "Etc/GMT-3"),
        ("zone GMT+3", "Etc/GMT-3"),
        ("zone gmt +3", "Etc/GMT-3"),
        ("zone -11", "Etc/GMT+11"),
        ("zone utc+0", "UTC"),
        ("zone +14", "Etc/GMT-14"),
    ],
)
async def test_a_zone_is_found_by_city_typo_or_offset(desk: ScreenDesk, asked: str, zone: str) -> None:
    await desk.type(f"/settings {asked}")

    assert desk.person(VERA).zone == zone


async def test_an_offset_is_shown_as_it_was_meant(desk: ScreenDesk) -> None:
    screen = await desk.type("/settings zone utc+3")

    assert "<b>UTC+3</b>" in screen.html
    assert "15:00:00</code> UTC+3" in (await desk.type("/status")).html


@pytest.mark.parametrize("asked", ["xyzzy", "+99", "<b>", "🙂", "../../etc/passwd", "x" * 3000])
async def test_an_unknown_zone_is_answered_with_a_way_on(desk: ScreenDesk, asked: str) -> None:
    answer = await desk.answer(f"/settings zone {asked}")

    assert answer.is_error
    assert answer.screen is not None
    assert "No time zone" in answer.screen.html
    assert desk.person(VERA).zone == "UTC"
    zones = await desk.tap(data_of(answer.screen, "Time zone"))
    assert "Berlin" in labels(zones)


async def test_the_zone_button_offers_cities_and_a_way_back(desk: ScreenDesk) -> None:
    screen = await desk.tap(data_of(await desk.type("/settings"), "Time zone"))
    assert labels(screen)[0] == "✓ UTC"
    assert "New York" in labels(screen)

    screen = await desk.tap(data_of(screen, "Dubai"))

    assert desk.person(VERA).zone == "Asia/Dubai"
    assert "Settings" in screen.html
    assert "Settings" in (await desk.tap("set")).html


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("/language ru", "ru"),
        ("/language Русский", "ru"),
        ("/language рус", "ru"),
        ("/language RUSSIAN", "ru"),
        ("язык русский", "ru"),
        ("lang rus", "ru"),
        ("/language английский", "en"),
        ("/language eng", "en"),
    ],
)
async def test_a_language_is_chosen_by_word(desk: ScreenDesk, text: str, language: str) -> None:
    await desk.services.people.change(VERA, language="en" if language == "ru" else "ru")

    await desk.type(text)

    assert desk.person(VERA).language == language


async def test_a_language_we_do_not_speak_is_answered_with_those_we_do(desk: ScreenDesk) -> None:
    screen = await desk.type("/language klingon")

    assert "I do not speak “klingon”" in screen.html
    assert labels(screen) == ["English", "Русский"]
    await desk.tap(data_of(screen, "Русский"))
    assert desk.person(VERA).language == "ru"


async def test_without_a_word_the_languages_are_buttons(desk: ScreenDesk) -> None:
    assert labels(await desk.type("/language")) == ["✓ English", "Русский"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/digest 8:30", time(8, 30)),
        ("/digest 8 вечера", time(20)),
        ("digest 7pm", time(19)),
        ("сводка 22", time(22)),
        ("дайджест в 6:15", time(6, 15)),
        ("/settings summary 0830", time(8, 30)),
        ("/settings сводка 7", time(7)),
        ("/digest off", None),
        ("/digest НЕТ", None),
        ("/settings digest never", None),
    ],
)
async def test_the_daily_summary_comes_when_one_says(
    desk: ScreenDesk, text: str, expected: time | None
) -> None:
    screen = await desk.type(text)

    assert desk.person(VERA).summary_at == expected
    shown = "It does not come." if expected is None else f"<b>{expected:%H:%M}</b>"
    assert shown in screen.html
    never = "✓ Never" if expected is None else "Never"
    assert never in labels(screen)


async def test_the_hour_of_the_summary_is_a_button_in_the_settings(desk: ScreenDesk) -> None:
    settings = await desk.type("/settings")
    assert "Daily summary: <b>21:00</b>" in settings.html

    hours = await desk.tap(data_of(settings, "Daily summary"))
    assert labels(hours).count("✓ 21:00") == 1
    assert len(labels(hours)) == 26
    await desk.tap(data_of(hours, "18:00"))
    assert desk.person(VERA).summary_at == time(18)
    screen = await desk.tap(data_of(hours, "Never"))
    assert desk.person(VERA).summary_at is None

    assert "Daily summary: <b>never</b>" in (await desk.tap(data_of(screen, "Back"))).html


@pytest.mark.parametrize("asked", ["25", "soon", "8:75", "<b>", "x" * 3000, "🙂"])
async def test_what_is_no_time_of_day_changes_nothing_and_is_answered_with_a_way_on(
    desk: ScreenDesk, asked: str
) -> None:
    answer = await desk.answer(f"/digest {asked}")

    assert answer.is_error
    assert answer.screen is not None
    assert "is no time of day" in answer.screen.html
    assert desk.person(VERA).summary_at == time(21)
    assert "✓ 21:00" in labels(await desk.tap(data_of(answer.screen, "Daily summary")))


@pytest.mark.parametrize(
    "data",
    [
        "sum:25:00",
        "sum:x",
        "set:theme:pink",
        "set:role:admin",
        "set::",
        "set:risk:",
        "lang:xx",
        "lang:",
        "tz:No/Where",
    ],
)
async def test_forged_choices_change_nothing(desk: ScreenDesk, data: str) -> None:
    before = desk.person(VERA)

    await desk.press(data)

    assert desk.person(VERA) == before


async def test_the_cockpit_follows_before_pushes_do(desk: ScreenDesk) -> None:
    await desk.services.cockpits.open(desk.person(VERA))

    await desk.tap("set:theme:light")
    assert desk.messenger.edits == []  # nothing in it has changed

    await desk.tap("lang:ru")
    [edit] = desk.messenger.edits
    assert edit.priority is Priority.ANSWER


async def test_all_button_data_is_short(desk: ScreenDesk) -> None:
    for data in ("tz", "set", "sum"):
        assert all(len((one.data or "").encode()) <= 64 for one in buttons(await desk.tap(data)))
