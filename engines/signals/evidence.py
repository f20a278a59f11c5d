"""What the rules found and what the gates said: why there is a signal, or why not. Values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engines.core.side import Direction
from engines.core.timeframe import Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One named rule and what it found. `speaks_for` is the direction that it supports, `None` for neither;
    `points` is how much it counts (positive). `numbers` are the figures compared, for the words."""

    rule: str
    timeframe: Timeframe
    speaks_for: Direction | None
    points: float
    numbers: Mapping[str, float] = field(default_factory=dict)


class GateState(StrEnum):
    """What a gate did with a signal."""

    PASSED = "passed"
    BLOCKED = "blocked"
    NOT_REACHED = "not_reached"


class GateName(StrEnum):
    """The gates of a signal, in the order in which they are asked."""

    DATA = "data"
    TREND = "trend"
    ENTRY = "entry"
    REWARD = "reward"
    VOLATILITY = "volatility"
    CONFIDENCE = "confidence"
    COOL_DOWN = "cool_down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate. `numbers` are what was compared; `opens` are the figures that would open a blocked one
    (`"above"`: a price to be passed, `"pullback"`: a price to fall back to, `"in_ms"`: time to wait…)."""

    name: GateName
    state: GateState
    numbers: Mapping[str, float] = field(default_factory=dict)
    opens: Mapping[str, float] = field(default_factory=dict)
