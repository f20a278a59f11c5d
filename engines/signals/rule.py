"""What a rule is: a name, where it looks, how much it counts, and a check. Values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.evidence import Finding

Reading = tuple[int, Mapping[str, float]]
"""+1 for a long, -1 for a short, 0 for neither; and the figures compared, NaN where one is not known yet."""


class Role(StrEnum):
    """What a rule is asked for: where the market goes, when to enter, or whether the entry is borne out."""

    TREND = "trend"
    TRIGGER = "trigger"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `check` is pure; while an indicator warms up it finds nothing (0)."""

    name: str
    role: Role
    points: float
    check: Callable[[Frame], Reading]


_SPEAKS = {1: Direction.LONG, -1: Direction.SHORT, 0: None}


def find(rule: Rule, timeframe: Timeframe, frame: Frame | None) -> Finding:
    """What `rule` finds in `frame`; nothing where there is no frame."""
    sign, numbers = rule.check(frame) if frame is not None else (0, {})
    return Finding(
        rule=rule.name,
        timeframe=timeframe,
        speaks_for=_SPEAKS[sign],
        points=rule.points,
        numbers={name: value for name, value in numbers.items() if value == value},
    )


def side(left: float, right: float) -> int:
    """+1 where `left` is above, -1 where it is below, 0 where they are equal or one is not known."""
    return (left > right) - (left < right)
