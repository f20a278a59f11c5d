"""What the rules say of a market when bars of it close: one signal at most.

The desk, the study of history and the strategy of technical signals look at a close here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engines.core.timeframe import Timeframe
from engines.signals.decision import Decision, View, surest
from engines.signals.gates import PARAMS, Params
from engines.signals.proposal import Proposal
from engines.signals.rules import decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a market at a close: what was seen and what was decided."""

    view: View
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """One look a timeframe that closed, and the signal that is made of them."""

    looks: tuple[Look, ...]
    signal: Proposal | None


def at_close(view: View, closing: Sequence[Timeframe], params: Params = PARAMS) -> Closing:
    """What is decided where bars of the timeframes `closing` have closed at `view.now_ms`.

    The surest proposal makes the signal; the others are looked at once more, for it has just been made.
    """
    decisions = [decide(view, timeframe, params) for timeframe in closing]
    best = surest(decisions)
    if best is None:
        return Closing(looks=tuple(Look(view=view, decision=one) for one in decisions), signal=None)
    rested = replace(view, last_signal_ms=view.now_ms)
    looks = (
        Look(view=view, decision=one)
        if one is best or one.proposal is None
        else Look(view=rested, decision=decide(rested, one.timeframe, params))
        for one in decisions
    )
    return Closing(looks=tuple(looks), signal=best.proposal)
