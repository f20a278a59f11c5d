"""`/pause`, `/resume`, `/latches`, and the line that every screen begins with while something is stopped."""

from datetime import timedelta

import pytest

from engines.risk.latch import Cause, KillLevel, Scope
from handlers.cockpit import view
from handlers.ui.latch_push import push_latch
from handlers.ui.pause_sentence import read_pause
from ports.messages import Priority
from ports.people import Role
from services.latches import LatchNews
from tests.build.clock import NOON
from tests.build.desk_state import a_latch
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, buttons, data_of, labels


async def test_nothing_is_stopped_at_first(desk: ScreenDesk) -> None:
    screen = await desk.type("/latches", by=ANN)

    assert "✓ Nothing is stopped." in screen.html
    assert labels(screen) == ["Pause", "KILL", "Refresh"]


async def test_a_viewer_sees_what_is_stopped_and_has_no_switch(desk: ScreenDesk) -> None:
    await desk.services.latches.pull(a_latch(by=ANN))

    screen = await desk.type("/latches", by=VERA)

    assert "🛑 <b>KILL L1</b> · all engines\nsince 12:00 · Ann · until an admin clears it" in screen.html
    assert buttons(screen) == []


@pytest.mark.parametrize(
    ("typed", "latch_id", "scope", "hours"),
    [
        ("/pause trend 4h", "pause:trend", Scope(engine="trend"), 4),
        ("/pause 4h trend", "pause:trend", Scope(engine="trend"), 4),
        ("/pause trend for 4 h", "pause:trend", Scope(engine="trend"), 4),
        ("/pause TREND", "pause:trend", Scope(engine="trend"), None),
        ("пауза тренд на 4 часа", "pause:trend", Scope(engine="trend"), 4),
        ("/pause bybit 2d", "pause:bybit", Scope(account="bybit"), 48),
        ("/pause all 1h", "pause:all", Scope(), 1),
        ("/pause всё", "pause:all", Scope(), None),
    ],
)
async def test_a_pause_is_understood_in_any_order(
    desk: ScreenDesk, typed: str, latch_id: str, scope: Scope, hours: int | None
) -> None:
    await desk.type(typed, by=ANN)

    (latch,) = desk.services.latches.all()
    assert (latch.id, latch.scope, latch.cause, latch.by) == (latch_id, scope, Cause.PAUSE, ANN)
    assert latch.until == (None if hours is None else NOON + timedelta(hours=hours))


@pytest.mark.parametrize("typed", ["/pause trnd", "/pause trend core", "/pause 4h", "/pause paper"])
async def test_what_cannot_be_paused_is_asked_back(desk: ScreenDesk, typed: str) -> None:
    answer = await desk.answer(typed, by=ANN)

    assert answer.is_error
    assert answer.screen is not None
    assert "What is to be paused?" in answer.screen.html
    assert "/pause trend 4h" in answer.screen.html
    assert desk.services.latches.all() == []


@pytest.mark.parametrize("typed", ["/pause trend 0h", "/pause trend 91d"])
async def test_a_pause_lasts_a_minute_to_ninety_days(desk: ScreenDesk, typed: str) -> None:
    answer = await desk.answer(typed, by=ANN)

    assert answer.is_error
    assert answer.screen is not None
    assert "From a minute to 90 days" in answer.screen.html


async def test_a_pause_by_taps(desk: ScreenDesk) -> None:
    what = await desk.type("/pause", by=ANN)
    how_long = await desk.tap(data_of(what, "trend"), by=ANN)
    assert labels(how_long) == ["1 h", "4 h", "1 d", "Until resumed", "Back"]

    screen = await desk.tap(data_of(how_long, "4 h"), by=ANN)

    assert "⏸ <b>Pause</b> · trend\nsince 12:00 · Ann · until 16:00" in screen.html
    assert (await desk.tap(data_of(screen, "Resume trend"), by=ANN)).html.startswith("✓ <b>Pause</b> · trend")
    assert desk.services.latches.all() == []


async def test_a_pause_until_resumed(desk: ScreenDesk) -> None:
    await desk.tap("kp:core:-", by=ANN)

    screen = await desk.type("/latches", by=ANN)

    assert "until resumed" in screen.html
    await desk.type("/resume core", by=ANN)
    assert desk.services.latches.all() == []


async def test_a_kill_is_cleared_by_typing_and_not_by_a_tap(desk: ScreenDesk) -> None:
    await desk.services.latches.pull(a_latch(level=KillLevel.FLAT))
    screen = await desk.type("/latches", by=ANN)

    asked = await desk.tap(data_of(screen, "Clear kill…"), by=ANN)
    assert "<code>/resume kill confirm</code>" in asked.html
    assert buttons(asked)[0].copy == "/resume kill confirm"
    assert desk.services.latches.all() != []
    await desk.type("/resume kill", by=ANN)
    assert desk.services.latches.all() != []

    done = await desk.type("/resume kill confirm", by=ANN)
    assert "Nothing is stopped any more." in done.html
    assert desk.services.latches.all() == []


async def test_what_ends_by_itself_is_left_to_do_so(desk: ScreenDesk) -> None:
    feed = a_latch("feed:bybit", cause=Cause.FEED, scope=Scope(account="bybit"))
    await desk.services.latches.pull(feed)

    answer = await desk.answer("/resume bybit", by=ANN)

    assert answer.is_error
    assert desk.services.latches.all() == [feed]
    assert "Resume" not in "".join(labels(await desk.type("/latches", by=ANN)))


async def test_of_several_latches_the_one_meant_is_asked_for(desk: ScreenDesk) -> None:
    trend = Scope(engine="trend")
    await desk.services.latches.pull(a_latch("drawdown:trend", cause=Cause.DRAWDOWN, scope=trend))
    await desk.services.latches.pull(a_latch("pause:trend", cause=Cause.PAUSE, scope=trend))

    answer = await desk.answer("/resume trend", by=ANN)
    assert answer.screen is not None
    assert sorted(labels(answer.screen)) == ["drawdown:trend", "pause:trend"]

    unknown = await desk.answer("/resume gate", by=ANN)
    assert unknown.screen is not None
    assert "Nothing of that name is stopped." in unknown.screen.html


async def test_only_admins_pause_resume_and_press(desk: ScreenDesk) -> None:
    table = desk.services.table

    assert {table.commands[name].role for name in ("pause", "resume")} == {Role.ADMIN}
    assert {table.buttons[prefix].role for prefix in ("kp", "kr")} == {Role.ADMIN}
    assert not any(table.buttons[prefix].is_read_only for prefix in ("kp", "kr"))


@pytest.mark.parametrize("command", ["/status", "/portfolio"])
async def test_a_latch_in_force_is_the_first_line(desk: ScreenDesk, command: str) -> None:
    await desk.services.latches.pull(a_latch(scope=Scope(has_paper=True)))
    await desk.services.latches.pull(a_latch("pause:core", cause=Cause.PAUSE, scope=Scope(engine="core")))

    first, _, rest = (await desk.type(command, by=TOM)).html.partition("\n")

    expected = "🛑 <b>KILL L1</b> · all engines and people's paper trades: no new entries since 12:00"
    assert first.replace("&#39;", "'").startswith(expected)
    assert "PAPER" in rest
    assert ("and 1 more" in first) is (command == "/status")


async def test_a_person_is_not_told_of_latches_that_leave_paper_alone(desk: ScreenDesk) -> None:
    await desk.services.latches.pull(a_latch())

    assert (await desk.type("/portfolio", by=TOM)).html.startswith("<b>Portfolio")


async def test_every_cockpit_begins_with_the_latch(desk: ScreenDesk) -> None:
    await desk.services.latches.pull(a_latch("pause:core", cause=Cause.PAUSE, scope=Scope(engine="core")))

    assert view(desk.services, desk.person(VERA)).html.startswith("⏸ <b>Pause</b> · core: no new entries")


async def test_admins_get_one_push_a_pull_and_a_release() -> None:
    desk = await a_screen_desk(admin_chat=-100)
    latches = desk.services.latches
    await latches.pull(a_latch(by=ANN, detail="−3.4 %"))
    await latches.tend()
    await latches.clear("kill", desk.person(ANN))
    await latches.tend()

    pulled, over = [push.row.message for push in desk.stores.outbox.pushes]
    assert (pulled.chat_id, pulled.priority) == (-100, Priority.KILL)
    assert pulled.screen.html.startswith("🛑 <b>KILL L1</b> · all engines · until an admin clears it\nAnn: ")
    assert "−3.4 %" in pulled.screen.html
    assert over.screen.html.startswith("✓ <b>KILL L1</b> · all engines: not in force any more · Ann")
    await push_latch(desk.services, LatchNews(latch=a_latch(by=ANN), is_pulled=True, by=ANN, at=NOON))
    assert len(desk.stores.outbox.pushes) == 2


def test_a_pause_of_all_engines_stops_people_of_nothing() -> None:
    assert read_pause("all").scope == Scope()
