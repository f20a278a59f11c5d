"""What every benchmark family shares: registering rows, measuring, and the printed line."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from typing import TypedDict

from benchmarks.rows import ROWS


class Skipped(Exception):
    """The row cannot be measured here; the message says why."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number in the unit of its row; `reference` is the same work done the other way in the same run."""

    value: float
    reference: float | None = None
    note: str = ""


class Line(TypedDict):
    """One printed line. `ratio` is how many times better we are than `reference`."""

    name: str
    value: float | None
    unit: str
    reference: float | None
    ratio: float | None
    note: str


Benchmark = Callable[[], Measure]
_benchmarks: dict[str, Benchmark] = {}


def measures(name: str) -> Callable[[Benchmark], Benchmark]:
    """Registers the function that measures row `name`. Raises `KeyError` for a name without a row."""
    if name not in ROWS:
        raise KeyError(f"no row {name} in benchmarks.rows")

    def register(benchmark: Benchmark) -> Benchmark:
        _benchmarks[name] = benchmark
        return benchmark

    return register


def run(prefix: str = "") -> Iterator[Line]:
    """Measure the rows whose name starts with `prefix`, one after the other."""
    for family in dict.fromkeys(name.partition(".")[0] for name in ROWS):
        is_wanted = prefix.startswith(family) or family.startswith(prefix)
        if is_wanted and find_spec(f"benchmarks.{family}"):
            import_module(f"benchmarks.{family}")
    for name in ROWS:
        if name.startswith(prefix) and name in _benchmarks:
            yield line(name, _benchmarks[name])


def line(name: str, benchmark: Benchmark) -> Line:
    """The line of row `name`; without a value when it was skipped."""
    row = ROWS[name]
    try:
        measure = benchmark()
    except Skipped as reason:
        note = f"skipped: {reason}"
        return Line(name=name, value=None, unit=row.unit, reference=None, ratio=None, note=note)
    notes = (row.verdict(measure.value), measure.note, row.comparison and f"others: {row.comparison}")
    ratio = None if measure.reference is None else row.ratio(measure.value, measure.reference)
    return Line(
        name=name,
        value=_rounded(measure.value),
        unit=row.unit,
        reference=_rounded(measure.reference),
        ratio=_rounded(ratio),
        note="; ".join(note for note in notes if note),
    )


def load() -> str:
    """How busy the machine is with other things, for rows of real time: to be asked before they begin."""
    return f"load of the machine before it {os.getloadavg()[0]:.1f}, cores {os.cpu_count()}"


def cpu_s(work: Callable[[], object], *, runs: int = 15) -> float:
    """Median CPU seconds of this process for one call, after two calls to warm up."""
    work()
    work()
    return median(_timed(work, time.process_time) for _ in range(runs))


def wall_s(work: Callable[[], object], *, runs: int = 9) -> float:
    """Median real seconds of one call, after one to warm up."""
    work()
    return median(_timed(work, time.perf_counter) for _ in range(runs))


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
