"""Recorded candles that cannot be played as they are, and what somebody allows to be done about them.

Nothing is mended unasked: a replay of quietly mended data is a replay of something that never happened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from engines.core.candle import Candles, IntArray
from engines.core.timeframe import Timeframe
from engines.core.typo import edit_distance
from engines.market.aggregation import chain, overlay, pick
from engines.market.flaws import Flaw, disordered, misshapen
from engines.market.gaps import Span


class Keep(StrEnum):
    """Which of several candles of the same time."""

    FIRST = "first"
    LAST = "last"


class Gaps(StrEnum):
    """`LEAVE`: there are no bars. `FILL`: the close before goes on, without volume."""

    LEAVE = "leave"
    FILL = "fill"


class Conflicts(StrEnum):
    """`FINE`: the finer candles count. `LEAVE`: either is used as it is."""

    FINE = "fine"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What may be done. `sort`: rows that are not in order of time. `duplicates`: several of one time.
    `gaps`: missing candles. `drop`: rows that cannot be are left out. `conflicts`: a coarse candle that
    differs from the finer ones within it."""

    sort: bool = False
    duplicates: Keep | None = None
    gaps: Gaps | None = None
    drop: bool = False
    conflicts: Conflicts | None = None


NOTHING = Repair()


class BadRepair(ValueError):
    """Words that name no repair. The message says what there is."""


def parsed(text: str) -> Repair:
    """Repairs in words: `sort,duplicates=last,gaps=leave,bad=drop,conflicts=fine`. Raises `BadRepair`."""
    repair = NOTHING
    for word in filter(None, (part.strip() for part in text.lower().split(","))):
        if word not in _WORDS:
            near = min(_WORDS, key=lambda known: (not known.startswith(word), edit_distance(word, known)))
            raise BadRepair(f"{word}: did you mean {near}? There are {', '.join(_WORDS)}")
        repair = _WORDS[word](repair)
    return repair


_WORDS: Mapping[str, Callable[[Repair], Repair]] = {
    "sort": lambda repair: replace(repair, sort=True),
    "duplicates=first": lambda repair: replace(repair, duplicates=Keep.FIRST),
    "duplicates=last": lambda repair: replace(repair, duplicates=Keep.LAST),
    "gaps=leave": lambda repair: replace(repair, gaps=Gaps.LEAVE),
    "gaps=fill": lambda repair: replace(repair, gaps=Gaps.FILL),
    "bad=drop": lambda repair: replace(repair, drop=True),
    "conflicts=fine": lambda repair: replace(repair, conflicts=Conflicts.FINE),
    "conflicts=leave": lambda repair: replace(repair, conflicts=Conflicts.LEAVE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The rows of a table that make a series, in order of time. `refused`, by row, is what nobody allowed to
    mend: then there is no series. The others count what was done."""

    rows: IntArray
    refused: Mapping[int, Flaw] = field(default_factory=dict)
    dropped: int = 0
    moved: int = 0
    repeated: int = 0


def sound(candles: Candles, timeframe: Timeframe, repair: Repair) -> Sound:
    """Which rows of a table of candles as it stands are played."""
    odd = misshapen(candles, timeframe)
    rows = np.delete(np.arange(len(candles)), list(odd))
    places = disordered(pick(candles, rows))
    late = [int(rows[at]) for at, flaw in places.items() if flaw is Flaw.BACKWARD]
    rows = rows[np.argsort(candles.time_ms[rows], kind="stable")]
    kept = rows[once(candles.time_ms[rows], repair.duplicates or Keep.FIRST)]
    refused: dict[int, Flaw] = {} if repair.drop else dict(odd)
    if not repair.sort:
        refused |= dict.fromkeys(late, Flaw.BACKWARD)
    if repair.duplicates is None:
        refused |= dict.fromkeys(np.setdiff1d(rows, kept).tolist(), Flaw.REPEATED)
    return Sound(
        rows=kept,
        refused=dict(sorted(refused.items())),
        dropped=len(odd),
        moved=len(late),
        repeated=len(rows) - len(kept),
    )


def once(time_ms: IntArray, keep: Keep) -> IntArray:
    """Of times that rise or stay, the positions of the first or last of each."""
    is_new = np.append([True], time_ms[1:] != time_ms[:-1])[: len(time_ms)]
    if keep is Keep.LAST:
        is_new = np.append(is_new[1:], [True])[: len(time_ms)]
    return np.flatnonzero(is_new)


def filled(candles: Candles, timeframe: Timeframe, holes: list[Span]) -> Candles:
    """The series with flat candles in its holes, each at the close before it and without volume."""
    parts = [_flat(candles, timeframe, hole) for hole in holes]
    return overlay(candles, chain(parts)) if parts else candles


def _flat(candles: Candles, timeframe: Timeframe, hole: Span) -> Candles:
    times = np.arange(hole.start_ms, hole.stop_ms, timeframe.ms, dtype=np.int64)
    before = candles.close[int(np.searchsorted(candles.time_ms, hole.start_ms)) - 1]
    flat = np.full(len(times), before)
    return Candles(time_ms=times, open=flat, high=flat, low=flat, close=flat, volume=np.zeros(len(times)))
