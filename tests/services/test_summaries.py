"""Daily summaries: at each person's hour, once a local day, also when the desk was down."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from adapters.schedule import ClockSchedule
from ports.people import Noise, Person, Role
from services.people import People
from services.summaries import SEEN_FACT, Summaries
from tests.build.clock import HandClock
from tests.build.people import a_person
from tests.build.schedule import ListedSchedule
from tests.build.stores import MemoryFacts, MemoryPeople

HOUR = 3600.0


@dataclass(slots=True)
class Sent:
    """Drops what was sent before, as the outbox does."""

    days: list[tuple[int, date]] = field(default_factory=list)
    doubled: int = 0

    async def __call__(self, person: Person, day: date) -> None:
        if (person.id, day) in self.days:
            self.doubled += 1
        else:
            self.days.append((person.id, day))


@dataclass(frozen=True, slots=True)
class Desk:
    clock: HandClock
    people: People
    summaries: Summaries
    sent: Sent
    facts: MemoryFacts

    async def pass_(self, hours: float, *, step_s: float = HOUR / 4) -> None:
        for _ in range(round(hours * HOUR / step_s)):
            self.clock.move(step_s)
            await settled()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def running(
    *people: Person, now: datetime, facts: MemoryFacts | None = None, sent: Sent | None = None
) -> AsyncIterator[Desk]:
    """A desk from its start; the same `facts` and `sent` make it the next start of the same one."""
    clock, facts, sent = HandClock(now), facts or MemoryFacts(), sent or Sent()
    known = People(MemoryPeople(*people), facts, clock, lambda: "ABCD-2345")
    await known.load()
    schedule = ClockSchedule(clock)
    summaries = Summaries(known, schedule, facts, clock, sent)
    await summaries.start()
    task = asyncio.create_task(schedule.run())
    try:
        await settled()
        yield Desk(clock, known, summaries, sent, facts)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def someone(person_id: int = 11, **fields: Any) -> Person:
    return a_person(
        person_id, **{"is_onboarded": True, "zone": "Europe/Berlin", "summary_at": time(9)} | fields
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def test_each_gets_it_at_their_hour_in_their_zone() -> None:
    tokyo = someone(12, zone="Asia/Tokyo", summary_at=time(21, 30))
    async with running(someone(), tokyo, now=at("2026-03-04 06:00")) as desk:
        await desk.pass_(2)
        assert desk.sent.days == [(11, date(2026, 3, 4))]
        await desk.pass_(4.5)
        assert desk.sent.days[1:] == [(12, date(2026, 3, 4))]
        await desk.pass_(24)

    assert desk.sent.days[2:] == [(11, date(2026, 3, 5)), (12, date(2026, 3, 5))]
    assert desk.sent.doubled == 0


@pytest.mark.parametrize(
    ("night", "expected_utc"),
    [("2026-03-28 20:00", "2026-03-29 01:30"), ("2026-10-24 20:00", "2026-10-25 00:30")],
)
async def test_a_night_on_which_the_clocks_change_has_one_summary(night: str, expected_utc: str) -> None:
    """02:30 does not exist in the first of these nights, and comes twice in the second."""
    async with running(someone(summary_at=time(2, 30)), now=at(night)) as desk:
        moments = []
        for _ in range(96):
            before = len(desk.sent.days)
            await desk.pass_(0.25)
            if len(desk.sent.days) > before:
                moments.append(desk.clock.now())

    assert moments == [at(expected_utc)]
    assert desk.sent.days == [(11, at(expected_utc).date())]
    assert desk.sent.doubled == 0


@pytest.mark.parametrize(
    "fields",
    [{"summary_at": None}, {"is_onboarded": False}, {"is_reachable": False}, {"role": Role.BLOCKED}],
)
async def test_who_cannot_or_does_not_want_to_hear_gets_none(fields: dict[str, Any]) -> None:
    async with running(someone(**fields), now=at("2026-03-04 06:00")) as desk:
        await desk.pass_(24)

    assert desk.sent.days == []


async def test_a_change_of_hour_or_zone_counts_at_once() -> None:
    async with running(someone(), now=at("2026-03-04 06:00")) as desk:
        await desk.people.change(11, summary_at=time(18))
        await desk.pass_(4)
        assert desk.sent.days == []
        await desk.people.change(11, zone="Asia/Tokyo")  # 10:00 here is 19:00 there: the next is tomorrow's
        await desk.pass_(22)
        assert desk.sent.days == []
        await desk.pass_(1)
        assert desk.sent.days == [(11, date(2026, 3, 5))]


async def test_a_second_hour_on_a_day_that_had_its_summary_sends_nothing_more() -> None:
    async with running(someone(), now=at("2026-03-04 06:00")) as desk:
        await desk.pass_(3)
        await desk.people.change(11, summary_at=time(18))
        await desk.pass_(10)

    assert desk.sent.days == [(11, date(2026, 3, 4))]


async def test_somebody_new_is_scheduled_but_gets_nothing_late() -> None:
    async with running(now=at("2026-03-04 21:00")) as desk:
        await desk.people.admit(11, "Ann", Role.VIEWER, "en")
        await desk.people.change(11, is_onboarded=True)
        await desk.pass_(1)
        assert desk.sent.days == []
        await desk.pass_(23)

    assert desk.sent.days == [(11, date(2026, 3, 5))]


async def test_switched_off_and_on_again() -> None:
    async with running(someone(), now=at("2026-03-04 06:00")) as desk:
        await desk.people.change(11, summary_at=None)
        await desk.pass_(24)
        await desk.people.change(11, summary_at=time(9))
        await desk.pass_(24)

    assert desk.sent.days == [(11, date(2026, 3, 5))]


@pytest.mark.parametrize(
    ("back_at", "days"),
    [
        ("2026-03-04 08:05", [date(2026, 3, 4)]),
        ("2026-03-04 13:59", [date(2026, 3, 4)]),
        ("2026-03-04 14:01", []),
        ("2026-03-07 13:00", [date(2026, 3, 7)]),
    ],
)
async def test_one_missed_while_down_comes_late_unless_it_is_old(back_at: str, days: list[date]) -> None:
    """Nine in Berlin is eight in UTC; the desk was last seen at 7:00."""
    facts = MemoryFacts(**{SEEN_FACT: at("2026-03-04 07:00").isoformat()})
    async with running(someone(), now=at(back_at), facts=facts) as desk:
        await desk.pass_(0.25)

    assert desk.sent.days == [(11, day) for day in days]


async def test_what_came_before_the_desk_went_down_is_not_missed() -> None:
    facts, sent = MemoryFacts(), Sent()
    async with running(someone(), now=at("2026-03-04 06:00"), facts=facts, sent=sent) as desk:
        await desk.pass_(3)
        await desk.summaries.remember()
    async with running(someone(), now=at("2026-03-04 09:30"), facts=facts, sent=sent) as desk:
        await desk.pass_(1)

    assert sent.days == [(11, date(2026, 3, 4))]
    assert sent.doubled == 0


async def test_a_desk_killed_before_it_remembers_asks_for_the_same_day_again() -> None:
    facts, sent = MemoryFacts(**{SEEN_FACT: at("2026-03-04 07:55").isoformat()}), Sent()
    async with running(someone(), now=at("2026-03-04 07:55"), facts=facts, sent=sent) as desk:
        await desk.pass_(0.25)
    async with running(someone(), now=at("2026-03-04 08:20"), facts=facts, sent=sent):
        pass

    assert sent.days == [(11, date(2026, 3, 4))]
    assert sent.doubled == 1


@pytest.mark.parametrize(("jump_h", "days"), [(75.0, [date(2026, 3, 7)]), (80.5, [])])
async def test_a_jump_over_days_is_one_summary_or_none(jump_h: float, days: Sequence[date]) -> None:
    async with running(someone(), now=at("2026-03-04 06:00")) as desk:
        await desk.pass_(jump_h, step_s=jump_h * HOUR)

    assert [day for _, day in desk.sent.days] == days


async def test_changes_that_do_not_concern_it_leave_the_job_alone() -> None:
    """Putting it again would lose a moment that is just due."""
    schedule, clock, facts = ListedSchedule(), HandClock(), MemoryFacts()
    known = People(MemoryPeople(someone()), facts, clock, lambda: "ABCD-2345")
    await known.load()
    await Summaries(known, schedule, facts, clock, Sent()).start()

    await known.change(11, noise=Noise.QUIET, watchlist=("BTCUSDT",))
    assert schedule.puts == 1
    await known.change(11, zone="Europe/Moscow")
    assert schedule.puts == 2
    await known.change(11, is_reachable=False)
    assert schedule.jobs == {}


async def test_a_zone_that_this_system_lost_is_utc() -> None:
    async with running(someone(zone="Mars/Olympus"), now=at("2026-03-04 08:30")) as desk:
        await desk.pass_(1)

    assert desk.sent.days == [(11, date(2026, 3, 4))]


async def test_hundreds_of_people_are_one_tick() -> None:
    crowd = [someone(number) for number in range(1, 501)]
    async with running(*crowd, now=at("2026-03-04 07:00")) as desk:
        await desk.pass_(1)
        await settled()

    assert len(desk.sent.days) == 500
