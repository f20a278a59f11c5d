"""A signal as it was made: what to do, how sure, how much at risk. Values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.evidence import Finding, Gate

SOURCE: Final = "technical_analysis"
LEAST_STORED: Final = 0.5
"""Confidence below which there is no signal."""
LEAST_PUSHED: Final = 0.65
"""Confidence below which nobody is told, unless their own filter says so."""
STRONG: Final = 0.7
"""Confidence above which a signal is strong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a signal says when it is made; it never changes afterwards.

    Prices lie on the instrument's grid. `entry_low` to `entry_high` is the zone to enter in, `stop` where the
    idea is wrong, `targets` three prices to take profit at, the nearest first. `risk_reward` is that of the
    second target, from the middle of the zone. `size` is the suggested part of the capital, of which `risk`
    is lost at the stop. `indicators` are the hot values of each timeframe looked at, those that were known.
    Times are market time.
    """

    instrument: Instrument
    direction: Direction
    timeframe: Timeframe
    confidence: float
    price: Decimal
    entry_low: Decimal
    entry_high: Decimal
    stop: Decimal
    targets: tuple[Decimal, Decimal, Decimal]
    risk_reward: float
    size: float
    risk: float
    regime: str
    findings: tuple[Finding, ...]
    gates: tuple[Gate, ...]
    indicators: Mapping[Timeframe, Mapping[str, float]]
    created_at: datetime
    expires_at: datetime
    source: str = SOURCE

    @property
    def entry(self) -> Decimal:
        """The middle of the entry zone."""
        return (self.entry_low + self.entry_high) / 2

    @property
    def is_strong(self) -> bool:
        """Whether those hear of it who want to hear of strong ones only."""
        return self.confidence > STRONG
