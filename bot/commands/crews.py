"""Who does the work of a command, and where its results go."""

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bot.code_version import engines_version
from bot.outside import ClusterCrew, FinishedLines, ProcessCrew
from engines.simulate.digest import digest
from ports.crews import Crew
from ports.errors import Fatal
from ports.finished import FinishedWork

Parcel = TypeVar("Parcel")


def check_crew(options: Namespace) -> None:
    """Raises `Fatal` for what cannot be, before the long work."""
    if options.workers is not None and options.workers < 1:
        raise Fatal(f"--workers {options.workers}: at least 1")
    if options.workers is not None and options.cluster is not None:
        raise Fatal("--workers are of this machine, --cluster has its own: leave one of them out")


@contextmanager
def crew_for(options: Namespace, parcel: Parcel) -> Iterator[Crew[Parcel]]:
    """The crew that the options name, handed `parcel`; ended afterwards, whatever happened."""
    if options.cluster is not None:
        crew: Crew[Parcel] = ClusterCrew(options.cluster, parcel, version=engines_version)
    else:
        crew = ProcessCrew(parcel, size=options.workers or os.cpu_count() or 1)
    try:
        yield crew
    finally:
        crew.close()


@contextmanager
def finished_in(path: Path, parcel: object) -> Iterator[FinishedWork]:
    """Results of the same work that are there already, and a place for more."""
    finished = FinishedLines(path, digest((parcel, engines_version())))
    try:
        yield finished
    except KeyboardInterrupt:
        print(f"Stopped. What is finished is kept in {path}; the same command goes on with it.")
        raise
    finally:
        finished.close()


def folder_of(options: Namespace, usual: str) -> Path:
    """Where the files go. Raises `Fatal` for what is no folder."""
    out: Path = options.out or Path("reports") / usual
    if out.exists() and not out.is_dir():
        raise Fatal(f"--out {out}: is a file; name a folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fatal(f"--out {out}: cannot be made: {error.strerror or error}") from error
    return out
