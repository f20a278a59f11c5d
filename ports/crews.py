"""Processes that work through many small tasks: of this machine, or of a cluster."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

ParcelCo = TypeVar("ParcelCo", covariant=True)
Task = TypeVar("Task")
Result = TypeVar("Result")


class Crew(Protocol[ParcelCo]):
    """Works on one parcel of data, which each process was handed once. Functions are named in a module, for
    they are sent by name; parcel, tasks and results can be pickled."""

    @property
    def size(self) -> int:
        """How many tasks are worked on at once."""
        ...

    def work(
        self, function: Callable[[ParcelCo, Task], Result], tasks: Sequence[Task]
    ) -> Iterator[tuple[int, Result]]:
        """The place of each task and what `function(parcel, task)` made of it, in the order they are done.

        What `function` raises comes out here; `Transient` when processes died. Whoever stops reading drops
        what has not begun.
        """
        ...

    def close(self) -> None:
        """Drop what has not begun, let what runs finish, and end the processes."""
        ...
