"""Supervised background tasks: one that dies is restarted or stops the program, never silently gone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from ports.errors import Fatal

log = structlog.get_logger()

Work = Callable[[], Awaitable[Any]]

_MOST_DOUBLINGS = 64  # a float cannot hold what a task that dies for days would double to


@dataclass(slots=True)
class TaskState:
    """What `/status` tells of a task. `failures` counts deaths since the start of the program."""

    name: str
    is_running: bool = False
    failures: int = 0
    last_error: str | None = None
    started_at: float = 0.0


@dataclass(slots=True)
class Nursery:
    """Keeps endless tasks alive. Made inside a running event loop.

    One that raises `Fatal` stops the program at once: `failed` is set to what it said. A task that raises
    anything else or returns is started again after a pause that doubles from `pause_s` to
    `longest_pause_s`; one that lived for `calm_s` starts over with the short pause. A task started with
    `patience` dies for good after so many quick deaths in a row and takes the program with it: `failed`
    is set to its name and last error.
    """

    pause_s: float = 1.0
    longest_pause_s: float = 60.0
    calm_s: float = 60.0
    states: dict[str, TaskState] = field(default_factory=dict)
    failed: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    _is_stopping: bool = False

    def start(self, name: str, work: Work, *, patience: int | None = None) -> None:
        """Supervise `work` under `name` until `stop`."""
        state = self.states[name] = TaskState(name)
        self._tasks.append(asyncio.create_task(self._supervise(state, work, patience), name=name))

    async def stop(self, *, within_s: float = 10.0) -> None:
        """Cancel one task after the other, the last started first, each given `within_s` to end."""
        self._is_stopping = True
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            _, stuck = await asyncio.wait([task], timeout=within_s)
            if stuck:
                log.warning("task_did_not_stop", task=task.get_name())

    async def _supervise(self, state: TaskState, work: Work, patience: int | None) -> None:
        loop = asyncio.get_running_loop()
        deaths_in_a_row = 0
        while True:
            state.started_at, state.is_running = loop.time(), True
            try:
                await work()
                state.last_error = "ended"
            except asyncio.CancelledError:
                if _is_being_cancelled():
                    raise
                # Something that the task waited for was cancelled: to us that is a death like any other.
                state.last_error = "cancelled from inside"
                log.exception("task_died", task=state.name)
            except Exception as error:
                if (fatal := _fatal_in(error)) is not None:
                    self._give_up(str(fatal))
                    return
                state.last_error = f"{type(error).__name__}: {error}"
                log.exception("task_died", task=state.name)
            finally:
                state.is_running = False
            if self._is_stopping:
                return
            state.failures += 1
            deaths_in_a_row = 1 if loop.time() - state.started_at > self.calm_s else deaths_in_a_row + 1
            if patience is not None and deaths_in_a_row >= patience:
                self._give_up(f"{state.name} died {deaths_in_a_row} times in a row: {state.last_error}")
                return
            pause = self._pause(deaths_in_a_row)
            log.warning("task_restarts", task=state.name, pause_s=pause, error=state.last_error)
            await asyncio.sleep(pause)

    def _pause(self, deaths_in_a_row: int) -> float:
        doublings = min(deaths_in_a_row - 1, _MOST_DOUBLINGS)
        return min(self.pause_s * float(2**doublings), self.longest_pause_s)

    def _give_up(self, why: str) -> None:
        log.error("cannot_go_on", why=why)
        if not self.failed.done():
            self.failed.set_result(why)


def _fatal_in(error: Exception) -> Fatal | None:
    """A `Fatal`, also one of a task among several that work together."""
    if isinstance(error, ExceptionGroup):
        return next((found for one in error.exceptions if (found := _fatal_in(one)) is not None), None)
    return error if isinstance(error, Fatal) else None


def _is_being_cancelled() -> bool:
    """Whether the running task itself was asked to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
