"""What to do with a market: all rules asked, all gates asked, and a proposal where none of them blocks."""

from decimal import Decimal
from typing import Final

from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.indicators.columns import HOT
from engines.indicators.frame import Frame
from engines.signals.decision import TREND_FRAMES, Decision, View
from engines.signals.evidence import Gate, GateState
from engines.signals.gates import PARAMS, Case, Params, ask
from engines.signals.proposal import Proposal
from engines.signals.regime import regime
from engines.signals.weighing import weigh

EXPIRES_BARS: Final = 8


def decide(view: View, entry: Timeframe, params: Params = PARAMS) -> Decision:
    """What the rules say of `view` for an entry on `entry`, with every finding and every gate.

    The same view gives the same decision, on the desk and on history. Whoever calls it at a close sees to it
    that every candle that closes then is in the view. Raises `ValueError` for a view without any frame: there
    is no price then.
    """
    weight = weigh(view.frames, entry, params.least_trend)
    case = Case(view, entry, weight, params)
    gates = ask(case)
    is_open = all(gate.state is GateState.PASSED for gate in gates)
    return Decision(
        instrument=view.instrument,
        timeframe=entry,
        at_ms=view.now_ms,
        price=_newest(view).close,
        direction=weight.direction,
        confidence=weight.confidence,
        strength=weight.strength,
        findings=weight.findings,
        gates=gates,
        proposal=propose(case, gates) if is_open else None,
    )


def _newest(view: View) -> Frame:
    """The frame that closed last; of several, any: their closes are one price."""
    if not view.frames:
        raise ValueError(f"{view.instrument.symbol}: no frame of any timeframe, so no price")
    return max(view.frames.values(), key=lambda frame: frame.closed_ms)


def propose(case: Case, gates: tuple[Gate, ...]) -> Proposal:
    """The signal of a case whose data and reward gates have passed."""
    view, frame, weight, levels = case.view, case.frame, case.weight, case.levels
    assert levels is not None, "the reward gate has passed"
    return Proposal(
        instrument=view.instrument,
        direction=case.direction,
        timeframe=case.timeframe,
        confidence=weight.confidence,
        price=view.instrument.price(Decimal(repr(frame.close))),
        entry_low=levels.entry_low,
        entry_high=levels.entry_high,
        stop=levels.stop,
        targets=levels.targets,
        risk_reward=levels.risk_reward,
        size=levels.size,
        risk=levels.risk,
        regime=regime(view.frames),
        findings=weight.findings,
        gates=gates,
        indicators={each: _known(view.frames[each]) for each in (case.timeframe, *TREND_FRAMES)},
        created_at=utc(view.now_ms),
        expires_at=utc(frame.closed_ms + EXPIRES_BARS * case.timeframe.ms),
    )


def _known(frame: Frame) -> dict[str, float]:
    return {name: value for name, value in zip(HOT, frame.now.tolist(), strict=True) if value == value}
