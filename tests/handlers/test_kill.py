"""`/kill`: the first level at once, the others after a look at what they would send and one tap."""

import asyncio
from datetime import timedelta

import pytest

from engines.risk.latch import KillLevel
from handlers.ui.kill_sentence import read_kill
from ports.errors import Refused
from ports.messages import Priority
from ports.people import Role
from tests.build.screens import ANN, TOM, ScreenDesk, a_screen_desk, data_of, labels


@pytest.mark.parametrize(
    ("typed", "level", "has_paper"),
    [
        ("", 1, False),
        ("paper", 1, True),
        ("2", 2, False),
        ("L3", 3, False),
        ("l3 paper", 3, True),
        ("flat", 4, False),
        ("4:p", 4, True),
        ("л2 бумага", 2, True),
        ("всё", 4, False),
    ],
)
def test_levels_are_understood(typed: str, level: int, has_paper: bool) -> None:
    asked = read_kill(typed)
    assert (asked.level, asked.has_paper) == (KillLevel(level), has_paper)


@pytest.mark.parametrize("typed", ["5", "bybit", "3 4", "everyone"])
def test_what_is_not_understood_does_nothing(typed: str) -> None:
    with pytest.raises(Refused, match="unknown_level"):
        read_kill(typed)


async def test_kill_stops_entries_at_once(desk: ScreenDesk) -> None:
    screen = await desk.type("/kill", by=ANN)

    assert screen.html.startswith("🛑 <b>KILL L1</b> · no new entries since 12:00:00 UTC")
    assert labels(screen) == ["L2 cancel", "L3 perps", "L4 flat", "Latches"]
    (latch,) = desk.services.latches.all()
    assert (latch.level, latch.by, latch.scope.has_paper) == (KillLevel.NO_ENTRIES, ANN, False)


async def test_a_kill_of_paper_stops_people_too(desk: ScreenDesk) -> None:
    screen = await desk.type("/kill paper", by=ANN)
    assert "paper entries are stopped too" in screen.html
    seen = await desk.tap(data_of(screen, "L4 flat"), by=ANN)
    assert "people's paper too" in seen.html


async def test_a_level_is_previewed_confirmed_once_and_reported(desk: ScreenDesk) -> None:
    await desk.type("/trade btc long 100", by=TOM)
    seen = await desk.type("/kill 4", by=ANN)
    assert seen.html.startswith("<b>KILL L4 — preview</b>")
    assert "No orders to cancel" in seen.html
    assert labels(seen) == ["SELL EVERYTHING", "Back"]
    assert desk.services.killing.report is None

    token = data_of(seen, "SELL EVERYTHING")
    request = desk.request(token.partition(":")[2], by=ANN)
    handler = desk.services.table.buttons["kx"].handler
    screen = await handler(request)
    assert screen is not None
    assert screen.html.startswith("<b>KILL L4 — at work</b>")
    again = await desk.press(token, by=ANN)
    assert again.is_error

    for tell in request.delivered:
        await tell(ANN, 7)
    await _worked(desk)
    await desk.services.kill_board.show()
    edited = desk.messenger.deliveries[-1]
    assert (edited.chat_id, edited.message_id, edited.priority) == (ANN, 7, Priority.KILL)
    assert edited.screen.html.startswith("✓ <b>FLAT 12:00:00 UTC</b> · 0 open orders")
    assert "/resume kill" in edited.screen.html


async def test_admins_elsewhere_hear_of_the_end() -> None:
    desk = await a_screen_desk(admin_chat=-100)
    seen = await desk.type("/kill 2", by=ANN)
    await desk.tap(data_of(seen, "CANCEL ORDERS"), by=ANN)
    await _worked(desk)
    await desk.services.kill_board.end()
    await desk.services.kill_board.end()

    ends = [push.row.message for push in desk.stores.outbox.pushes if "done" in push.row.message.screen.html]
    assert [(one.chat_id, one.priority) for one in ends] == [(-100, Priority.KILL)]


async def test_a_token_of_another_time_explains_itself(desk: ScreenDesk) -> None:
    seen = await desk.type("/kill 2", by=ANN)
    desk.clock.move(timedelta(minutes=2).total_seconds())

    answer = await desk.press(data_of(seen, "CANCEL ORDERS"), by=ANN)

    assert answer.is_error
    assert desk.services.killing.report is None


async def test_closing_all_leaves_entries_alone() -> None:
    desk = await a_screen_desk(admin_chat=-100)
    offer = await desk.type("/order btc buy 500", by=ANN)
    await desk.press(data_of(offer, "Place"), by=ANN)

    seen = await desk.type("/close all", by=ANN, chat=-100)

    assert seen.html.startswith("<b>CLOSE ALL — preview</b>")
    assert labels(seen) == ["CLOSE ALL", "Back"]
    await desk.tap(data_of(seen, "CLOSE ALL"), by=ANN, chat=-100)
    assert desk.services.latches.all() == []
    report = desk.services.killing.report
    assert report is not None
    assert not report.wish.is_kill


async def test_only_admins_kill_and_nothing_holds_it_up(desk: ScreenDesk) -> None:
    table = desk.services.table
    for one in (table.commands["kill"], table.buttons["kk"], table.buttons["kx"]):
        assert one.role is Role.ADMIN
        assert one.is_urgent
        assert not one.is_read_only


async def _worked(desk: ScreenDesk) -> None:
    killing = desk.services.killing
    running = asyncio.create_task(killing.run())
    async with asyncio.timeout(5):
        while killing.report is None or not killing.report.is_done:
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_one_kill_is_one_message_where_it_was_typed(desk: ScreenDesk) -> None:
    """The answer says it there already; the other admins hear of it."""
    seen = await desk.type("/kill 3", by=ANN)
    await desk.tap(data_of(seen, "CLOSE PERPS"), by=ANN)
    await desk.services.latches.tend()
    assert [one.row.message.chat_id for one in desk.stores.outbox.pushes] == []

    other = await a_screen_desk(admin_chat=-100)
    await other.type("/kill 3", by=ANN)
    await other.services.latches.tend()
    assert [one.row.message.chat_id for one in other.stores.outbox.pushes] == [-100]


async def test_there_is_no_button_where_nothing_is_to_be_closed() -> None:
    desk = await a_screen_desk(admin_chat=-100)
    screen = await desk.type("/close all", by=ANN, chat=-100)

    assert "There is nothing to close." in screen.html
    assert labels(screen) == ["Latches"]


@pytest.mark.parametrize("typed", ["/top", "/signals", "/desk", "/status", "/live"])
async def test_every_cockpit_says_it_first(desk: ScreenDesk, typed: str) -> None:
    await desk.type("/kill", by=ANN)

    assert (await desk.type(typed, by=ANN)).html.startswith("🛑 <b>KILL L1</b> · all engines: no new entries")
