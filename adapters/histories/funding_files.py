"""Fundings of a perpetual out of files, checked like candles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from adapters.histories.tables import cells_of, time_of
from engines.market.repair import Keep, Repair
from engines.simulate.history import Fundings
from ports.errors import Fatal

_HEADER: Final = "timestamp_ms,funding_rate"
_MOST_RATE: Final = 0.1
"""Of a settlement: no venue takes more, so a larger one is written in percent."""


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    number: int
    time_ms: int
    rate: float


def read_fundings(paths: Sequence[Path], repair: Repair) -> tuple[Fundings, list[str]]:
    """All settlements in order of time, with notes on what was mended. Raises `Fatal` by file and line."""
    rows: list[_Row] = []
    notes: list[str] = []
    for path in paths:
        found, bad = _rows(path, repair)
        rows += found
        if bad:
            notes.append(f"{path.name}: {bad} bad lines left out")
    if not rows:
        raise Fatal(f"{', '.join(map(str, paths))}: no sound settlements")
    rows, moved = _in_order(rows, repair)
    kept, repeated = _once(rows, repair)
    if moved:
        notes.append(f"fundings: {moved} lines put in order of time")
    if repeated:
        notes.append(f"fundings: {repeated} settlements told twice: the {repair.duplicates} was taken")
    return Fundings(
        time_ms=np.array([row.time_ms for row in kept], dtype=np.int64),
        rate=np.array([row.rate for row in kept]),
    ), notes


def _rows(path: Path, repair: Repair) -> tuple[list[_Row], int]:
    rows, bad = [], 0
    for number, cells in cells_of(path, _HEADER):
        why = _why_bad(cells)
        if why is None:
            rows.append(_Row(path, number, int(cells[0]), float(cells[1])))
        elif repair.drop:
            bad += 1
        else:
            raise Fatal(
                f"{path}, line {number}: {why}; mend or delete it\n"
                "nothing is played; --repair bad=drop leaves such lines out"
            )
    return rows, bad


def _why_bad(cells: Sequence[str]) -> str | None:
    if len(cells) != 2:
        return f"has {len(cells)} values instead of 2"
    if time_of(cells[0]) is None:
        return f"has the time {cells[0][:40]!r}, which is not in milliseconds since 1970 (UTC)"
    try:
        rate = float(cells[1])
    except ValueError:
        return f"has {cells[1][:40]!r} for a rate"
    if not math.isfinite(rate):
        return "has a rate that is not a number"
    if abs(rate) > _MOST_RATE:
        return f"has a rate of {rate:g} a settlement; a rate is a fraction (0.0001 is 0.01 %)"
    return None


def _in_order(rows: list[_Row], repair: Repair) -> tuple[list[_Row], int]:
    late = [after for before, after in _pairs(rows) if after.time_ms < before.time_ms]
    if late and not repair.sort:
        raise Fatal(
            f"{late[0].path}, line {late[0].number}: is older than a settlement before it; sort the rows\n"
            "nothing is played; --repair sort does it"
        )
    return sorted(rows, key=lambda row: row.time_ms), len(late)


def _once(rows: Sequence[_Row], repair: Repair) -> tuple[list[_Row], int]:
    kept: list[_Row] = []
    repeated = 0
    for row in rows:
        if not kept or kept[-1].time_ms != row.time_ms:
            kept.append(row)
            continue
        if kept[-1].path != row.path and kept[-1].rate == row.rate:
            continue  # two files that overlap and agree
        if repair.duplicates is None:
            raise Fatal(
                f"{row.path}, line {row.number}: the same settlement as {kept[-1].path}, line"
                f" {kept[-1].number}; delete one of them\n"
                "nothing is played; --repair duplicates=first or duplicates=last says which counts"
            )
        repeated += 1
        if repair.duplicates is Keep.LAST:
            kept[-1] = row
    return kept, repeated


def _pairs(rows: Sequence[_Row]) -> list[tuple[_Row, _Row]]:
    """Rows that follow each other in one file."""
    return [(before, after) for before, after in pairwise(rows) if before.path == after.path]
