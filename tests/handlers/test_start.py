"""`/start`: the first minute."""

import pytest

from ports.errors import Transient
from ports.people import RiskProfile
from tests.build.people import a_person
from tests.build.screens import VERA, ScreenDesk, a_screen_desk, buttons, data_of, labels


@pytest.fixture
async def newcomer() -> ScreenDesk:
    return await a_screen_desk(a_person(VERA, name="Vera"))


@pytest.mark.parametrize(
    ("language", "risks", "ready"),
    [
        ("English", ["Cautious", "Balanced", "Bold"], "You are ready."),
        ("Русский", None, None),
    ],
)
async def test_two_taps_lead_to_a_pinned_cockpit_in_that_language(
    newcomer: ScreenDesk, language: str, risks: list[str] | None, ready: str | None
) -> None:
    first = await newcomer.type("/start")
    assert labels(first) == ["English", "Русский"]

    second = await newcomer.tap(data_of(first, language))
    data = [one.data for one in buttons(second)]
    assert data == ["on:risk:cautious", "on:risk:balanced", "on:risk:bold"]
    if risks is not None:
        assert labels(second) == risks

    third = await newcomer.tap("on:risk:bold")

    person = newcomer.person()
    assert (person.is_onboarded, person.risk) == (True, RiskProfile.BOLD)
    assert person.language == ("en" if language == "English" else "ru")
    assert [pin.message_id for pin in newcomer.messenger.pinned] == [person.cockpit_message_id]
    if ready is not None:
        assert ready in third.html
    else:
        assert any("а" <= letter <= "я" for letter in third.html)


async def test_tapping_an_answer_twice_opens_one_cockpit(newcomer: ScreenDesk) -> None:
    await newcomer.tap("on:risk:bold")
    await newcomer.tap("on:risk:cautious")

    assert len(newcomer.messenger.sent) == 1
    assert newcomer.person().risk is RiskProfile.CAUTIOUS


async def test_a_cockpit_that_could_not_be_sent_comes_with_the_next_tap(newcomer: ScreenDesk) -> None:
    newcomer.messenger.failure = Transient("down")
    assert (await newcomer.press("on:risk:bold")).is_error

    newcomer.messenger.failure = None
    await newcomer.tap("on:risk:bold")

    assert newcomer.person().cockpit_message_id is not None


async def test_somebody_who_answered_gets_a_fresh_cockpit(desk: ScreenDesk) -> None:
    assert (await desk.answer("/start")).screen is None
    assert (await desk.answer("начать")).screen is None

    assert len(desk.messenger.pinned) == 1
    assert desk.person(VERA).cockpit_message_id == desk.messenger.sent[-1].message_id


async def test_in_a_group_nothing_personal_begins(desk: ScreenDesk) -> None:
    screen = await desk.type("/start", chat=-100)

    assert "write to me in private" in screen.html
    assert desk.messenger.sent == []


@pytest.mark.parametrize("data", ["on:lang:xx", "on:risk:insane", "on:", "on:x:y", "on:risk"])
async def test_forged_answers_are_refused(newcomer: ScreenDesk, data: str) -> None:
    assert (await newcomer.press(data)).is_error
    assert not newcomer.person().is_onboarded
