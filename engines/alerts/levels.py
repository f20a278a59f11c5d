"""Levels that a value may reach: a look at it costs the same however many there are."""

from bisect import bisect_left, insort
from decimal import Decimal

from engines.alerts.alert import Way

_Entry = tuple[Decimal, int]


class Levels:
    """Numbered levels, those to be reached from below (`Way.UP`) and those from above, nearest last."""

    def __init__(self) -> None:
        self._up: list[_Entry] = []
        self._down: list[_Entry] = []

    def __len__(self) -> int:
        return len(self._up) + len(self._down)

    def add(self, way: Way, level: Decimal, number: int) -> None:
        """Wait until a value is at or beyond `level`."""
        entries, entry = self._placed(way, level, number)
        insort(entries, entry)

    def remove(self, way: Way, level: Decimal, number: int) -> None:
        """Wait no longer; nothing happens where it was reached already."""
        entries, entry = self._placed(way, level, number)
        place = bisect_left(entries, entry)
        if place < len(entries) and entries[place] == entry:
            del entries[place]

    def reached(self, value: Decimal) -> list[int]:
        """Take out what `value` reaches, the nearest level first, of equal ones the lowest number."""
        numbers = []
        while self._up and self._up[-1][0].copy_negate() <= value:
            numbers.append(-self._up.pop()[1])
        while self._down and self._down[-1][0] >= value:
            numbers.append(-self._down.pop()[1])
        return numbers

    def _placed(self, way: Way, level: Decimal, number: int) -> tuple[list[_Entry], _Entry]:
        """The list of that way, and the entry as it is sorted there, last what comes first."""
        if way is Way.UP:
            return self._up, (level.copy_negate(), -number)
        return self._down, (level, -number)
