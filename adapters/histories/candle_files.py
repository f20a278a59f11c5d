"""One series of candles out of one file or several, checked; what is wrong is named by file and line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from adapters.csv_candles import MENDS, CandleRows, read_rows
from engines.core.candle import Candles, IntArray
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain, pick
from engines.market.flaws import Flaw
from engines.market.repair import Keep, Repair, once, sound
from engines.market.spacing import foreign
from ports.errors import Fatal

_REPAIRS: Final = {Flaw.BACKWARD: "sort", Flaw.REPEATED: "duplicates=first or duplicates=last"}
_MOST_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Part:
    """The candles of one file in order, with the line of each."""

    path: Path
    candles: Candles
    lines: IntArray


@dataclass(frozen=True, slots=True)
class Joined:
    """Several files as one series, with the file (by number) and line of each candle."""

    candles: Candles
    paths: tuple[Path, ...]
    origins: IntArray
    lines: IntArray

    def place(self, time_ms: int) -> str:
        """File and line of the candle of that time, or of the last before it."""
        return _place(self, max(0, int(np.searchsorted(self.candles.time_ms, time_ms, side="right")) - 1))


def read_series(
    paths: Sequence[Path], timeframe: Timeframe, repair: Repair, *, symbol: str | None, now_ms: int
) -> tuple[Joined, list[str]]:
    """The candles of these files as one series, with notes on what was mended; `symbol` where the files are
    tables of many. Raises `Fatal` for what may not be mended, by file and line."""
    parts, notes = [], []
    for path in paths:
        part, told = _part(path, timeframe, repair, symbol=symbol, now_ms=now_ms)
        if len(part.candles):
            parts.append(part)
        notes += told
    if not parts:
        raise Fatal(f"{', '.join(map(str, paths))}: no sound candles{f' of {symbol}' if symbol else ''}")
    joined, told = _joined(parts, repair)
    return joined, [*notes, *told]


def _part(
    path: Path, timeframe: Timeframe, repair: Repair, *, symbol: str | None, now_ms: int
) -> tuple[Part, list[str]]:
    rows = read_rows(path, last_ms=now_ms - timeframe.ms)
    if rows.bad and not repair.drop:
        raise Fatal(_refusal(path, [(line.number, line.why) for line in rows.bad], "bad=drop"))
    table, lines = _of_symbol(rows, symbol, path)
    if (other := foreign(table.time_ms, timeframe)) is not None:
        row, spacing = other
        raise Fatal(
            f"{path}, line {int(lines[row])}: from here on its candles are {spacing} apart, and its name says"
            f" {timeframe}: put candles of one timeframe in a file, and name it after them"
        )
    found = sound(table, timeframe, repair)
    if found.refused:
        first = next(iter(found.refused.values()))
        told = [(int(lines[row]), f"{flaw}; {_mend(flaw)}") for row, flaw in found.refused.items()]
        raise Fatal(_refusal(path, sorted(told), _REPAIRS.get(first, "bad=drop")))
    notes = [
        (len(rows.bad) + found.dropped, "bad lines left out"),
        (found.moved, "lines put in order of time"),
        (found.repeated, f"lines with a time that is there twice: the {repair.duplicates} was taken"),
    ]
    part = Part(path, pick(table, found.rows), lines[found.rows])
    return part, [f"{path.name}: {count} {what}" for count, what in notes if count]


def _mend(flaw: Flaw) -> str:
    return MENDS.get(flaw, "mend or delete it")


def _of_symbol(rows: CandleRows, symbol: str | None, path: Path) -> tuple[Candles, IntArray]:
    if (None in rows.candles) is (symbol is not None) and rows.candles:
        wrong = "has no column symbol" if symbol else "has a column symbol, which only a universe may have"
        raise Fatal(f"{path}, line 1: {wrong}")
    if symbol not in rows.candles:
        return chain([]), np.empty(0, dtype=np.int64)
    return rows.candles[symbol], rows.lines[symbol]


def _refusal(path: Path, told: Sequence[tuple[int, str]], repair: str) -> str:
    lines = [f"{path}, line {number}: {why}" for number, why in told[:_MOST_TOLD]]
    more = f"\n{len(told)} such lines in all" if len(told) > 1 else ""
    return "\n".join(lines) + f"{more}\nnothing is played; --repair {repair} allows it"


def _joined(parts: Sequence[Part], repair: Repair) -> tuple[Joined, list[str]]:
    """Files that follow each other or overlap. Where two tell the same candle otherwise, and nobody said
    which counts, raises `Fatal`."""
    candles = chain([part.candles for part in parts])
    order = np.argsort(candles.time_ms, kind="stable")
    joined = Joined(
        pick(candles, order),
        tuple(part.path for part in parts),
        np.repeat(np.arange(len(parts)), [len(part.candles) for part in parts])[order],
        np.concatenate([part.lines for part in parts])[order],
    )
    differing = _differing(joined.candles)
    if len(differing) and repair.duplicates is None:
        row = int(differing[0])
        raise Fatal(
            f"{_place(joined, row)} and {_place(joined, row + 1)} tell the same candle otherwise;"
            f" {len(differing)} such candles\n"
            "nothing is played; --repair duplicates=first or duplicates=last says which file counts"
        )
    kept = once(joined.candles.time_ms, repair.duplicates or Keep.FIRST)
    notes = [f"{len(differing)} candles told otherwise by two files: the {repair.duplicates} was taken"]
    once_each = Joined(pick(joined.candles, kept), joined.paths, joined.origins[kept], joined.lines[kept])
    return once_each, notes if len(differing) else []


def _differing(candles: Candles) -> IntArray:
    """Rows whose time is that of the row after, and not all the rest."""
    is_other = np.zeros(max(0, len(candles) - 1), dtype=np.bool_)
    for column in (candles.open, candles.high, candles.low, candles.close, candles.volume):
        is_other |= column[1:] != column[:-1]
    return np.flatnonzero(is_other & (candles.time_ms[1:] == candles.time_ms[:-1]))


def _place(joined: Joined, row: int) -> str:
    return f"{joined.paths[int(joined.origins[row])]}, line {int(joined.lines[row])}"
