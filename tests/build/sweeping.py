"""Work for crews that spawned processes can import, and a place for what is finished."""

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from ports.finished import Kept

SECRET: Final = 7


def multiplied(parcel: int, items: tuple[int, ...]) -> list[Kept]:
    """Each item times the parcel."""
    return [{"made": item * parcel} for item in items]


def slowly_multiplied(parcel: int, items: tuple[int, ...]) -> list[Kept]:
    """The same at a few items a second."""
    time.sleep(0.05 * len(items))
    return multiplied(parcel, items)


def refused(parcel: int, items: tuple[int, ...]) -> list[Kept]:
    """No work at all."""
    raise ValueError(f"{items[0]} is not liked")


def killed(parcel: int, items: tuple[int, ...]) -> list[Kept]:
    """The process ends in the middle of it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def pid(parcel: object, task: object) -> int:
    """Of the process that works."""
    return os.getpid()


def some_code() -> str:
    """What every worker should say."""
    return "the same"


def own_code() -> str:
    """What no two processes say."""
    return str(os.getpid())


class FinishedHere:
    """Finished work in memory, counting what came."""

    def __init__(self, kept: Mapping[str, Kept] | None = None) -> None:
        self.kept: dict[str, Kept] = dict(kept or {})
        self.added: list[str] = []

    def read(self) -> Mapping[str, Kept]:
        return dict(self.kept)

    def add(self, results: Iterable[tuple[str, Kept]]) -> None:
        for key, kept in results:
            self.kept[key] = kept
            self.added.append(key)

    def close(self) -> None:
        return


class AtOnce(Executor):
    """Works in this very thread, when it is asked."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


def lines_of(path: Path) -> list[str]:
    """Of a text file."""
    return path.read_text().splitlines()


@contextmanager
def a_cluster(workers: int) -> Iterator[str]:
    """The address of a Dask cluster on loopback, of so many processes; skips the test without the extra."""
    distributed = pytest.importorskip("distributed")
    cluster: Any = distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",  # any free port: tests run side by side
        silence_logs="CRITICAL",
    )
    with cluster:
        yield cluster.scheduler_address
