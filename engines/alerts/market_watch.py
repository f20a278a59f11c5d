"""All alerts on one market, arranged so that a price looks only at those it fires."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from engines.alerts.alert import Alert, AlertState, Condition, NewExtreme, PercentMove, PriceLevel, Way
from engines.alerts.daily_range import DailyRange
from engines.alerts.formula import Formula
from engines.alerts.levels import Levels
from engines.alerts.moving_range import MovingRange
from engines.alerts.truth import Reading

BACK = Decimal("0.001")
"""How far a price has to come back from its level before the level can be reached again."""
CALM = Decimal("0.8")
"""The part of its share below which a move has to calm down before it can be large again."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a price or a close did to an alert: it fired (`is_fired`), or it is armed anew, or no more.

    `alert` is as it is now; `move` is how far the price had moved when a percent move fired, `readings` what
    a formula compared when it fired.
    """

    alert: Alert
    is_fired: bool
    price: Decimal
    at: datetime
    move: Decimal | None = None
    readings: tuple[Reading, ...] = ()


@dataclass(slots=True)
class _Moves:
    """One window of a market: the ways in which its size is compared with what people want to hear of."""

    range: MovingRange
    levels: dict[Way | None, Levels] = field(
        default_factory=lambda: {Way.UP: Levels(), Way.DOWN: Levels(), None: Levels()}
    )

    def size(self, way: Way | None) -> Decimal:
        if way is Way.UP:
            return self.range.rise
        if way is Way.DOWN:
            return self.range.fall
        return max(self.range.rise, self.range.fall)


_Spot = tuple[Levels, Way, Decimal]


class MarketWatch:
    """Alerts of one market. Prices come in the order of their time.

    `windows` are those of its percent moves: each is shared by all alerts of that window. Raises `KeyError`
    for an alert on another window.
    """

    def __init__(self, windows: Iterable[timedelta] = (), days: DailyRange | None = None) -> None:
        self._prices = Levels()
        self._moves = {window: _Moves(MovingRange(window)) for window in windows}
        self._days = days or DailyRange(())
        self._alerts: dict[int, Alert] = {}
        self._spots: dict[int, _Spot] = {}
        self._resting: list[tuple[datetime, int]] = []

    @property
    def windows(self) -> frozenset[timedelta]:
        """Windows that are followed."""
        return frozenset(self._moves)

    @property
    def days(self) -> DailyRange:
        """Ranges of the days."""
        return self._days

    def put(self, alert: Alert) -> None:
        """Watch for an alert, in place of what was known under its number."""
        self.drop(alert.id)
        if alert.state is not AlertState.WATCHING:
            return
        self._alerts[alert.id] = alert
        until = alert.rests_until
        if until is None:
            self._place(alert)
        else:
            heapq.heappush(self._resting, (until, alert.id))

    def drop(self, number: int) -> None:
        """Watch for that alert no more."""
        self._alerts.pop(number, None)
        self._unplace(number)

    def warm(self, price: Decimal, at: datetime) -> None:
        """Let the windows know a price of the past; it fires nothing."""
        for moves in self._moves.values():
            moves.range.push(price, at)

    def tick(self, price: Decimal, at: datetime) -> Sequence[Change]:
        """Everything that a price does, fired or armed anew."""
        if self._days.turn(at.date()):
            self._replace_extremes()
        self._wake(at)
        changes: list[Change] = []
        for moves in self._moves.values():
            moves.range.push(price, at)
            for way, levels in moves.levels.items():
                if len(levels):
                    size = moves.size(way)
                    changes += [self._happened(one, price, at, size) for one in levels.reached(size)]
        changes += [self._happened(number, price, at) for number in self._prices.reached(price)]
        self._days.push(price, at.date())
        return changes

    def reading(self, condition: Condition) -> Decimal | None:
        """What is compared: the price that is waited for, or for a percent move how large it is now."""
        match condition:
            case PriceLevel(price=price):
                return price
            case PercentMove(way=way, window=window):
                return self._moves[window].size(way) if window in self._moves else None
            case NewExtreme(way=way, days=days):
                return self._days.extreme(way, days)
            case Formula():
                return None

    def _happened(self, number: int, price: Decimal, at: datetime, move: Decimal | None = None) -> Change:
        """An alert's level was reached: it fires, or, where it waited for that, it is armed."""
        was = self._alerts[number]
        now = was.fired(price, at) if was.is_armed else was.armed(at)
        self.put(now)
        return Change(now, was.is_armed, price, at, move if was.is_armed else None)

    def _wake(self, at: datetime) -> None:
        """Let those that have rested watch again."""
        while self._resting and self._resting[0][0] <= at:
            until, number = heapq.heappop(self._resting)
            alert = self._alerts.get(number)
            if alert is not None and alert.rests_until == until and number not in self._spots:
                self._place(alert)

    def _place(self, alert: Alert) -> None:
        spot = self._spot(alert)
        if spot is not None:
            levels, way, level = self._spots[alert.id] = spot
            levels.add(way, level, alert.id)

    def _unplace(self, number: int) -> None:
        spot = self._spots.pop(number, None)
        if spot is not None:
            levels, way, level = spot
            levels.remove(way, level, number)

    def _spot(self, alert: Alert) -> _Spot | None:
        """Where the alert waits: for its level, or for the way back that arms it."""
        match alert.condition:
            case PriceLevel(way=way, price=price):
                if alert.is_armed:
                    return self._prices, way, price
                return self._prices, way.opposite, back_from(price, way)
            case PercentMove(way=way, share=share, window=window):
                sizes = self._moves[window].levels[way]
                return (sizes, Way.UP, share) if alert.is_armed else (sizes, Way.DOWN, share * CALM)
            case NewExtreme(way=way, days=days):
                extreme = self._days.extreme(way, days)
                if extreme is None:
                    return None
                return self._prices, way, extreme.next_plus() if way is Way.UP else extreme.next_minus()
            case Formula():
                return None  # waits for closes, not for prices

    def _replace_extremes(self) -> None:
        """Move the levels of the last days on by one day."""
        for number in list(self._spots):
            if isinstance(self._alerts[number].condition, NewExtreme):
                self._unplace(number)
                self._place(self._alerts[number])


def back_from(price: Decimal, way: Way) -> Decimal:
    """The price on the near side of a level from where it can be reached again."""
    return price * (1 - BACK) if way is Way.UP else price * (1 + BACK)
