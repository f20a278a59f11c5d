"""The calendar on our clock: moments, jumps, slow jobs, failing jobs, changes of the clocks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.schedule import ClockSchedule, CronCalendar
from ports.errors import Fatal
from ports.schedule import Cron, Job
from tests.build.clock import NOON, HandClock

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
)
EVERY_FIVE = Cron(minute="*/5")
YEAR = 60 * 24 * 366
"""Minutes."""


@dataclass
class Diary:
    """A job that writes down when it was due; while `door` is closed it does not end."""

    due: list[datetime] = field(default_factory=list)
    most_at_once: int = 0
    error: Exception | None = None
    door: asyncio.Event = field(default_factory=asyncio.Event)
    _now: int = 0

    def __post_init__(self) -> None:
        self.door.set()

    async def __call__(self, due: datetime) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            self.due.append(due)
            await self.door.wait()
            if self.error is not None:
                raise self.error
        finally:
            self._now -= 1

    @property
    def minutes(self) -> list[float]:
        """Moments as minutes after noon."""
        return [(due - NOON).total_seconds() / 60 for due in self.due]


def a_job(
    work: Callable[[datetime], Awaitable[object]], when: Cron = EVERY_FIVE, key: str = "five", name: str = ""
) -> Job:
    return Job(key=key, name=name or key, when=when, work=work)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def running(clock: HandClock) -> AsyncIterator[ClockSchedule]:
    schedule = ClockSchedule(clock)
    task = asyncio.create_task(schedule.run())
    try:
        yield schedule
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def pass_(clock: HandClock, minutes: float) -> None:
    clock.move(minutes * 60)
    await settled()


async def test_a_job_runs_at_its_moments_and_not_before() -> None:
    clock, diary = HandClock(), Diary()
    async with running(clock) as schedule:
        schedule.put(a_job(diary, Cron(minute="*/5", second=2)))
        await settled()
        assert diary.due == []

        for _ in range(122):
            await pass_(clock, 5 / 60)

    assert diary.minutes == [2 / 60, 5 + 2 / 60, 10 + 2 / 60]


async def test_a_jump_over_many_moments_is_one_run_for_the_last_of_them() -> None:
    clock, diary = HandClock(), Diary()
    async with running(clock) as schedule:
        schedule.put(a_job(diary))
        await settled()

        await pass_(clock, YEAR + 7)
        await pass_(clock, 2)
        await pass_(clock, 2)

    assert diary.minutes == [YEAR + 5, YEAR + 10]


async def test_a_clock_that_is_set_back_from_a_wrong_year_is_followed() -> None:
    clock, diary = HandClock(), Diary()
    async with running(clock) as schedule:
        schedule.put(a_job(diary))
        await pass_(clock, 4 * YEAR)
        await pass_(clock, 5 - 4 * YEAR)
        schedule.put(a_job(Diary(), key="wakes the schedule"))
        await settled()
        await pass_(clock, 5)

    assert diary.minutes == [4 * YEAR, 10]


async def test_a_clock_that_is_set_right_by_seconds_runs_nothing_twice() -> None:
    clock, diary = HandClock(), Diary()
    async with running(clock) as schedule:
        schedule.put(a_job(diary))
        await settled()
        await pass_(clock, 5)
        await pass_(clock, -0.5)
        schedule.put(a_job(Diary(), key="wakes the schedule"))
        await pass_(clock, 0.5)

    assert diary.minutes == [5]


async def test_a_clock_that_stands_still_runs_nothing() -> None:
    clock, diary = HandClock(speed=0.0), Diary()
    async with running(clock) as schedule:
        schedule.put(a_job(diary))
        await settled()

    assert diary.due == []


async def test_a_job_longer_than_its_period_never_overlaps_and_catches_up_once() -> None:
    clock, diary = HandClock(), Diary()
    diary.door.clear()
    async with running(clock) as schedule:
        schedule.put(a_job(diary))
        await settled()
        for _ in range(4):
            await pass_(clock, 5)
        assert schedule.health()[0].is_running

        diary.door.set()
        await settled()
        assert not schedule.health()[0].is_running

    assert diary.minutes == [5, 20]
    assert diary.most_at_once == 1


async def test_a_slow_job_holds_back_no_other() -> None:
    clock, slow, quick = HandClock(), Diary(), Diary()
    slow.door.clear()
    async with running(clock) as schedule:
        schedule.put(a_job(slow, key="slow"))
        schedule.put(a_job(quick, key="quick"))
        await settled()
        for _ in range(3):
            await pass_(clock, 5)

    assert (slow.minutes, quick.minutes) == ([5], [5, 10, 15])


async def test_a_failure_is_counted_and_the_job_goes_on() -> None:
    clock, diary = HandClock(), Diary(error=RuntimeError("no disk"))
    async with running(clock) as schedule:
        schedule.put(a_job(diary))
        await settled()
        await pass_(clock, 5)
        [health] = schedule.health()
        assert (health.has_failed, health.failures) == (True, 1)
        assert health.last_at == NOON + timedelta(minutes=5)
        assert health.next_at == NOON + timedelta(minutes=10)

        diary.error = None
        await pass_(clock, 5)

        [health] = schedule.health()
        assert (health.has_failed, health.failures) == (False, 1)


async def test_a_job_cancelled_from_inside_has_failed() -> None:
    async def cancelled(_: datetime) -> None:
        raise asyncio.CancelledError

    clock = HandClock()
    async with running(clock) as schedule:
        schedule.put(a_job(cancelled))
        await settled()
        await pass_(clock, 5)
        await pass_(clock, 5)

        assert schedule.health()[0].failures == 2


async def test_only_what_is_fatal_ends_the_schedule() -> None:
    clock, diary = HandClock(), Diary(error=Fatal("the database is of another world"))
    schedule = ClockSchedule(clock)
    schedule.put(a_job(diary))
    task = asyncio.create_task(schedule.run())
    await settled()

    clock.move(300)

    with pytest.raises(Fatal, match="another world"):
        await task


async def test_stopping_ends_jobs_under_way() -> None:
    ended = asyncio.Event()

    async def long(_: datetime) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    clock = HandClock()
    async with running(clock) as schedule:
        schedule.put(a_job(long))
        await settled()
        await pass_(clock, 5)

    assert ended.is_set()
    assert schedule.health()[0].failures == 0  # it was asked to end


async def test_a_job_can_be_replaced_and_dropped_at_any_time() -> None:
    clock, early, late = HandClock(), Diary(), Diary()
    async with running(clock) as schedule:
        schedule.put(a_job(early, Cron(hour="13")))
        await settled()
        schedule.put(a_job(late, Cron(hour="12", minute="30")))
        await settled()
        await pass_(clock, 30)
        assert late.minutes == [30]

        schedule.drop("five")
        schedule.drop("nobody")
        await pass_(clock, 60 * 48)

    assert (early.due, late.minutes) == ([], [30])


async def test_what_was_missed_since_a_moment_is_made_up_for_once() -> None:
    clock, diary, fresh = HandClock(), Diary(), Diary()
    async with running(clock) as schedule:
        schedule.put(a_job(diary, Cron(hour="9,10"), key="missed"), since=NOON - timedelta(hours=6))
        schedule.put(a_job(fresh, Cron(hour="9,10"), key="told"), since=NOON - timedelta(hours=1))
        await settled()

    assert diary.minutes == [-120]
    assert fresh.due == []


async def test_jobs_of_one_name_are_one_line() -> None:
    clock, ann, tom = HandClock(), Diary(), Diary()
    ann.error = RuntimeError()
    async with running(clock) as schedule:
        schedule.put(a_job(ann, Cron(hour="13"), "summary:1", "summaries"))
        schedule.put(a_job(tom, Cron(hour="14"), "summary:2", "summaries"))
        [health] = schedule.health()
        assert (health.last_at, health.next_at) == (None, NOON + timedelta(hours=1))
        await settled()
        await pass_(clock, 60)
        await pass_(clock, 60)

        [health] = schedule.health()
    assert (health.failures, health.has_failed) == (1, False)
    assert health.last_at == NOON + timedelta(hours=2)
    assert health.next_at == NOON + timedelta(hours=25)


@pytest.mark.parametrize(
    "when", [Cron(hour="25"), Cron(minute="x"), Cron(second=60), Cron(zone="Nowhere/Land")]
)
async def test_moments_that_no_calendar_knows_are_refused(when: Cron) -> None:
    with pytest.raises((ValueError, KeyError)):
        ClockSchedule(HandClock()).put(a_job(Diary(), when))


def moments(calendar: CronCalendar, start: datetime, end: datetime) -> Iterator[datetime]:
    while (start := calendar.after(start)) < end:
        yield start


@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 15, 30, 45, 59]),
    year=st.integers(2024, 2030),
)
def test_a_daily_moment_comes_once_each_local_day(zone: str, hour: int, minute: int, year: int) -> None:
    """Also on the days on which the clocks change, and never more than two hours off the wall."""
    calendar = CronCalendar(Cron(hour=str(hour), minute=str(minute), zone=zone))
    start = datetime(year, 1, 1, tzinfo=UTC)

    local = [one.astimezone(ZoneInfo(zone)) for one in moments(calendar, start, start + timedelta(days=366))]

    days = [one.date() for one in local]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len(days) >= 365
    for one in local:
        late = (one.hour * 60 + one.minute) - (hour * 60 + minute)
        assert 0 <= late <= 120
        assert one.fold == 0


def test_a_time_that_the_clocks_leave_out_comes_later_and_one_they_show_twice_comes_once() -> None:
    calendar = CronCalendar(Cron(hour="2", minute="30", zone="Europe/Berlin"))
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert calendar.after(spring) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 there
    assert calendar.after(autumn) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert calendar.after(datetime(2026, 10, 25, 0, 45, tzinfo=UTC)) == datetime(
        2026, 10, 26, 1, 30, tzinfo=UTC
    )


@given(
    cron=st.sampled_from([EVERY_FIVE, Cron(hour="0", second=2), Cron(hour="9", zone="Europe/Berlin")]),
    minutes=st.integers(0, 5000),
)
def test_the_latest_moment_is_the_last_one_not_in_the_future(cron: Cron, minutes: int) -> None:
    calendar = CronCalendar(cron)
    first = calendar.after(datetime(2026, 3, 27, tzinfo=UTC))
    now = first + timedelta(minutes=minutes)

    everything = [first, *moments(calendar, first, now + timedelta(microseconds=1))]

    assert calendar.latest(first, now) == everything[-1]
