"""What a rule is: a name, where it looks, how much it counts, and the figures that it compares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.indicators.kernel import kernel
from engines.signals.evidence import Finding

Numbers = Mapping[str, float]
SignArray = npt.NDArray[np.int8]


class Role(StrEnum):
    """What a rule is asked for: where the market goes, when to enter, or whether the entry is borne out."""

    TREND = "trend"
    TRIGGER = "trigger"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. What it says, +1 for a long, -1 for a short, 0 for neither or while an indicator warms up, is
    compiled: the `signs` of its module. `numbers` are the figures compared, NaN where one is not known yet.
    """

    name: str
    role: Role
    points: float
    numbers: Callable[[Frame], Numbers]


_SPEAKS: Final = {1: Direction.LONG, -1: Direction.SHORT, 0: None}


def find(
    rules: Sequence[Rule], signs: SignArray, timeframe: Timeframe, frame: Frame | None
) -> tuple[Finding, ...]:
    """What `rules`, which said `signs`, found in `frame`."""
    return tuple(
        Finding(
            rule=rule.name,
            timeframe=timeframe,
            speaks_for=_SPEAKS[sign],
            points=rule.points,
            numbers={} if frame is None else _known(rule.numbers(frame)),
        )
        for rule, sign in zip(rules, signs.tolist(), strict=True)
    )


def values(*names: str) -> Callable[[Frame], Numbers]:
    """Figures of a frame by name: hot indicators, and the bar's own."""
    return lambda frame: {name: _value(frame, name) for name in names}


@kernel
def side(left: float, right: float) -> int:
    """+1 where `left` is above, -1 where it is below, 0 where they are equal or one is not known."""
    return int(left > right) - int(left < right)


def _known(numbers: Numbers) -> Numbers:
    return {name: value for name, value in numbers.items() if value == value}


_BAR: Final = {"open", "high", "low", "close", "volume"}


def _value(frame: Frame, name: str) -> float:
    return getattr(frame, name) if name in _BAR else frame.value(name)
