"""Watches what the desk takes of its machine: warns, then sheds what can wait, and takes it up again."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import structlog

from ports.load import Gauge, Load
from services.optional_work import OptionalWork

log = structlog.get_logger()

EVERY_S: Final = 10.0
WINDOW_S: Final = 300.0
EASED: Final = 0.8
"""Of both limits: below that it is over, so that it does not come and go."""


class Strain(StrEnum):
    """How the machine bears the desk."""

    FINE = "fine"
    HIGH = "high"
    SHEDDING = "shedding"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLimits:
    """The most that is borne for long."""

    cpu: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadNews:
    """The strain is another one now; `load` is the mean of the last minutes."""

    strain: Strain
    load: Load


@dataclass(slots=True, repr=False)
class Watchdog:
    """Judges the mean of five minutes. Above a limit it warns; still above five minutes later it sheds."""

    gauge: Gauge
    work: OptionalWork
    limits: LoadLimits
    tell: Callable[[LoadNews], Awaitable[None]]
    every_s: float = EVERY_S
    strain: Strain = Strain.FINE
    load: Load | None = None
    """The mean of the last minutes."""
    _seen: deque[Load] = field(default_factory=deque)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(self.every_s)

    async def look(self) -> None:
        """Look once, and act when five minutes are full."""
        self._seen.append(await asyncio.to_thread(self.gauge.read))
        self.load = _mean(self._seen)
        if len(self._seen) * self.every_s < WINDOW_S:
            return
        strain = self._judged(self.load)
        if strain is self.strain:
            self._seen.popleft()
            return
        self.strain = strain
        self._seen.clear()  # the next step is judged by what comes after this one
        self._act()
        log.warning("strain", strain=strain, cpu=self.load.cpu, memory_bytes=self.load.memory_bytes)
        await self.tell(LoadNews(strain=strain, load=self.load))

    def _judged(self, load: Load) -> Strain:
        worst = max(load.cpu / self.limits.cpu, load.memory_bytes / self.limits.memory_bytes)
        if worst > 1:
            return Strain.HIGH if self.strain is Strain.FINE else Strain.SHEDDING
        return Strain.FINE if worst < EASED else self.strain

    def _act(self) -> None:
        if self.strain is Strain.SHEDDING:
            self.work.shed()
        else:
            self.work.take_up()


def _mean(loads: deque[Load]) -> Load:
    count = len(loads)
    return Load(
        cpu=sum(load.cpu for load in loads) / count,
        memory_bytes=sum(load.memory_bytes for load in loads) // count,
    )
