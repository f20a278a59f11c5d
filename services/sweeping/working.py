"""Working through a long list: only what is missing, keeping what is done, telling how far it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from ports.crews import Crew
from ports.finished import FinishedWork, Kept

Parcel = TypeVar("Parcel")
Item = TypeVar("Item")
Hear = Callable[[int, int], None]
"""Told how many of how many are done."""

_PARTS: Final = 20
"""Chunks for each process: so often at least does the progress move."""
MOST_A_CHUNK: Final = 64


def worked(
    items: Mapping[str, Item],
    function: Callable[[Parcel, tuple[Item, ...]], Sequence[Kept]],
    crew: Crew[Parcel],
    finished: FinishedWork,
    hear: Hear,
) -> dict[str, Kept]:
    """The result of every item by its key, in the order of `items`, whatever order they were done in.

    `function` takes some items and gives as many results. What `finished` has is not done again.
    """
    done = {key: kept for key, kept in finished.read().items() if key in items}
    hear(len(done), len(items))
    missing = [key for key in items if key not in done]
    chunks = chunked(missing, crew.size)
    tasks = [tuple(items[key] for key in chunk) for chunk in chunks]
    for place, results in crew.work(function, tasks):
        made = dict(zip(chunks[place], results, strict=True))
        finished.add(made.items())
        done |= made
        hear(len(done), len(items))
    return {key: done[key] for key in items}


def chunked(keys: Sequence[str], size: int) -> list[Sequence[str]]:
    """`keys` in chunks, small enough for `size` processes to end together and for progress to move."""
    length = max(1, min(MOST_A_CHUNK, len(keys) // (max(size, 1) * _PARTS)))
    return [keys[first : first + length] for first in range(0, len(keys), length)]
