"""The calendar: APScheduler's triggers, asked in market time.

Its schedulers read the system's clock by themselves in five places and sleep in real time, so only its
triggers are used: they tell the next moment after any other. They are asked in wall time, as if it were UTC:
in a zone that changes its clocks they leave out midnight of the day after.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from apscheduler.triggers.cron import CronTrigger

from ports.clock import Clock
from ports.errors import Fatal
from ports.health import RunHealth
from ports.schedule import Cron, Job

log = structlog.get_logger()

_INSTANT = timedelta(microseconds=1)
_NEAR = timedelta(minutes=1)
_LONGEST_CHANGE = timedelta(hours=3)
_SET_BACK = timedelta(minutes=1)


class CronCalendar:
    """The moments of one `Cron`, in UTC. Raises `ValueError` for fields that no cron knows, `KeyError` for a
    zone that nobody knows."""

    def __init__(self, cron: Cron) -> None:
        self._trigger = CronTrigger(hour=cron.hour, minute=cron.minute, second=cron.second, timezone=UTC)
        self._zone = ZoneInfo(cron.zone)
        # What a change of the clocks leaves out comes later than the wall says: the look begins earlier
        self._back = timedelta() if cron.zone == "UTC" else _LONGEST_CHANGE

    def after(self, moment: datetime) -> datetime:
        """The first moment later than that."""
        wall = moment.astimezone(self._zone).replace(tzinfo=UTC, fold=0) - self._back
        while True:
            wall = self._trigger.get_next_fire_time(None, wall + _INSTANT)
            found: datetime = wall.replace(tzinfo=self._zone).astimezone(UTC)
            if found > moment:
                return found

    def latest(self, since: datetime, now: datetime) -> datetime:
        """The last moment up to `now`, given one of them, `since`; quick over years of missed ones."""
        found, span = since, _NEAR
        while now - span > since:
            if (late := self.after(now - span)) <= now:
                found = late
                break
            span *= 2
        while (following := self.after(found)) <= now:
            found = following
        return found


@dataclass(slots=True)
class _Entry:
    job: Job
    calendar: CronCalendar
    next_at: datetime
    last_at: datetime | None = None
    has_failed: bool = False
    failures: int = 0
    task: "asyncio.Task[None] | None" = None


class ClockSchedule:
    """`Schedule` on our clock. Holds nothing on disk: jobs are put anew at every start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._fatal: Fatal | None = None
        self._is_stopping = False
        self._looked_at = datetime.min.replace(tzinfo=UTC)

    def put(self, job: Job, *, since: datetime | None = None) -> None:
        """Add or replace a job; what is known of its past runs stays."""
        calendar = CronCalendar(job.when)
        next_at = calendar.after(self._clock.now() if since is None else since)
        entry = self._entries.get(job.key)
        if entry is None:
            self._entries[job.key] = _Entry(job, calendar, next_at)
        else:
            entry.job, entry.calendar, entry.next_at = job, calendar, next_at
        self._news.set()

    def drop(self, key: str) -> None:
        """Forget a job."""
        self._entries.pop(key, None)

    async def run(self) -> None:
        """Run what is due, for ever. Raises `Fatal` when a job did."""
        try:
            while self._fatal is None:
                self._news.clear()
                self._start_due()
                await self._wait()
            raise self._fatal
        finally:
            self._is_stopping = True
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def health(self) -> Sequence[RunHealth]:
        """One value a name."""
        kinds: dict[str, list[_Entry]] = {}
        for entry in self._entries.values():
            kinds.setdefault(entry.job.name, []).append(entry)
        return [_health(name, entries) for name, entries in kinds.items()]

    def _start_due(self) -> None:
        now = self._clock.now()
        self._heed_set_back(now)
        for entry in self._entries.values():
            if entry.task is None and entry.next_at <= now:
                due = entry.calendar.latest(entry.next_at, now)
                entry.next_at = entry.calendar.after(due)
                entry.last_at = now
                self._start(entry, due)

    def _heed_set_back(self, now: datetime) -> None:
        """Plan anew when the clock was set back: what was next by a wrong one may be years away."""
        if self._looked_at - now > _SET_BACK:
            for entry in self._entries.values():
                entry.next_at = entry.calendar.after(now)
        self._looked_at = now

    def _start(self, entry: _Entry, due: datetime) -> None:
        async def work() -> None:
            await entry.job.work(due)

        def ended(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            entry.task = None
            self._judge(entry, task)
            self._news.set()

        entry.task = asyncio.create_task(work(), name=f"job {entry.job.key}")
        self._tasks.add(entry.task)
        entry.task.add_done_callback(ended)

    def _judge(self, entry: _Entry, task: "asyncio.Task[None]") -> None:
        if task.cancelled() and self._is_stopping:
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        entry.has_failed = error is not None
        if error is not None:
            entry.failures += 1
            log.error("job_failed", what=entry.job.key, failures=entry.failures, exc_info=error)
        if isinstance(error, Fatal):
            self._fatal = error

    async def _wait(self) -> None:
        """Until the next moment, or until something changes."""
        idle = [entry.next_at for entry in self._entries.values() if entry.task is None]
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self._news.wait())]
        if idle:
            left_s = (min(idle) - self._clock.now()).total_seconds()
            waits.append(asyncio.create_task(self._clock.sleep(max(left_s, 0.0))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _health(name: str, entries: Sequence[_Entry]) -> RunHealth:
    ran = [entry for entry in entries if entry.last_at is not None]
    last = max(ran, key=lambda entry: entry.last_at or datetime.min.replace(tzinfo=UTC), default=None)
    return RunHealth(
        name=name,
        is_running=any(entry.task is not None for entry in entries),
        last_at=None if last is None else last.last_at,
        has_failed=last is not None and last.has_failed,
        next_at=min(entry.next_at for entry in entries),
        failures=sum(entry.failures for entry in entries),
    )
