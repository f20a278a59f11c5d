"""Latches: at once in memory, on the disk before anything else, in force until both places let go."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from engines.orders.order import Intent
from engines.risk.latch import Cause, KillLevel, Scope
from ports.errors import InvariantBroken, Refused, Transient
from ports.people import Role
from tests.build.clock import NOON
from tests.build.desk_state import a_latch
from tests.build.latches import LatchDesk
from tests.build.orders import an_intent
from tests.build.people import a_person

ANN = a_person(11, role=Role.ADMIN)
TOM = a_person(12, role=Role.TRADER)
ENGINE_OWNER, PERSON = -2, 7


def entry(**fields: Any) -> Intent:
    return an_intent(owner=ENGINE_OWNER, engine="trend", account="bybit", **fields)


@pytest.fixture
async def desk() -> LatchDesk:
    desk = LatchDesk()
    await desk.latches.load()
    return desk


async def test_nothing_is_stopped_while_no_latch_is_in_force(desk: LatchDesk) -> None:
    assert desk.latches.all() == []
    assert desk.latches.stopping(entry()) is None


async def test_a_pulled_latch_stops_entries_and_no_reductions(desk: LatchDesk) -> None:
    await desk.latches.pull(a_latch())

    assert desk.latches.stopping(entry()) == a_latch()
    assert desk.latches.stopping(entry(reduce_only=True)) is None


@pytest.mark.parametrize(
    ("scope", "stops"),
    [
        (Scope(), True),
        (Scope(engine="trend"), True),
        (Scope(engine="core"), False),
        (Scope(account="bybit"), True),
        (Scope(account="gate"), False),
        (Scope(engine="trend", account="gate"), False),
    ],
)
async def test_a_latch_reaches_as_far_as_its_scope(desk: LatchDesk, scope: Scope, stops: bool) -> None:
    await desk.latches.pull(a_latch(scope=scope))

    assert (desk.latches.stopping(entry()) is not None) is stops


@pytest.mark.parametrize("has_paper", [True, False])
async def test_peoples_paper_goes_on_unless_the_latch_says_paper(desk: LatchDesk, has_paper: bool) -> None:
    await desk.latches.pull(a_latch(scope=Scope(has_paper=has_paper)))

    assert (desk.latches.stopping(an_intent(owner=PERSON)) is not None) is has_paper


async def test_a_pulled_latch_is_in_the_file_although_the_database_is_locked(desk: LatchDesk) -> None:
    desk.lock()

    await desk.latches.pull(a_latch())
    await desk.latches.tend()

    assert desk.file.latches == [a_latch()]
    assert desk.latches.stopping(entry()) is not None
    assert desk.told == []


async def test_the_row_is_written_and_admins_told_once_the_database_is_back(desk: LatchDesk) -> None:
    desk.lock()
    await desk.latches.pull(a_latch(by=ANN.id))
    await desk.latches.tend()

    desk.lock(False)
    await desk.latches.tend()
    await desk.latches.tend()

    assert await desk.rows() == [a_latch(by=ANN.id)]
    assert [(news.latch.id, news.is_pulled, news.by) for news in desk.told] == [("kill", True, ANN.id)]


async def test_a_full_disk_keeps_no_latch_from_being_pulled(desk: LatchDesk) -> None:
    desk.file.is_full = True
    await desk.latches.pull(a_latch())

    assert desk.latches.stopping(entry()) is not None
    await desk.latches.tend()
    assert await desk.rows() == [a_latch()]

    desk.file.is_full = False
    await desk.latches.tend()
    assert desk.file.latches == [a_latch()]


@pytest.mark.parametrize("place", ["file", "row"])
async def test_either_place_means_latched_after_a_restart(place: str) -> None:
    desk = LatchDesk()
    if place == "file":
        desk.file.latches = [a_latch()]
    else:
        await desk.store.put(a_latch())

    await desk.latches.load()
    await desk.latches.tend()

    assert desk.latches.stopping(entry()) == a_latch()
    assert desk.file.latches == [a_latch()]
    assert await desk.rows() == [a_latch()]
    assert desk.told == []


async def test_of_two_versions_the_one_pulled_later_counts() -> None:
    desk = LatchDesk()
    later = a_latch(level=KillLevel.FLAT, pulled_at=NOON + timedelta(seconds=5))
    desk.file.latches = [later]
    await desk.store.put(a_latch())

    await desk.latches.load()
    await desk.latches.tend()

    assert desk.latches.all() == [later]
    assert await desk.rows() == [later]


async def test_a_file_that_nobody_can_read_means_latched() -> None:
    desk = LatchDesk()
    desk.file.is_damaged = True

    await desk.latches.load()
    await desk.latches.tend()

    stopping = desk.latches.stopping(entry())
    assert stopping is not None
    assert stopping.cause is Cause.INVARIANT
    assert "not JSON" in stopping.detail
    assert [news.latch.id for news in desk.told] == [stopping.id]
    await desk.latches.clear(stopping.id, ANN)
    assert desk.latches.stopping(entry()) is None


async def test_before_it_is_known_what_is_in_force_nothing_of_engines_enters() -> None:
    desk = LatchDesk(clock=LatchDesk().clock)
    desk.lock()
    with pytest.raises(Transient):
        await desk.latches.load()

    stopping = desk.latches.stopping(entry())

    assert stopping is not None
    assert stopping.cause is Cause.STARTING
    assert desk.latches.stopping(an_intent(owner=PERSON)) is None


async def test_an_admin_clears_a_kill_in_both_places(desk: LatchDesk) -> None:
    await desk.latches.pull(a_latch())
    await desk.latches.tend()

    assert await desk.latches.clear("kill", ANN) == a_latch()
    await desk.latches.tend()

    assert desk.latches.stopping(entry()) is None
    assert (desk.file.latches, await desk.rows()) == ([], [])
    assert [(news.is_pulled, news.by) for news in desk.told] == [(True, 7), (False, ANN.id)]


async def test_nobody_else_clears_anything(desk: LatchDesk) -> None:
    await desk.latches.pull(a_latch())

    with pytest.raises(Refused, match="not_allowed"):
        await desk.latches.clear("kill", TOM)
    with pytest.raises(InvariantBroken):
        await desk.latches.release("kill")

    assert desk.latches.stopping(entry()) is not None


@pytest.mark.parametrize("broken", ["database", "disk"])
async def test_clearing_takes_both_places(desk: LatchDesk, broken: str) -> None:
    await desk.latches.pull(a_latch())
    await desk.latches.tend()
    desk.file.is_full = broken == "disk"
    desk.lock(broken == "database")

    with pytest.raises(Transient):
        await desk.latches.clear("kill", ANN)
    assert desk.latches.stopping(entry()) is not None

    desk.file.is_full = False
    desk.lock(False)
    await desk.latches.tend()
    again = desk.restarted()
    await again.load()
    assert again.stopping(entry()) is not None
    assert await desk.rows() == [a_latch()]


async def test_what_is_not_in_force_cannot_be_cleared(desk: LatchDesk) -> None:
    with pytest.raises(Refused, match="no_latch"):
        await desk.latches.clear("pause:core", ANN)


async def test_the_desk_releases_what_it_pulled_itself(desk: LatchDesk) -> None:
    await desk.latches.pull(a_latch("feed:bybit", cause=Cause.FEED))
    await desk.latches.release("feed:bybit")
    await desk.latches.release("feed:bybit")

    assert desk.latches.all() == []


async def test_a_timed_latch_ends_by_itself_and_says_so_once(desk: LatchDesk) -> None:
    pause = a_latch(
        "pause:trend", cause=Cause.PAUSE, scope=Scope(engine="trend"), until=NOON + timedelta(hours=4)
    )
    await desk.latches.pull(pause)
    desk.clock.move(4 * 3600 - 1)
    assert desk.latches.stopping(entry()) == pause

    desk.clock.move(1)
    assert desk.latches.stopping(entry()) is None
    await desk.latches.tend()
    await desk.latches.tend()

    assert (desk.file.latches, await desk.rows()) == ([], [])
    assert [news.is_pulled for news in desk.told] == [True, False]


async def test_pulling_the_same_again_is_told_once_and_a_wider_one_again(desk: LatchDesk) -> None:
    for detail in ("-3.1 %", "-3.2 %"):
        await desk.latches.pull(a_latch(detail=detail))
    await desk.latches.pull(a_latch(level=KillLevel.CANCEL))
    await desk.latches.tend()

    assert [int(news.latch.level) for news in desk.told] == [1, 2]


async def test_the_latch_of_a_start_is_not_worth_a_message(desk: LatchDesk) -> None:
    await desk.latches.pull(a_latch("starting", cause=Cause.STARTING))
    await desk.latches.release("starting")
    await desk.latches.tend()

    assert desk.told == []


async def test_a_latch_pulled_while_it_is_being_cleared_stands(desk: LatchDesk) -> None:
    await desk.latches.pull(a_latch())
    worse = a_latch(level=KillLevel.FLAT)

    await asyncio.gather(desk.latches.clear("kill", ANN), desk.latches.pull(worse))
    await desk.latches.tend()

    assert desk.latches.all() == [worse]
    assert (desk.file.latches, await desk.rows()) == ([worse], [worse])


async def test_the_widest_and_the_oldest_come_first(desk: LatchDesk) -> None:
    later = NOON + timedelta(minutes=1)
    narrow = a_latch("feed:bybit", cause=Cause.FEED, scope=Scope(account="bybit"))
    for latch in (narrow, a_latch("later", pulled_at=later), a_latch("sooner")):
        await desk.latches.pull(latch)

    assert [latch.id for latch in desk.latches.all()] == ["sooner", "later", "feed:bybit"]


async def test_pulling_wakes_the_loop_that_writes_the_row(desk: LatchDesk) -> None:
    desk.latches.every_s = 3600.0
    running = asyncio.create_task(desk.latches.run())
    await asyncio.sleep(0)
    await desk.latches.pull(a_latch())
    while not desk.told:
        await asyncio.sleep(0)
    running.cancel()

    assert await desk.rows() == [a_latch()]
