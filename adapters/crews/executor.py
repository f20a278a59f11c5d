"""A crew over any executor of `concurrent.futures`."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, as_completed
from typing import Any, Generic, TypeVar

from ports.errors import Transient

Parcel = TypeVar("Parcel")
Task = TypeVar("Task")
Result = TypeVar("Result")


class ExecutorCrew(Generic[Parcel]):
    """`executor`, which it owns from then on. `parcel` goes with every task: for threads, and for executors
    that know how to carry it once."""

    def __init__(self, executor: Executor, parcel: Parcel, *, size: int) -> None:
        self._executor, self._parcel, self._size = executor, parcel, size

    @property
    def size(self) -> int:
        return self._size

    def work(
        self, function: Callable[[Parcel, Task], Result], tasks: Sequence[Task]
    ) -> Iterator[tuple[int, Result]]:
        running = {self._submit(function, task): place for place, task in enumerate(tasks)}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except (BrokenExecutor, CancelledError) as error:
            raise Transient(
                f"a process of the work died ({error or type(error).__name__}); what is finished is kept: run"
                " the same command again"
            ) from error
        finally:
            for future in running:
                future.cancel()

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _submit(self, function: Callable[[Any, Task], Result], task: Task) -> Future[Result]:
        return self._executor.submit(function, self._parcel, task)
