"""A close of several timeframes makes one signal at most, and everybody sees the others wait for it."""

from collections.abc import Sequence
from functools import cache

from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from engines.signals.closing import at_close
from engines.signals.decision import ENTRY_FRAMES, View
from engines.signals.evidence import GateName, GateState
from engines.signals.gates import Params
from engines.signals.history import History, histories
from engines.signals.rules import decide
from engines.signals.study import looks
from tests.build.candles import JANUARY_MS
from tests.build.trends import a_trend

ANY = Params(least_confidence=0.0, cool_down_ms=1)
"""Signals of little confidence as well, so that both timeframes have one at a close now and then."""


@cache
def a_history() -> History:
    fives = a_trend(60, start_ms=JANUARY_MS)
    return next(histories("BTCUSDT", resample(fives, Timeframe.H1.ms), fives))


@cache
def views() -> Sequence[View]:
    """What was seen at every full hour, as nobody had made a signal yet."""
    return [
        look.view
        for look in looks(a_history(), params=Params(least_confidence=2.0))
        if look.decision.timeframe is Timeframe.H1
    ]


def proposing(view: View) -> int:
    return sum(decide(view, one, ANY).proposal is not None for one in ENTRY_FRAMES)


def test_where_nobody_proposes_there_is_no_signal_and_every_look_stays() -> None:
    view = next(one for one in views() if proposing(one) == 0)
    closing = at_close(view, ENTRY_FRAMES, ANY)
    assert closing.signal is None
    assert [one.decision.timeframe for one in closing.looks] == list(ENTRY_FRAMES)
    assert {id(one.view) for one in closing.looks} == {id(view)}


def test_of_two_the_surer_is_the_signal_and_the_other_sees_it() -> None:
    both = [one for one in views() if proposing(one) == 2]
    assert both
    for view in both:
        closing = at_close(view, ENTRY_FRAMES, ANY)
        proposals = [decide(view, one, ANY).proposal for one in ENTRY_FRAMES]
        best = max(one.confidence for one in proposals if one is not None)
        [made] = [one.decision.proposal for one in closing.looks if one.decision.proposal is not None]
        assert closing.signal is made
        assert made.confidence == best
        [second] = [one for one in closing.looks if one.decision.proposal is None]
        [gate] = [one for one in second.decision.gates if one.state is GateState.BLOCKED]
        assert (gate.name, second.view.last_signal_ms) == (GateName.COOL_DOWN, view.now_ms)


def test_a_timeframe_alone_decides_by_itself() -> None:
    view = next(one for one in views() if decide(one, Timeframe.H1, ANY).proposal is not None)
    closing = at_close(view, [Timeframe.H1], ANY)
    assert closing.signal == decide(view, Timeframe.H1, ANY).proposal
    assert len(closing.looks) == 1
