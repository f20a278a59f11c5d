"""Results of a long work that are kept as they come, so that it can be gone on with."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

Kept = Mapping[str, Any]
"""One result: numbers, text, lists of them and `None`, as JSON has them."""


class FinishedWork(Protocol):
    """The results of one job, by key."""

    def read(self) -> Mapping[str, Kept]:
        """What was finished before, also by a process that was killed."""
        ...

    def add(self, results: Iterable[tuple[str, Kept]]) -> None:
        """Keep results; the loss of power loses the last second of them at most."""
        ...

    def close(self) -> None:
        """Keep all of them for good."""
        ...
