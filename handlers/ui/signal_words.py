"""What rules found and gates said, with numbers that templates can word."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.evidence import Finding, Gate, GateName, GateState


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A finding as `signal_words.html` words it. `is_for` says whether it supports the signal's direction,
    `None` where it supports neither. Prices among the numbers have the digits of `tick`."""

    rule: str
    timeframe: Timeframe
    speaks_for: Direction | None
    is_for: bool | None
    points: Decimal
    numbers: Mapping[str, Decimal]
    tick: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A gate as `signal_words.html` words it."""

    name: GateName
    state: GateState
    numbers: Mapping[str, Decimal]
    opens: Mapping[str, Decimal]
    tick: Decimal


def lines_of(findings: Iterable[Finding], direction: Direction | None, tick: Decimal) -> Sequence[Line]:
    """The findings, those that count most first; none supports a direction where there is none."""
    found = [
        Line(
            rule=one.rule,
            timeframe=one.timeframe,
            speaks_for=one.speaks_for,
            is_for=None if None in (one.speaks_for, direction) else one.speaks_for is direction,
            points=decimal(one.points),
            numbers=decimals(one.numbers),
            tick=tick,
        )
        for one in findings
    ]
    return sorted(found, key=lambda line: -line.points)


def reasons(lines: Iterable[Line], *, is_for: bool, most: int) -> Sequence[Line]:
    """The weightiest lines for or against, of each timeframe one before a second of any."""
    seen: Counter[Timeframe] = Counter()
    ranked = []
    for line in lines:
        if line.is_for is is_for:
            ranked.append((seen[line.timeframe], line))
            seen[line.timeframe] += 1
    return [line for _, line in sorted(ranked, key=lambda one: one[0])][:most]


def either_way(lines: Iterable[Line], *, most: int) -> Sequence[Line]:
    """The weightiest lines for a long and for a short, where there is no direction."""
    spoken = [line for line in lines if line.speaks_for is not None]
    ways = ([line for line in spoken if line.speaks_for is way][:most] for way in Direction)
    return [line for way in ways for line in way]


def barriers_of(gates: Iterable[Gate], tick: Decimal) -> Sequence[Barrier]:
    """The gates in their order."""
    return [
        Barrier(
            name=one.name,
            state=one.state,
            numbers=decimals(one.numbers),
            opens=decimals(one.opens),
            tick=tick,
        )
        for one in gates
    ]


def blocked(gates: Sequence[Barrier]) -> tuple[int, Barrier] | None:
    """The gate that stopped a signal and its place, counted from one; `None` when none did."""
    stopped = ((place, one) for place, one in enumerate(gates, 1) if one.state is GateState.BLOCKED)
    return next(stopped, None)


def decimals(numbers: Mapping[str, float]) -> Mapping[str, Decimal]:
    """The same numbers as screens show them."""
    return {name: decimal(value) for name, value in numbers.items()}


def decimal(value: float) -> Decimal:
    """A statistic as screens show it; its shortest digits, not its binary ones."""
    return Decimal(repr(float(value)))
