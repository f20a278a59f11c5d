"""Signals as JSON columns: amounts as strings, instants in ISO form, a figure that is not known as null."""

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Dialect, TypeDecorator

from adapters.sql.trade_types import Market
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.evidence import Finding, Gate, GateName, GateState
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, SignalState

_PRICES = ("price", "entry_low", "entry_high", "stop")
_PLAIN = ("confidence", "risk_reward", "size", "risk", "regime", "source")
_MARKET = Market()


class ProposalJson(TypeDecorator[Proposal]):
    """A signal as it was made."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Proposal | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        return {
            "instrument": _MARKET.process_bind_param(value.instrument, dialect),
            "direction": value.direction.value,
            "timeframe": value.timeframe.value,
            **{name: format(getattr(value, name), "f") for name in _PRICES},
            "targets": [format(price, "f") for price in value.targets],
            **{name: getattr(value, name) for name in _PLAIN},
            "findings": [_finding_row(one) for one in value.findings],
            "gates": [_gate_row(one) for one in value.gates],
            "indicators": {frame.value: _figures(known) for frame, known in value.indicators.items()},
            "created_at": value.created_at.isoformat(),
            "expires_at": value.expires_at.isoformat(),
        }

    def process_result_value(self, value: Mapping[str, Any] | None, dialect: Dialect) -> Proposal | None:
        if value is None:
            return None
        instrument = _MARKET.process_result_value(value["instrument"], dialect)
        if instrument is None:
            raise ValueError("a signal of no market")
        near, middle, far = (Decimal(price) for price in value["targets"])
        return Proposal(
            instrument=instrument,
            direction=Direction(value["direction"]),
            timeframe=Timeframe(value["timeframe"]),
            targets=(near, middle, far),
            **_plain(value),
            findings=tuple(_finding(row) for row in value["findings"]),
            gates=tuple(_gate(row) for row in value["gates"]),
            indicators={Timeframe(frame): _known(row) for frame, row in value["indicators"].items()},
            created_at=datetime.fromisoformat(value["created_at"]),
            expires_at=datetime.fromisoformat(value["expires_at"]),
        )


class CourseJson(TypeDecorator[Course]):
    """How a signal has gone so far."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Course | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        row = {field.name: getattr(value, field.name) for field in fields(Course)}
        return row | {
            "state": value.state.value,
            "entered_at": _text(value.entered_at),
            "ended_at": _text(value.ended_at),
            "hit_at": [at.isoformat() for at in value.hit_at],
        }

    def process_result_value(self, value: Mapping[str, Any] | None, dialect: Dialect) -> Course | None:
        if value is None:
            return None
        return Course(
            **{
                **value,
                "state": SignalState(value["state"]),
                "entered_at": _moment(value["entered_at"]),
                "ended_at": _moment(value["ended_at"]),
                "hit_at": tuple(datetime.fromisoformat(at) for at in value["hit_at"]),
            }
        )


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """What is read by name alone."""
    return {name: Decimal(value[name]) for name in _PRICES} | {name: value[name] for name in _PLAIN}


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "timeframe": finding.timeframe.value,
        "speaks_for": None if finding.speaks_for is None else finding.speaks_for.value,
        "points": finding.points,
        "numbers": _figures(finding.numbers),
    }


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(
        rule=row["rule"],
        timeframe=Timeframe(row["timeframe"]),
        speaks_for=None if row["speaks_for"] is None else Direction(row["speaks_for"]),
        points=row["points"],
        numbers=_known(row["numbers"]),
    )


def _gate_row(gate: Gate) -> dict[str, Any]:
    return {
        "name": gate.name.value,
        "state": gate.state.value,
        "numbers": _figures(gate.numbers),
        "opens": _figures(gate.opens),
    }


def _gate(row: Mapping[str, Any]) -> Gate:
    return Gate(
        name=GateName(row["name"]),
        state=GateState(row["state"]),
        numbers=_known(row["numbers"]),
        opens=_known(row["opens"]),
    )


def _figures(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN, and PostgreSQL refuses one."""
    return {name: float(one) if math.isfinite(one) else None for name, one in numbers.items()}


def _known(row: Mapping[str, float | None]) -> dict[str, float]:
    return {name: one for name, one in row.items() if one is not None}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
