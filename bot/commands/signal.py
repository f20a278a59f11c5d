"""`perpetuum signal`: what the rules say of a market now, with everything that led to it."""

import asyncio
import json
import math
from argparse import Namespace
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot import logs
from bot.commands.workbench import instrument_of, workbench
from bot.outside import build_compiler, build_library
from bot.settings import Settings
from engines.core.moment import utc
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.columns import HOT
from engines.indicators.frame import Frame
from engines.market.timeframes import parse_timeframe
from engines.signals.decision import ENTRY_FRAMES, Decision
from engines.signals.evidence import Finding, Gate, GateState
from engines.signals.proposal import SOURCE, Proposal
from ports.errors import Fatal, Refused, Transient
from services.indicators import Indicators
from services.signalling.looking import Looking

_MARKS = {GateState.PASSED: "✓", GateState.BLOCKED: "✗", GateState.NOT_REACHED: "–"}


def run(settings: Settings, options: Namespace) -> int:
    """Print the decision; 0 also where it is no signal."""
    timeframe = timeframe_of(options.timeframe)
    logs.configure(level="warning", fmt="console", secrets=settings.secrets())
    decision, frames = asyncio.run(look(settings, options.symbol, timeframe))
    if options.json:
        print(json.dumps(as_json(decision, frames), indent=2))
    else:
        print("\n".join(as_text(decision)))
    return 0


def timeframe_of(text: str | None) -> Timeframe | None:
    """The entry timeframe that `text` names. Raises `Fatal`."""
    timeframe = None if text is None else parse_timeframe(text)
    if text is not None and timeframe not in ENTRY_FRAMES:
        raise Fatal(f"--timeframe {text}: signals are made on {' and '.join(ENTRY_FRAMES)}")
    return timeframe


async def look(
    settings: Settings, text: str, timeframe: Timeframe | None
) -> tuple[Decision, Mapping[Timeframe, Frame]]:
    """The decision of this moment and what it rests on; no cool-down, for there is no signal before it.

    Raises `Fatal` for a market that is not there or has no candles, and where the venue does not answer.
    """
    library = build_library()
    indicators = Indicators(library, build_compiler(settings))
    try:
        async with workbench(settings) as bench:
            symbol = (await instrument_of(bench.markets, text)).symbol
            looking = Looking(markets=bench.markets, hot=indicators, clock=bench.clock, last_made=_never)
            return await looking.examine(symbol, timeframe)
    except Refused as error:
        raise Fatal(f"{text} has no candles yet; look at it again when it has traded for a while") from error
    except Transient as error:
        raise Fatal(f"{error}; try again in a moment") from error
    finally:
        await library.close()


async def _never(_: str) -> datetime | None:
    return None


def as_json(decision: Decision, frames: Mapping[Timeframe, Frame]) -> dict[str, Any]:
    """The signal as the specification models it, and what it rests on. Without a signal the direction is
    NEUTRAL, `leans` is where the evidence points, and `blocked_by` names the gate."""
    blocked = _blocked(decision)
    return {
        "symbol": decision.instrument.symbol,
        "direction": "NEUTRAL" if decision.proposal is None else decision.proposal.direction.name,
        "timeframe": decision.timeframe.value,
        "confidence": decision.confidence,
        **_levels(decision.proposal),
        "indicators": {one.value: _indicators(frame) for one, frame in frames.items()},
        "source": SOURCE,
        "price": decision.price,
        "leans": None if decision.direction is None else decision.direction.name,
        "strength": decision.strength,
        "blocked_by": None if blocked is None else blocked.name.value,
        "gates": [_gate(one) for one in decision.gates],
        "findings": [_finding(one) for one in decision.findings],
        "looked_at": utc(decision.at_ms).isoformat(),
    }


def _levels(proposal: Proposal | None) -> dict[str, Any]:
    if proposal is None:
        names = ("entry_price", "stop_loss", "risk_reward", "position_size_pct", "created_at", "expires_at")
        return {**dict.fromkeys(names), "take_profit": []}
    return {
        "entry_price": float(proposal.entry),
        "entry_zone": [float(proposal.entry_low), float(proposal.entry_high)],
        "stop_loss": float(proposal.stop),
        "take_profit": [float(price) for price in proposal.targets],
        "risk_reward": proposal.risk_reward,
        "position_size_pct": proposal.size * 100,
        "risk_pct": proposal.risk * 100,
        "regime": proposal.regime,
        "is_strong": proposal.is_strong,
        "created_at": proposal.created_at.isoformat(),
        "expires_at": proposal.expires_at.isoformat(),
    }


def _indicators(frame: Frame) -> dict[str, float | None]:
    return {"close": frame.close, **_figures(dict(zip(HOT, frame.now.tolist(), strict=True)))}


def _gate(gate: Gate) -> dict[str, Any]:
    numbers, opens = _figures(gate.numbers), _figures(gate.opens)
    return {"gate": gate.name.value, "state": gate.state.value, "numbers": numbers, "opens": opens}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "timeframe": finding.timeframe.value,
        "speaks_for": None if finding.speaks_for is None else finding.speaks_for.name,
        "points": finding.points,
        "numbers": _figures(finding.numbers),
    }


def _figures(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN."""
    return {name: one if math.isfinite(one) else None for name, one in numbers.items()}


def as_text(decision: Decision) -> Iterator[str]:
    """The same for people, line by line."""
    yield f"{decision.instrument.pair} · {decision.timeframe} · {decision.price:.10g}"
    if decision.proposal is None:
        lean = "neither way" if decision.direction is None else decision.direction.value
        yield f"No signal: the evidence leans {lean}, confidence {decision.confidence:.0%}"
    else:
        yield from _signal_lines(decision.proposal)
    yield ""
    for gate in decision.gates:
        told = _told(gate.numbers) + (f" · opens at {_told(gate.opens)}" if gate.opens else "")
        yield f"{_MARKS[gate.state]} {gate.name.value.replace('_', ' ')}{f'   {told}' if told else ''}"
    yield ""
    for one in decision.findings:
        yield f"{_sign(one)} {one.rule.replace('_', ' ')} {one.timeframe}   {_told(one.numbers)}".rstrip()


def _signal_lines(proposal: Proposal) -> Iterator[str]:
    strong = "strong, " if proposal.is_strong else ""
    yield f"{proposal.direction.name}: {strong}confidence {proposal.confidence:.0%}"
    yield f"entry {proposal.entry_low} to {proposal.entry_high}, stop {proposal.stop}"
    yield f"targets {', '.join(str(price) for price in proposal.targets)} · R:R {proposal.risk_reward:.2f}"
    yield f"size {proposal.size:.1%} of the capital, {proposal.risk:.2%} of it at risk"
    yield f"expires {proposal.expires_at:%Y-%m-%d %H:%M} UTC"


def _sign(finding: Finding) -> str:
    return {Direction.LONG: "+", Direction.SHORT: "-", None: "·"}[finding.speaks_for]


def _told(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {one:.6g}" for name, one in numbers.items())


def _blocked(decision: Decision) -> Gate | None:
    return next((gate for gate in decision.gates if gate.state is GateState.BLOCKED), None)
