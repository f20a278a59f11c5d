"""What we have eaten of a book that is not ours: pretended fills leave the real levels as they were."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from engines.core.side import Side

HEALS_AFTER: Final = timedelta(seconds=30)
"""How long a level that keeps showing the same size stays eaten; by then its orders are others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bite:
    """`eaten` lots of a level that showed `shown` lots, last eaten of at `at`."""

    shown: int
    eaten: int
    at: datetime


class Consumption:
    """Memory of one market, shared by all who trade in it; sizes in lots.

    What was eaten of a level stays eaten until the level shows another size, or heals.
    """

    def __init__(self, heals_after: timedelta = HEALS_AFTER) -> None:
        self._heals_after = heals_after
        self._bites: dict[tuple[Side, int], Bite] = {}

    def __len__(self) -> int:
        """How many levels are remembered."""
        return len(self._bites)

    def left(self, side: Side, ticks: int, shown: int, at: datetime) -> int:
        """What can still be taken at `at` of the level that whoever trades `side` meets at `ticks`."""
        return max(shown - self._eaten(side, ticks, shown, at), 0)

    def eat(self, side: Side, ticks: int, shown: int, lots: int, at: datetime) -> None:
        """Remember that `lots` of the level were taken."""
        eaten = self._eaten(side, ticks, shown, at) + lots
        self._forget_healed(at)
        self._bites[side, ticks] = Bite(shown=shown, eaten=eaten, at=at)

    def _eaten(self, side: Side, ticks: int, shown: int, at: datetime) -> int:
        bite = self._bites.get((side, ticks))
        if bite is None or bite.shown != shown or self._is_healed(bite, at):
            return 0
        return bite.eaten

    def _is_healed(self, bite: Bite, at: datetime) -> bool:
        return at - bite.at >= self._heals_after

    def _forget_healed(self, at: datetime) -> None:
        self._bites = {key: bite for key, bite in self._bites.items() if not self._is_healed(bite, at)}
