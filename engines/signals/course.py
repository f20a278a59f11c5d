"""How a signal goes, from its making to its end: one function for the desk, the study and the tests.

Where the order of events is not known, the worse one is taken. Inside one stretch
- the entry fills at the worse edge of the zone;
- a stop in force is met before any target;
- a target counts by the extreme only if the signal stood through the whole stretch, else by the close alone,
  for the extreme may have come before the entry;
- a stop that was moved to the entry inside the stretch is met where the stretch closes beyond it.
A market that opens beyond the stop (a gap) gives the open; a target never gives more than its price.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from engines.core.moment import utc
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, SignalState
from engines.signals.stretch import Stretch

SHARES: Final = (0.5, 0.3, 0.2)
"""What is taken out at each target."""
_LEFT: Final = (0.5, 0.2, 0.0)
_TARGETS: Final = (SignalState.TP1, SignalState.TP2, SignalState.TP3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What each side of a trade costs, as fractions of its value."""

    fee: float = 0.00055
    slippage: float = 0.0002

    @property
    def rate(self) -> float:
        """Both together."""
        return self.fee + self.slippage

    def in_r(self, entry: float, got: float, risk: float) -> float:
        """What buying at `entry` and selling at `got`, or the other way round, costs in units of `risk`."""
        return self.rate * (entry + got) / risk


COSTS: Final = Costs()
"""Bybit's taker fee for perpetuals, and two basis points of slippage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseEvent:
    """The state that a signal came to, when, and at what price (`None`: it expired without an entry)."""

    state: SignalState
    at: datetime
    price: float | None


def begin(proposal: Proposal) -> Course:
    """The course of a new signal. It has seen the market up to the close of the bar that it was made at."""
    made_ms = round(proposal.created_at.timestamp() * 1000)
    return Course(state=SignalState.NEW, seen_ms=proposal.timeframe.floor(made_ms), stop=float(proposal.stop))


def expected_costs(proposal: Proposal, costs: Costs = COSTS) -> float:
    """What trading a signal costs about, in units of its risk: both sides at the middle of the entry zone."""
    entry = float(proposal.entry)
    return costs.in_r(entry, entry, float(abs(proposal.entry - proposal.stop)))


def advance(
    proposal: Proposal, course: Course, stretch: Stretch, costs: Costs = COSTS
) -> tuple[Course, tuple[CourseEvent, ...]]:
    """What `stretch` does to a signal, and the states that it came to, in order.

    Stretches come in order of time. One that ends no later than `course.seen_ms` changes nothing, nor does
    any after the end.
    """
    if not course.state.is_live or stretch.at_ms <= course.seen_ms:
        return course, ()
    walk = _Walk(proposal, course, stretch, costs)
    walk.go()
    return walk.course, tuple(walk.events)


class _Walk:
    """One stretch. Prices are compared as levels (price times direction): higher is better."""

    def __init__(self, proposal: Proposal, course: Course, stretch: Stretch, costs: Costs) -> None:
        self._proposal, self._costs = proposal, costs
        self._sign = proposal.direction.sign
        self._stretch = stretch
        is_long = self._sign > 0
        self._best, self._worst = (stretch.high, stretch.low) if is_long else (stretch.low, stretch.high)
        self._is_whole = stretch.start_ms >= course.seen_ms
        self._at = utc(stretch.at_ms)
        self.course = replace(course, seen_ms=stretch.at_ms)
        self.events: list[CourseEvent] = []

    def go(self) -> None:
        """Entry, stop, targets, the stop moved, expiry."""
        expires_ms = round(self._proposal.expires_at.timestamp() * 1000)
        if self._stretch.start_ms >= expires_ms:
            self._expire(self._stretch.open)
            return
        if self.course.state is SignalState.NEW:
            self._enter()
        else:
            self._meet_stop(is_from_the_start=True)
        self._meet_targets()
        self._meet_moved_stop()
        if self.course.state.is_live and self._stretch.at_ms >= expires_ms:
            self._expire(self._stretch.close)

    def _enter(self) -> None:
        """At the worse edge, if any price of the zone was traded; over with it if only the stop was."""
        low, high = float(self._proposal.entry_low), float(self._proposal.entry_high)
        stretch, course = self._stretch, self.course
        if stretch.low <= high and stretch.high >= low:
            price = high if self._sign > 0 else low
            self._is_whole = self._is_whole and low <= stretch.open <= high
            entered = replace(course, state=SignalState.ACTIVE, entry_price=price, entered_at=self._at)
            self._reach(entered, price)
            self._meet_stop(is_from_the_start=False)
        elif self._level(self._worst) <= self._level(course.stop):
            self._expire_unentered()

    def _meet_stop(self, *, is_from_the_start: bool) -> None:
        stop = self.course.stop
        if self._level(self._worst) <= self._level(stop):
            price = min(stop, self._stretch.open, key=self._level) if is_from_the_start else stop
            self._leave(SignalState.STOPPED, price)

    def _meet_targets(self) -> None:
        reach = self._best if self._is_whole else self._stretch.close
        while self._is_in and self._level(reach) >= self._level(self._next_target):
            self._take(self._next_target)

    def _take(self, price: float) -> None:
        """Take out the target's share; the first one moves the stop to the entry."""
        course = self.course
        number = len(course.hit_at)
        taken = replace(
            course,
            state=_TARGETS[number],
            hit_at=(*course.hit_at, self._at),
            gross_r=course.gross_r + SHARES[number] * self._r(price),
            left=_LEFT[number],
            stop=self._entry,
        )
        self._reach(self._ended(taken, price) if taken.left == 0 else taken, price)

    def _meet_moved_stop(self) -> None:
        is_moved = any(event.state in _TARGETS for event in self.events)
        if self._is_in and is_moved and self._level(self._stretch.close) <= self._level(self.course.stop):
            self._leave(SignalState.STOPPED, self.course.stop)

    def _expire(self, price: float) -> None:
        if self._is_in:
            self._leave(SignalState.EXPIRED, price)
        else:
            self._expire_unentered()

    def _expire_unentered(self) -> None:
        self._reach(replace(self.course, state=SignalState.EXPIRED, ended_at=self._at), None)

    def _leave(self, state: SignalState, price: float) -> None:
        """Out with all that is left."""
        gross_r = self.course.gross_r + self.course.left * self._r(price)
        self._reach(self._ended(replace(self.course, state=state, gross_r=gross_r, left=0.0), price), price)

    def _ended(self, course: Course, price: float) -> Course:
        """With the result, after costs: what was paid and what was got, times the rate."""
        got = self._entry + self._sign * course.gross_r * self._risk
        costs_r = self._costs.in_r(self._entry, got, self._risk)
        return replace(course, ended_at=self._at, exit_price=price, result_r=course.gross_r - costs_r)

    def _reach(self, course: Course, price: float | None) -> None:
        self.course = course
        self.events.append(CourseEvent(state=course.state, at=self._at, price=price))

    def _r(self, price: float) -> float:
        """What leaving at `price` brings, in units of the risk."""
        return self._sign * (price - self._entry) / self._risk

    @property
    def _entry(self) -> float:
        entry = self.course.entry_price
        assert entry is not None, "what was not entered has no exits"
        return entry

    @property
    def _risk(self) -> float:
        """From the middle of the zone to the stop that the signal was made with: what its size is made of."""
        return float(abs(self._proposal.entry - self._proposal.stop))

    @property
    def _is_in(self) -> bool:
        return self.course.state in (SignalState.ACTIVE, SignalState.TP1, SignalState.TP2)

    @property
    def _next_target(self) -> float:
        return float(self._proposal.targets[len(self.course.hit_at)])

    def _level(self, price: float) -> float:
        return price * self._sign
