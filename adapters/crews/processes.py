"""A crew of processes on this machine. Each is handed the parcel once, when it starts."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, Final, TypeVar

from adapters.crews.executor import ExecutorCrew

Parcel = TypeVar("Parcel")
Task = TypeVar("Task")
Result = TypeVar("Result")

_handed: Final[list[Any]] = []
"""The parcel of this process, once it has one."""


class ProcessCrew(ExecutorCrew[Parcel]):
    """`size` processes, started as they are needed."""

    def __init__(self, parcel: Parcel, *, size: int) -> None:
        pool = ProcessPoolExecutor(
            size,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(parcel,),
        )
        super().__init__(pool, parcel, size=size)

    def _submit(self, function: Callable[[Any, Task], Result], task: Task) -> Future[Result]:
        return self._executor.submit(_work, function, task)


def _begin(parcel: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process: the first one decides
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    _handed[:] = [parcel]


def _end_with_the_first() -> None:
    """A first process that is killed closes no queue: its others would wait for tasks for ever."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os._exit(1)


def _work(function: Callable[[Any, Task], Result], task: Task) -> Result:
    return function(_handed[0], task)
