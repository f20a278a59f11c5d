"""What all findings come to: a direction, how sure, how strong.

Trend: of each trend timeframe, the points that speak for long less those for short, over all points there
are: -1 to 1. Their average is the trend of the market. A rule that cannot be read yet speaks for nobody and
still counts among all points: little history is little trend.

Confidence is the share of the evidence that agrees, not a probability of winning:

    0.6 x (trend points that agree / all trend points)
    + 0.4 x (entry points that agree less those against, over 6, between 0 and 1)
    and 0.8 of it when 4 hours and a day point different ways.

What signals of one confidence came to on history is in docs/signals.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.decision import TREND_FRAMES
from engines.signals.entry_rules import ENTRY_RULES
from engines.signals.evidence import Finding
from engines.signals.rule import Role, find
from engines.signals.trend_rules import TREND_RULES

TREND_WEIGHT: Final = 0.6
ENTRY_WEIGHT: Final = 0.4
CONFLICT: Final = 0.8
"""What is left of the confidence when the trend timeframes point different ways."""
FULL_ENTRY: Final = 6.0
"""Entry points that are as good as any more: all rules hold at once never."""
_DIGITS: Final = 9
_TRIGGERS: Final = {rule.name for rule in ENTRY_RULES if rule.role is Role.TRIGGER}
_TREND_POINTS: Final = sum(rule.points for rule in TREND_RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """`trends` of each trend timeframe, and `trend` of both (-1 to 1). `triggers` and `entry` are points for
    long less points for short: of the events, and of all entry rules. `confidence` is a fraction, 0 where
    there is no direction; `strength` goes from 0 (short) to 100 (long)."""

    findings: tuple[Finding, ...]
    trends: Mapping[Timeframe, float]
    trend: float
    direction: Direction | None
    triggers: float
    entry: float
    confidence: float
    strength: float


def weigh(frames: Mapping[Timeframe, Frame], entry: Timeframe, least_trend: float) -> Weight:
    """Ask every rule and add up what they say. There is a direction where the trend is `least_trend` or more,
    either way."""
    by_frame = {each: _on_trend(each, frames.get(each)) for each in TREND_FRAMES}
    on_trend = [finding for findings in by_frame.values() for finding in findings]
    on_entry = [find(rule, entry, frames.get(entry)) for rule in ENTRY_RULES]
    trends = {each: _net(findings) / _TREND_POINTS for each, findings in by_frame.items()}
    trend = sum(trends.values()) / len(trends)
    direction = _direction(trend, least_trend)
    net = _net(on_entry)
    return Weight(
        findings=(*on_trend, *on_entry),
        trends=trends,
        trend=trend,
        direction=direction,
        triggers=_net(finding for finding in on_entry if finding.rule in _TRIGGERS),
        entry=net,
        confidence=_confidence(on_trend, trends, net, direction) if direction is not None else 0.0,
        strength=50.0 * (1.0 + TREND_WEIGHT * trend + ENTRY_WEIGHT * _part(net)),
    )


@lru_cache(maxsize=16)
def _on_trend(timeframe: Timeframe, frame: Frame | None) -> tuple[Finding, ...]:
    """The same frame of four hours is looked at on sixteen closes of fifteen minutes."""
    return tuple(find(rule, timeframe, frame) for rule in TREND_RULES)


def _confidence(
    on_trend: Sequence[Finding], trends: Mapping[Timeframe, float], net: float, direction: Direction
) -> float:
    agreeing = sum(finding.points for finding in on_trend if finding.speaks_for is direction)
    share = agreeing / (_TREND_POINTS * len(trends))
    confidence = TREND_WEIGHT * share + ENTRY_WEIGHT * max(0.0, _part(direction.sign * net))
    is_torn = min(trends.values()) < 0 < max(trends.values())
    # Sums of binary fractions fall short of 65 %, and a signal that reads 65 % would not be pushed.
    return round(confidence * CONFLICT if is_torn else confidence, _DIGITS)


def _direction(trend: float, least: float) -> Direction | None:
    if abs(trend) < least:
        return None
    return Direction.LONG if trend > 0 else Direction.SHORT


def _net(findings: Iterable[Finding]) -> float:
    """Points for long less points for short."""
    net = 0.0
    for finding in findings:
        if finding.speaks_for is not None:
            net += finding.points if finding.speaks_for is Direction.LONG else -finding.points
    return net


def _part(net: float) -> float:
    """Entry points as a part of what is enough, -1 to 1."""
    return max(-1.0, min(1.0, net / FULL_ENTRY))
