"""What the rules say of a market at one moment, with everything that led to it. Values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.evidence import Finding, Gate
from engines.signals.proposal import Proposal

TREND_FRAMES = (Timeframe.H4, Timeframe.D1)
ENTRY_FRAMES = (Timeframe.M15, Timeframe.H1)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A market as the rules see it at `now_ms` (UTC).

    `frames` has the last closed bar of each timeframe that is known; `data_age_s` is how many seconds (of
    real time) older the newest candle is than it could be. `last_signal_ms` is when the last signal of this
    pair was made, on whatever timeframe.
    """

    instrument: Instrument
    now_ms: int
    data_age_s: float
    frames: Mapping[Timeframe, Frame]
    last_signal_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Everything about one look at one market on one entry timeframe.

    `direction` is where the evidence points (`None`: neutral), also when a gate blocks. `confidence` is a
    fraction. `strength` (0 to 100) ranks markets: 50 is nothing either way, above 70 strongly long, below 30
    strongly short. `proposal` is there when all gates passed; only `confidence` may then still be too low
    to be pushed.
    """

    instrument: Instrument
    timeframe: Timeframe
    at_ms: int
    price: float
    direction: Direction | None
    confidence: float
    strength: float
    findings: tuple[Finding, ...]
    gates: tuple[Gate, ...]
    proposal: Proposal | None


def surest(decisions: Iterable[Decision]) -> Decision | None:
    """Which of the decisions on one market at one close makes the signal: the surest with a proposal, of
    equal ones the first; `None` where none has one."""
    proposed = (decision for decision in decisions if decision.proposal is not None)
    return max(proposed, key=lambda decision: decision.confidence, default=None)
