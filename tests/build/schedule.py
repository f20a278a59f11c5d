"""A schedule that runs nothing by itself: a test reads what was put and runs it by hand."""

from collections.abc import Sequence
from datetime import datetime

from ports.health import RunHealth
from ports.schedule import Job


class ListedSchedule:
    """`Schedule` in a dictionary; `since` has what each job was last put with."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.since: dict[str, datetime | None] = {}
        self.puts = 0

    def put(self, job: Job, *, since: datetime | None = None) -> None:
        self.jobs[job.key], self.since[job.key] = job, since
        self.puts += 1

    def drop(self, key: str) -> None:
        self.jobs.pop(key, None)

    async def run(self) -> None:
        raise NotImplementedError("a test runs jobs itself")

    def health(self) -> Sequence[RunHealth]:
        return ()
