"""Builders of signals."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.evidence import Finding, Gate, GateName, GateState
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, Signal, SignalState
from ports.signals import Card
from tests.build.clock import NOON
from tests.build.markets import an_instrument


def a_proposal(base: str = "BTC", **fields: Any) -> Proposal:
    """Long at 100 from noon on the hour, stop 96, targets 104, 108 and 112, valid for a day; strong."""
    usual: dict[str, Any] = {
        "instrument": an_instrument(base),
        "direction": Direction.LONG,
        "timeframe": Timeframe.H1,
        "confidence": 0.78,
        "price": Decimal("100.20"),
        "entry_low": Decimal("99.50"),
        "entry_high": Decimal("100.50"),
        "stop": Decimal(96),
        "targets": (Decimal(104), Decimal(108), Decimal(112)),
        "risk_reward": 2.0,
        "size": 0.25,
        "risk": 0.01,
        "regime": "trend_up",
        "findings": (
            Finding(
                rule="trend_4h",
                timeframe=Timeframe.H4,
                speaks_for=Direction.LONG,
                points=2.0,
                numbers={"ema50": 95.5, "ema200": 90.25},
            ),
        ),
        "gates": tuple(Gate(name=name, state=GateState.PASSED) for name in GateName),
        "indicators": {Timeframe.H1: {"rsi14": 55.5, "atr14": 1.25}},
        "created_at": NOON,
        "expires_at": NOON + timedelta(days=1),
    }
    return Proposal(**usual | fields)


def a_course(**fields: Any) -> Course:
    """Waiting for its entry since noon."""
    usual: dict[str, Any] = {"state": SignalState.NEW, "seen_ms": int(NOON.timestamp() * 1000), "stop": 96.0}
    return Course(**usual | fields)


def a_signal(number: int = 1, **fields: Any) -> Signal:
    """The first signal, as it was made."""
    usual: dict[str, Any] = {"proposal": a_proposal(), "course": a_course()}
    return Signal(id=number, **usual | fields)


def a_card(signal_id: int = 1, person_id: int = 7, **fields: Any) -> Card:
    """A picture in the person's own chat that shows the first version."""
    usual: dict[str, Any] = {
        "chat_id": person_id,
        "message_id": 42,
        "is_picture": True,
        "shown_version": 1,
    }
    return Card(signal_id=signal_id, person_id=person_id, **usual | fields)
