"""`/users`, `/claim`, and the buttons by which admins let people in."""

import asyncio

import pytest

from handlers.people import tell_admins
from ports.messages import Screen
from ports.people import Role
from services.people import NOTICE_LASTS
from tests.build.people import a_person
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, buttons, data_of, labels

SAM, GROUP = 99, -100


async def announced(desk: ScreenDesk, *, name: str = "Sam", language: str = "ru") -> Screen:
    """Sam has knocked; the notice."""
    assert await tell_admins(desk.services, person_id=SAM, name=name, username="sam", language=language)
    await desk.services.outbox.deliver()
    return desk.messenger.sent[-1].screen


async def test_users_are_listed_with_a_button_each(desk: ScreenDesk) -> None:
    await desk.services.people.change(TOM, is_reachable=False)

    screen = await desk.type("/users", by=ANN)

    assert labels(screen) == ["Ann", "Tom", "Vera"]
    assert "<b>Tom</b> · trader · has blocked the bot" in screen.html


async def test_a_role_is_changed_by_two_taps_and_the_person_hears_of_it(desk: ScreenDesk) -> None:
    card = await desk.tap(data_of(await desk.type("/users", by=ANN), "Vera"), by=ANN)
    assert labels(card) == ["✓ viewer", "trader", "admin", "Block", "Back"]

    card = await desk.tap(data_of(card, "trader"), by=ANN)

    assert desk.person(VERA).role is Role.TRADER
    assert labels(card)[1] == "✓ trader"
    await desk.services.outbox.deliver()
    assert [(sent.chat_id, "trader" in sent.screen.html) for sent in desk.messenger.sent] == [(VERA, True)]
    assert "People" in (await desk.tap(data_of(card, "Back"), by=ANN)).html


async def test_blocking_is_silent(desk: ScreenDesk) -> None:
    await desk.tap(f"u:{VERA}:blocked", by=ANN)

    await desk.services.outbox.deliver()
    assert desk.person(VERA).role is Role.BLOCKED
    assert desk.messenger.sent == []


async def test_the_last_admin_cannot_go(desk: ScreenDesk) -> None:
    for role in ("viewer", "blocked"):
        screen = await desk.tap(f"u:{ANN}:{role}", by=ANN)
        assert "You are the only admin" in screen.html
    assert desk.person(ANN).role is Role.ADMIN

    await desk.tap(f"u:{TOM}:admin", by=ANN)
    await desk.tap(f"u:{ANN}:viewer", by=ANN)
    assert desk.person(ANN).role is Role.VIEWER


@pytest.mark.parametrize("data", ["u:12345", "u:", "u:x", "u:-5", "u:²", "u:1e3"])
async def test_a_person_who_does_not_exist_is_an_answer(desk: ScreenDesk, data: str) -> None:
    answer = await desk.press(data, by=ANN)

    assert answer.is_error
    assert answer.screen is not None
    assert "Nobody with that number" in answer.screen.html


async def test_a_role_that_does_not_exist_changes_nothing(desk: ScreenDesk) -> None:
    await desk.tap(f"u:{VERA}:emperor", by=ANN)

    assert desk.person(VERA).role is Role.VIEWER


async def test_claiming_is_not_needed_by_who_is_known(desk: ScreenDesk) -> None:
    assert "No need" in (await desk.type("/claim ABCD-1234", by=VERA)).html


async def test_a_stranger_is_announced_to_every_admin_once() -> None:
    desk = await a_screen_desk(a_person(1, role=Role.ADMIN), a_person(2, role=Role.ADMIN), a_person(3))

    notice = await announced(desk)

    assert [sent.chat_id for sent in desk.messenger.sent] == [1, 2]
    assert labels(notice) == ["Viewer", "Trader", "Block"]
    assert "Sam · @sam · <code>99</code>" in notice.html
    assert not await tell_admins(desk.services, person_id=SAM, name="Sam", username="", language="en")


async def test_with_an_admin_group_the_group_hears_it() -> None:
    desk = await a_screen_desk(admin_chat=GROUP)

    await announced(desk)

    assert [sent.chat_id for sent in desk.messenger.sent] == [GROUP]


async def test_a_stranger_who_came_before_the_first_admin_is_announced_later() -> None:
    desk = await a_screen_desk(a_person(VERA))
    assert not await tell_admins(desk.services, person_id=SAM, name="Sam", username="", language="en")

    await desk.services.people.change(VERA, role=Role.ADMIN)

    assert await announced(desk)


async def test_a_hostile_name_stays_a_name(desk: ScreenDesk) -> None:
    notice = await announced(desk, name="<b>\u202e{{7*7}}%s\0" + "x" * 100)

    assert "&lt;b&gt;{{7*7}}%s" in notice.html
    assert "\u202e" not in notice.html


async def test_letting_in_gives_the_role_and_a_welcome_in_their_language(desk: ScreenDesk) -> None:
    notice = await announced(desk)

    screen = await desk.tap(data_of(notice, "Trader"), by=ANN, chat=ANN)

    person = desk.person(SAM)
    assert (person.role, person.name, person.language) == (Role.TRADER, "Sam", "ru")
    assert "Decided by Ann." in screen.html
    assert labels(screen) == ["Change"]
    await desk.services.outbox.deliver()
    welcome = desk.messenger.sent[-1]
    assert welcome.chat_id == SAM
    assert [one.data for one in buttons(welcome.screen)] == ["do:start"]


async def test_blocking_a_stranger_says_nothing_to_them(desk: ScreenDesk) -> None:
    notice = await announced(desk)

    await desk.tap(data_of(notice, "Block"), by=ANN, chat=ANN)
    await desk.services.outbox.deliver()

    assert desk.person(SAM).role is Role.BLOCKED
    assert [sent.chat_id for sent in desk.messenger.sent] == [ANN]


async def test_a_second_tap_and_another_button_do_nothing_more(desk: ScreenDesk) -> None:
    notice = await announced(desk)
    await desk.tap(data_of(notice, "Viewer"), by=ANN, chat=ANN)

    again = await desk.tap(data_of(notice, "Viewer"), by=ANN, chat=ANN)
    other = await desk.tap(data_of(notice, "Trader"), by=ANN, chat=ANN)

    assert "Already decided. /users" in again.html
    assert "Already decided: viewer" in other.html
    assert desk.person(SAM).role is Role.VIEWER


async def test_of_two_admins_who_tap_at_once_one_decides() -> None:
    people = (a_person(1, name="One", role=Role.ADMIN), a_person(2, name="Two", role=Role.ADMIN))
    desk = await a_screen_desk(*people, admin_chat=GROUP)
    notice = await announced(desk)
    data = data_of(notice, "Viewer")

    answers = await asyncio.gather(desk.press(data, by=1, chat=GROUP), desk.press(data, by=2, chat=GROUP))

    texts = sorted("Decided by" in answer.screen.html for answer in answers if answer.screen is not None)
    assert texts == [False, True]


@pytest.mark.parametrize(("by", "chat"), [(ANN, 555), (TOM, ANN), (VERA, ANN)])
async def test_a_token_works_only_where_it_was_sent_and_only_for_admins(
    desk: ScreenDesk, by: int, chat: int
) -> None:
    notice = await announced(desk)

    answer = await desk.press(data_of(notice, "Trader"), by=by, chat=chat)

    assert answer.is_error
    assert answer.screen is not None
    assert "not for you" in answer.screen.html
    assert desk.services.people.get(SAM) is None


async def test_an_expired_notice_says_so_and_the_stranger_is_announced_anew(desk: ScreenDesk) -> None:
    notice = await announced(desk)
    desk.clock.move(NOTICE_LASTS.total_seconds())

    screen = await desk.tap(data_of(notice, "Viewer"), by=ANN, chat=ANN)

    assert "This notice has expired" in screen.html
    assert desk.services.people.get(SAM) is None
    fresh = await announced(desk)
    await desk.tap(data_of(fresh, "Viewer"), by=ANN, chat=ANN)
    assert desk.person(SAM).role is Role.VIEWER


@pytest.mark.parametrize("data", ["a:", "a:no-such-token", "a:token-1:x"])
async def test_a_forged_token_is_an_expired_one(desk: ScreenDesk, data: str) -> None:
    await announced(desk)

    assert "expired" in (await desk.tap(data, by=ANN, chat=ANN)).html
