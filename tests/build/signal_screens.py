"""What the screens of signals are drawn from, for tests of their words, widths and lengths."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.decision import ENTRY_FRAMES, TREND_FRAMES
from engines.signals.entry_rules import ENTRY_RULES
from engines.signals.evidence import Finding, Gate, GateName, GateState
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, Signal, SignalState
from engines.signals.trend_rules import TREND_RULES
from handlers.record import Figure, RecordRow
from handlers.ui.signal_card import costs_of, evidence_values, level_rows, state_values
from handlers.ui.signal_words import barriers_of, lines_of
from ports.people import SignalFilter
from services.speech import Speech
from tests.build.clock import NOON
from tests.build.signals import a_course, a_proposal, a_signal

PRICES = (
    "ema9 ema21 ema50 ema200 close before low high low_before high_before support resistance lower upper "
    "vwap near"
)
"""Numbers of findings that are prices."""
OTHERS = {
    "adx14": 31.5,
    "least": 20.0,
    "di_plus": 28.0,
    "di_minus": 11.5,
    "rsi14": 48.2,
    "k": 31.0,
    "d": 24.0,
    "volume": 1_834_000.0,
    "volume_sma20": 912_000.0,
    "needed": 1_368_000.0,
    "obv": 98_123_456.0,
    "obv_ema21": 91_000_000.0,
}
"""The other numbers, as they may come."""


def numbers_of(price: float) -> dict[str, float]:
    """Every number that any rule may find, around a price."""
    prices = {name: price * (1 - place / 1000) for place, name in enumerate(PRICES.split())}
    return {**prices, "macd": price / 5000, "macd_hist": price / 10_000, **OTHERS}


def all_findings(speaks_for: Direction | None, price: float = 87_000.0) -> tuple[Finding, ...]:
    """Every rule on every timeframe that it is asked on, all saying the same."""
    asked = [(rule, frame) for frame in TREND_FRAMES for rule in TREND_RULES]
    asked += [(rule, Timeframe.M15) for rule in ENTRY_RULES]
    return tuple(
        Finding(
            rule=rule.name,
            timeframe=frame,
            speaks_for=speaks_for,
            points=rule.points,
            numbers=numbers_of(price),
        )
        for rule, frame in asked
    )


GATE_NUMBERS: dict[GateName, dict[str, float]] = {
    GateName.DATA: {"age_s": 8.0, "most_s": 60.0},
    GateName.TREND: {"trend_4h": 0.5, "trend_1d": 0.75, "trend": 0.62, "least": 0.25},
    GateName.ENTRY: {"triggers": 3.0, "least": 2.0},
    GateName.REWARD: {"risk_reward": 1.4, "least": 2.0, "obstacle": 88_100.0},
    GateName.VOLATILITY: {"atr": 400.0, "norm": 350.0, "ratio": 1.14, "most": 3.0},
    GateName.CONFIDENCE: {"confidence": 0.44, "least": 0.5},
    GateName.COOL_DOWN: {"since_ms": 3_600_000.0, "least_ms": 14_400_000.0},
}
OPENS: dict[GateName, dict[str, float]] = {
    GateName.DATA: {"age_s": 60.0},
    GateName.TREND: {"trend": 0.25, "above": 88_000.0, "below": 86_000.0},
    GateName.ENTRY: {"triggers": 2.0, "pullback": 86_500.0, "above": 88_100.0},
    GateName.REWARD: {"above": 88_100.0, "pullback": 86_400.0},
    GateName.VOLATILITY: {"atr": 1050.0},
    GateName.CONFIDENCE: {"confidence": 0.5},
    GateName.COOL_DOWN: {"in_ms": 10_800_000.0},
}


def gates_until(blocking: GateName | None) -> tuple[Gate, ...]:
    """All gates; the one named has blocked, and those behind it were not reached."""
    gates, state = [], GateState.PASSED
    for name in GateName:
        if state is GateState.BLOCKED:
            state = GateState.NOT_REACHED
        if name is blocking:
            state = GateState.BLOCKED
        is_blocked = state is GateState.BLOCKED
        numbers = {} if state is GateState.NOT_REACHED else GATE_NUMBERS[name]
        gates.append(Gate(name=name, state=state, numbers=numbers, opens=OPENS[name] if is_blocked else {}))
    return tuple(gates)


def a_full_proposal(instrument: Instrument, price: Decimal, **fields: Any) -> Proposal:
    """A long in which half of the rules speak against it, at a price of that market."""
    half = all_findings(Direction.LONG, float(price))
    findings = tuple(
        replace(one, speaks_for=Direction.SHORT) if place % 2 else one for place, one in enumerate(half)
    )
    step = max(price / 100, instrument.tick * 3)
    usual: dict[str, Any] = {
        "instrument": instrument,
        "price": price,
        "entry_low": price - step / 3,
        "entry_high": price + step / 3,
        "stop": price - step * 2,
        "targets": (price + step * 2, price + step * 4, price + step * 6),
        "findings": findings,
        "gates": gates_until(None),
        "indicators": {
            frame: {name: float(price) for name in (*PRICES.split(), "atr14", "obv", "rsi14")}
            for frame in (Timeframe.M15, Timeframe.H4, Timeframe.D1)
        },
    }
    return a_proposal(**usual | fields)


def some_courses(proposal: Proposal) -> tuple[Course, ...]:
    """The courses that a signal can have, each at another state."""
    entry = float(proposal.entry_high)
    entered: dict[str, Any] = {
        "entry_price": entry,
        "entered_at": NOON + timedelta(hours=1),
        "stop": float(proposal.stop),
    }
    hits = (NOON + timedelta(hours=2), NOON + timedelta(hours=3), NOON + timedelta(days=1, hours=4))
    over: dict[str, Any] = {"ended_at": NOON + timedelta(days=1), "left": 0.0}
    return (
        a_course(stop=float(proposal.stop)),
        a_course(state=SignalState.ACTIVE, **entered),
        a_course(state=SignalState.TP1, **entered | {"stop": entry}, hit_at=hits[:1]),
        a_course(state=SignalState.TP2, **entered | {"stop": entry}, hit_at=hits[:2]),
        a_course(
            state=SignalState.TP3,
            **entered | over | {"exit_price": float(proposal.targets[2]), "result_r": 1.62},
            hit_at=hits,
        ),
        a_course(
            state=SignalState.STOPPED,
            **entered | over | {"exit_price": float(proposal.stop), "result_r": -1.04},
        ),
        a_course(
            state=SignalState.STOPPED,
            **entered | over | {"stop": entry, "exit_price": entry, "result_r": 0.44},
            hit_at=hits[:1],
        ),
        a_course(state=SignalState.EXPIRED, stop=float(proposal.stop), **over),
        a_course(state=SignalState.EXPIRED, **entered | over | {"exit_price": entry, "result_r": -0.08}),
    )


def a_record_row(name: str, *, is_few: bool = False) -> RecordRow:
    """A tally of a thousand signals, or of a few."""
    unknown = is_few or None
    interval = (None, None) if unknown else (Decimal("0.38"), Decimal("0.53"))
    reach = (None, None) if unknown else (Decimal("-0.21"), Decimal("0.11"))
    return RecordRow(
        name=name,
        count=7 if is_few else 12_345,
        is_few=is_few,
        win_rate=Figure(Decimal("0.455"), *interval),
        average_r=Figure(Decimal("-0.052"), *reach),
        profit_factor=None if is_few else Figure(Decimal("0.91"), Decimal("0.7"), Decimal("1.2")),
        best=Decimal("2.9"),
        worst=Decimal("-1.2"),
    )


def signal_values(say: Speech, instrument: Instrument, *, is_bad: bool) -> dict[str, Any]:
    """Values for every screen about signals at once; `is_bad`: over, off, blocked, empty."""
    proposal = a_full_proposal(instrument, Decimal(87_000), confidence=0.55 if is_bad else 0.78)
    signal = a_signal(proposal=proposal)
    if is_bad:
        signal = replace(signal, course=some_courses(proposal)[5])
    blocking = GateName.REWARD if is_bad else None
    gates = barriers_of(gates_until(blocking), instrument.tick)
    lines = lines_of(proposal.findings, None if is_bad else proposal.direction, instrument.tick)
    row = a_record_row(instrument.base, is_few=is_bad)
    return {
        **_card_values(say, signal),
        **_look_values(is_bad=is_bad),
        "gates": gates,
        "barrier": gates[3] if is_bad else None,
        "stopped_at": 4 if is_bad else None,
        "proposal": proposal,
        "number": None if is_bad else 12,
        "findings": lines,
        "held": 7,
        "by_frame": [("4h", lines)],
        "snapshot": [] if is_bad else [("4h", [("rsi14", instrument.base)])],
        "listed": []
        if is_bad
        else [(signal, True, Decimal("0.78"), "3 h"), (signal, False, Decimal("0.6"), "1 d")],
        "mine": 1,
        "is_off": is_bad,
        "overall": None if is_bad else row,
        "by_fate": [row, a_record_row("pushed", is_few=is_bad)],
        "groups": [row, a_record_row(instrument.base, is_few=True)],
        "tab": "coin",
        "followed": 0 if is_bad else 3,
        **_filter_values(instrument.base, is_bad=is_bad),
    }


def _card_values(say: Speech, signal: Signal) -> dict[str, Any]:
    return {
        "signal": signal,
        "course": signal.course,
        "state_of": state_values(say, signal),
        "levels": level_rows(signal.proposal),
        "costs": costs_of(signal.proposal),
        **evidence_values(signal.proposal),
    }


def _look_values(*, is_bad: bool) -> dict[str, Any]:
    return {
        "asked": Timeframe.D1 if is_bad else None,
        "entries": [one.value for one in ENTRY_FRAMES],
        "direction": None if is_bad else Direction.LONG,
        "spot_price": Decimal(87_000),
        "strength": 63,
        "reward": Decimal(2),
    }


def _filter_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    wanted = SignalFilter(only_watched=is_bad, is_on=not is_bad, strong_only=not is_bad)
    return {
        "wanted": wanted,
        "strong": Decimal("0.7"),
        "coins": [] if is_bad else [hostile],
        "watched": 0 if is_bad else 2,
        "muted": [(hostile, "12:00")],
        "is_quiet": is_bad,
    }
