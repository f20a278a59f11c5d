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

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from engines.core.candle import FloatArray
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.cells import cells_of
from engines.indicators.frame import Frame
from engines.indicators.kernel import kernel
from engines.signals import entry_rules, trend_rules
from engines.signals.decision import TREND_FRAMES
from engines.signals.entry_rules import ENTRY_RULES
from engines.signals.evidence import Finding
from engines.signals.rule import Role, SignArray, find
from engines.signals.trend_rules import TREND_RULES

TREND_WEIGHT: Final = 0.6
ENTRY_WEIGHT: Final = 0.4
CONFLICT: Final = 0.8
"""What is left of the confidence when the trend timeframes point different ways."""
FULL_ENTRY: Final = 6.0
"""Entry points that are as good as any more: all rules hold at once never."""
_NINE_DIGITS: Final = 1e9
_TREND_POINTS: Final = np.array([rule.points for rule in TREND_RULES])
_ENTRY_POINTS: Final = np.array([rule.points for rule in ENTRY_RULES])
_TRIGGER_POINTS: Final = np.array([rule.points if rule.role is Role.TRIGGER else 0.0 for rule in ENTRY_RULES])
_ALL_TREND_POINTS: Final = sum(rule.points for rule in TREND_RULES)


class Evidence(NamedTuple):
    """What signs come to, whatever the parameters. `four_hours` and `day` are trends, -1 to 1. `triggers` and
    `entry` are points for long less points for short: of the events, and of all entry rules. `for_long` and
    `for_short` are points of the trend that speak for it."""

    four_hours: float
    day: float
    triggers: float
    entry: float
    for_long: float
    for_short: float


class Weighed(NamedTuple):
    """What evidence comes to. `trend` goes from -1 to 1; `direction` is +1, -1 or 0 for none. `confidence` is
    a fraction, 0 where there is no direction; `strength` goes from 0 (short) to 100 (long)."""

    trend: float
    direction: int
    confidence: float
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """All of it, with what was found; `trends` are by trend timeframe."""

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
    four_hours, day = (_on_trend(each, frames.get(each)) for each in TREND_FRAMES)
    frame = frames.get(entry)
    signs = entry_rules.signs(cells_of(frame))
    evidence = evidence_of(four_hours[0], day[0], signs)
    weighed = weighing(evidence, float(least_trend))
    return Weight(
        findings=(*four_hours[1], *day[1], *find(ENTRY_RULES, signs, entry, frame)),
        trends=dict(zip(TREND_FRAMES, (evidence.four_hours, evidence.day), strict=True)),
        trend=weighed.trend,
        direction=DIRECTIONS[weighed.direction],
        triggers=evidence.triggers,
        entry=evidence.entry,
        confidence=weighed.confidence,
        strength=weighed.strength,
    )


DIRECTIONS: Final[Mapping[int, Direction | None]] = {1: Direction.LONG, -1: Direction.SHORT, 0: None}


@lru_cache(maxsize=16)
def _on_trend(timeframe: Timeframe, frame: Frame | None) -> tuple[SignArray, tuple[Finding, ...]]:
    """The same frame of four hours is looked at on sixteen closes of fifteen minutes."""
    signs = trend_rules.signs(cells_of(frame))
    return signs, find(TREND_RULES, signs, timeframe, frame)


@kernel
def evidence_of(four_hours: SignArray, day: SignArray, entry: SignArray) -> Evidence:
    """What the signs of all rules come to."""
    return Evidence(
        _net(four_hours, _TREND_POINTS) / _ALL_TREND_POINTS,
        _net(day, _TREND_POINTS) / _ALL_TREND_POINTS,
        _net(entry, _TRIGGER_POINTS),
        _net(entry, _ENTRY_POINTS),
        _agreeing(four_hours, 1) + _agreeing(day, 1),
        _agreeing(four_hours, -1) + _agreeing(day, -1),
    )


@kernel
def weighing(evidence: Evidence, least_trend: float) -> Weighed:
    """Which way it points and how surely."""
    trend = (evidence.four_hours + evidence.day) / 2.0
    direction = 0 if abs(trend) < least_trend else way_of(evidence)
    confidence = 0.0
    if direction != 0:
        agreeing = evidence.for_long if direction > 0 else evidence.for_short
        share = agreeing / (_ALL_TREND_POINTS * 2.0)
        confidence = TREND_WEIGHT * share + ENTRY_WEIGHT * max(0.0, _part(direction * evidence.entry))
        if min(evidence.four_hours, evidence.day) < 0.0 < max(evidence.four_hours, evidence.day):
            confidence *= CONFLICT
    # Sums of binary fractions fall short of 65 %, and a signal that reads 65 % would not be pushed.
    confidence = np.rint(confidence * _NINE_DIGITS) / _NINE_DIGITS
    strength = 50.0 * (1.0 + TREND_WEIGHT * trend + ENTRY_WEIGHT * _part(evidence.entry))
    return Weighed(trend, direction, confidence, strength)


@kernel
def way_of(evidence: Evidence) -> int:
    """The direction, if there is one: +1 or -1."""
    return 1 if evidence.four_hours + evidence.day > 0.0 else -1


@kernel
def _net(signs: SignArray, points: FloatArray) -> float:
    """Points for long less points for short."""
    net = 0.0
    for place in range(len(points)):
        net += signs[place] * points[place]
    return net


@kernel
def _agreeing(signs: SignArray, direction: int) -> float:
    points = 0.0
    for place in range(len(_TREND_POINTS)):
        if signs[place] == direction:
            points += _TREND_POINTS[place]
    return points


@kernel
def _part(net: float) -> float:
    """Entry points as a part of what is enough, -1 to 1."""
    return max(-1.0, min(1.0, net / FULL_ENTRY))
