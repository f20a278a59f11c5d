"""What runs by the calendar, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.schedule import CronCalendar
from engines.core.timeframe import Timeframe
from services.schedule import CLOSES, PERIODIC, Plan

MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)


async def nothing() -> None: ...


@pytest.mark.parametrize("timeframe", CLOSES)
def test_work_after_a_close_comes_two_seconds_after_each(timeframe: Timeframe) -> None:
    calendar, found = CronCalendar(CLOSES[timeframe]), MIDNIGHT - timedelta(seconds=1)
    length = timedelta(milliseconds=timeframe.ms)

    for number in range(20):
        found = calendar.after(found)
        assert found == MIDNIGHT + number * length + timedelta(seconds=2)


async def test_a_hook_is_told_which_candle_closed_and_when() -> None:
    heard: list[tuple[Timeframe, datetime]] = []

    async def hook(timeframe: Timeframe, closed_at: datetime) -> None:
        heard.append((timeframe, closed_at))

    for job in Plan(periodic={}, closes={"derive": hook}).jobs():
        await job.work(MIDNIGHT + timedelta(seconds=2))

    assert heard == [(timeframe, MIDNIGHT) for timeframe in CLOSES]


def test_every_close_of_every_hook_is_a_job_of_its_own() -> None:
    async def hook(timeframe: Timeframe, closed_at: datetime) -> None: ...

    jobs = list(Plan(periodic={"equity": nothing}, closes={"derive": hook, "signals": hook}).jobs())

    assert len({job.key for job in jobs}) == len(jobs) == 2 * len(CLOSES) + 1
    assert {job.name for job in jobs} == {"derive", "signals", "equity"}


async def test_periodic_work_runs() -> None:
    runs: list[str] = []

    async def work() -> None:
        runs.append("work")

    for job in Plan(periodic=dict.fromkeys(PERIODIC, work)).jobs():
        await job.work(MIDNIGHT)

    assert len(runs) == len(PERIODIC)


def test_work_without_a_moment_is_refused() -> None:
    with pytest.raises(KeyError):
        list(Plan(periodic={"dance": nothing}).jobs())


@pytest.mark.parametrize(
    ("name", "a_day"),
    [("heartbeat", 288), ("equity", 24), ("audit", 24), ("housekeeping", 24), ("retention", 1)],
)
def test_how_often_periodic_work_runs(name: str, a_day: int) -> None:
    calendar, found, count = CronCalendar(PERIODIC[name]), MIDNIGHT - timedelta(seconds=1), 0
    while (found := calendar.after(found)) < MIDNIGHT + timedelta(days=1):
        count += 1

    assert count == a_day
