"""A strategy sent down many paths by a crew."""

from collections.abc import Sequence
from typing import Any

from engines.simulate.paths.walking import Walk, Walked, walked
from ports.crews import Crew
from ports.finished import FinishedWork, Kept
from services.sweeping.working import Hear, worked


def walk_paths(paths: int, crew: Crew[Walk], finished: FinishedWork, hear: Hear) -> list[Walked]:
    """What the first `paths` paths came to, in order."""
    numbers = {f"path {number}": number for number in range(paths)}
    done = worked(numbers, walk_some, crew, finished, hear)
    return [Walked(**kept) for kept in done.values()]


def walk_some(walk: Walk, numbers: Sequence[int]) -> list[Kept]:
    """What some paths came to, as it is kept."""
    return [_kept(walked(walk, number)) for number in numbers]


def _kept(one: Walked) -> dict[str, Any]:
    return {"figures": one.figures, "equity": one.equity, "market": one.market}
