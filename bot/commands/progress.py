"""How far the work of a command is, on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from tqdm import tqdm


@contextmanager
def shown(what: str, unit: str = "it") -> Iterator[Callable[[int, int], None]]:
    """A bar that is told how many of how many are done, and gone at the end."""
    bar: tqdm[NoReturn]
    with tqdm(desc=what, unit=unit, unit_scale=True, disable=None, leave=False) as bar:

        def hear(done: int, total: int) -> None:
            if bar.total != total:
                bar.reset(total)
            bar.update(done - bar.n)

        yield hear
