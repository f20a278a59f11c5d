"""Highs and lows of the last days, and of today as far as it went."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engines.alerts.alert import Way

MOST_DAYS = 365


@dataclass(frozen=True, slots=True)
class DayRange:
    """The range of one UTC day."""

    day: date
    high: Decimal
    low: Decimal

    def reached(self, price: Decimal) -> "DayRange":
        """The range with `price` in it."""
        return DayRange(self.day, max(self.high, price), min(self.low, price))


class DailyRange:
    """Ranges of at most `MOST_DAYS` closed days, oldest first, and of the running one.

    Days without a candle are skipped: "thirty days" are the last thirty days that traded.
    """

    def __init__(self, closed: Sequence[DayRange], today: DayRange | None = None) -> None:
        self._closed = deque(closed, maxlen=MOST_DAYS)
        self._today = today
        self._extremes = self._of_closed()

    def __len__(self) -> int:
        """Closed days known."""
        return len(self._closed)

    def turn(self, day: date) -> bool:
        """Close the running day where `day` is a later one; whether it was."""
        today = self._today
        if today is None or today.day >= day:
            return False
        self._closed.append(today)
        self._extremes = self._of_closed()
        self._today = None
        return True

    def push(self, price: Decimal, day: date) -> None:
        """Take in a price of that day; one of a day gone is left out."""
        self.turn(day)
        today = self._today
        if today is None:
            self._today = DayRange(day, price, price)
        elif day == today.day and not today.low <= price <= today.high:
            self._today = today.reached(price)

    def extreme(self, way: Way, days: int) -> Decimal | None:
        """The high (the low) of the last `days` closed days and of today; `None` while nothing is known."""
        reach = min(days, len(self._closed))
        known = [self._extremes[way][reach - 1]] if reach else []
        if self._today is not None:
            known.append(self._today.high if way is Way.UP else self._today.low)
        return None if not known else max(known) if way is Way.UP else min(known)

    def _of_closed(self) -> dict[Way, list[Decimal]]:
        """The extremes of the last day, of the last two, and so on."""
        highs: list[Decimal] = []
        lows: list[Decimal] = []
        for one in reversed(self._closed):
            highs.append(max(one.high, highs[-1]) if highs else one.high)
            lows.append(min(one.low, lows[-1]) if lows else one.low)
        return {Way.UP: highs, Way.DOWN: lows}
