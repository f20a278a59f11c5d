"""Latches: what stops trading, how far, and what releases it. Plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from engines.core.instrument import MarketKind
from engines.orders.order import Intent


class KillLevel(IntEnum):
    """The kill ladder. Each level does what the lower ones do."""

    NO_ENTRIES = 1
    CANCEL = 2
    CLOSE_PERPS = 3
    FLAT = 4


class Cause(StrEnum):
    """What pulled a latch."""

    KILL = "kill"
    PAUSE = "pause"
    DRAWDOWN = "drawdown"
    DAILY_LOSS = "daily_loss"
    CANDLE = "candle"
    FEED = "feed"
    MISMATCH = "mismatch"
    WITHDRAWAL_STOP = "withdrawal_stop"
    UNRESOLVED = "unresolved"
    INVARIANT = "invariant"
    STARTING = "starting"


NEEDS_ADMIN = frozenset({Cause.KILL, Cause.DRAWDOWN, Cause.MISMATCH, Cause.WITHDRAWAL_STOP, Cause.INVARIANT})
"""Causes that only an admin clears; the others end by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a latch stops. Empty fields mean all of them: `Scope()` is the whole desk, its engines on paper
    and with real money; people's own paper trades go on unless `has_paper`."""

    engine: str | None = None
    account: str | None = None
    has_paper: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Latch:
    """Entries within `scope` are stopped since `pulled_at` (wire time); reducing orders go on.

    `id` names it (`kill`, `pause:trend`, `feed:bybit`): pulling it again replaces it. `level` is that of a
    kill. `by` is the person who pulled it, `None` for the desk itself. `until` is when it ends by itself.
    `detail` says what was measured, for people.
    """

    id: str
    scope: Scope
    cause: Cause
    level: KillLevel = KillLevel.NO_ENTRIES
    by: int | None = None
    pulled_at: datetime
    until: datetime | None = None
    detail: str = ""

    @property
    def is_of_leverage(self) -> bool:
        """Whether it stops leveraged entries only."""
        return self.cause is Cause.DRAWDOWN and self.scope.engine is None

    def is_over(self, wire_now: datetime) -> bool:
        """Whether it has ended by itself."""
        return self.until is not None and wire_now >= self.until

    def stops(self, intent: Intent, *, is_person: bool) -> bool:
        """Whether it forbids the intent: anything that adds to a position within its scope. A drawdown of all
        engines together forbids leverage and nothing else."""
        is_spot = intent.instrument.kind is MarketKind.SPOT
        if intent.reduce_only or (is_spot and self.is_of_leverage):
            return False
        if is_person:
            return self.scope.has_paper
        fits_engine = self.scope.engine in (None, intent.engine)
        return fits_engine and self.scope.account in (None, intent.account)
