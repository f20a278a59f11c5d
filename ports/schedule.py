"""What runs by the calendar, in market time."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ports.health import RunHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Moments of the calendar in the local time of `zone`, as cron writes them (`"*/5"`, `"0-12"`, `"3"`).

    A local time that a change of the clocks leaves out comes as much later; one that comes twice counts the
    first time only.
    """

    hour: str = "*"
    minute: str = "0"
    second: int = 0
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work and its moments. `work` is given the moment at which it was due (UTC), which may be past.

    `key` tells a job from all others; `name` is what `/status` shows, one line for all jobs that share it.
    """

    key: str
    name: str
    when: Cron
    work: Callable[[datetime], Awaitable[object]]


class Schedule(Protocol):
    """Runs each job at its moments, never twice at once.

    Moments that pass while the job runs, or in a jump of the clock, become one run for the last of them. A
    run that fails is logged and counted, and the job goes on; `Fatal` alone ends the program.
    """

    def put(self, job: Job, *, since: datetime | None = None) -> None:
        """Add a job, or replace the one of that key; its next moment is the first after `since` (now).

        A moment after a `since` in the past, which was missed, is made up for at once. Raises `ValueError`
        for fields that no cron knows, `KeyError` for a zone that nobody knows.
        """
        ...

    def drop(self, key: str) -> None:
        """Forget a job; a run under way goes on. An unknown key is no error."""
        ...

    async def run(self) -> None:
        """Endless: run what is due."""
        ...

    def health(self) -> Sequence[RunHealth]:
        """How each kind of job fares, in the order in which they came."""
        ...
