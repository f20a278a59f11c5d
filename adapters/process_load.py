"""The load as the operating system tells of it."""

import os
import time

import psutil

from ports.load import Load


class ProcessLoad:
    """`Gauge` over this process and all that descend from it."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._cores = _cores()
        self._before: tuple[float, dict[int, float]] | None = None

    def read(self) -> Load:
        now, used, memory = time.monotonic(), {}, 0
        for process in (self._own, *self._own.children(recursive=True)):
            try:
                times = process.cpu_times()
                used[process.pid] = times.user + times.system
                memory += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue  # it ended while we looked
        before, self._before = self._before, (now, used)
        return Load(cpu=self._share(before, now, used), memory_bytes=memory)

    def _share(
        self, before: tuple[float, dict[int, float]] | None, now: float, used: dict[int, float]
    ) -> float:
        if before is None or now <= before[0]:
            return 0.0
        spent = sum(max(0.0, seconds - before[1].get(pid, 0.0)) for pid, seconds in used.items())
        return spent / (now - before[0]) / self._cores


def _cores() -> int:
    """Those that this process may use: in a container, or bound to some, fewer than the machine has."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1
