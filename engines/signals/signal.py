"""A signal and what became of it. Values; `engines.signals.course` moves them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engines.signals.proposal import Proposal


class SignalState(StrEnum):
    """`NEW` waits for its entry zone to be touched; `ACTIVE`, `TP1` and `TP2` are entered and run; the others
    are ends. One that was never entered ends as `EXPIRED` without a result."""

    NEW = "new"
    ACTIVE = "active"
    TP1 = "tp1"
    TP2 = "tp2"
    TP3 = "tp3"
    STOPPED = "stopped"
    EXPIRED = "expired"

    @property
    def is_live(self) -> bool:
        """Whether it is still followed."""
        return self in (SignalState.NEW, SignalState.ACTIVE, SignalState.TP1, SignalState.TP2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a signal has gone so far. Prices are floats: statistics, not money.

    `entry_price` is the worse edge of the zone. `stop` is the one in force: at the entry after the first
    target. `left` is the part not yet taken out. `gross_r` is what the exits so far brought in units of the
    risk, `result_r` the net result at the end, costs included; `None` while it runs, and for one that was
    never entered. What the market did before `seen_ms` is in it. `hit_at` has the times of the targets hit.
    """

    state: SignalState
    seen_ms: int
    stop: float
    entry_price: float | None = None
    entered_at: datetime | None = None
    left: float = 1.0
    gross_r: float = 0.0
    hit_at: tuple[datetime, ...] = ()
    ended_at: datetime | None = None
    exit_price: float | None = None
    result_r: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A stored signal. `version` grows with every change of state that its card shows."""

    id: int
    proposal: Proposal
    course: Course
    version: int = 1

    @property
    def is_live(self) -> bool:
        """Whether it is still followed."""
        return self.course.state.is_live
