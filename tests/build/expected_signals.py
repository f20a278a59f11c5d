"""What the rules alone make of whole candles: the desk has to find the same, however it heard of them."""

from collections.abc import Sequence

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.indicators.hot import HotState
from engines.market.aggregation import resample
from engines.market.plan import COARSE
from engines.signals.decision import ENTRY_FRAMES, View
from engines.signals.proposal import Proposal
from engines.signals.rules import decide


def expected_signals(
    five: Candles, instrument: Instrument, start_ms: int, stop_ms: int, *, is_cooling: bool = True
) -> Sequence[Proposal]:
    """The proposals at closes in `(start_ms, stop_ms]`, of each close the surer one. Not `is_cooling`: as if
    there had been no signal before any of them."""
    whole = {one: resample(five, one.ms) for one in COARSE}
    states, done = {one: HotState() for one in COARSE}, dict.fromkeys(COARSE, 0)
    made: list[Proposal] = []
    first_ms = int(five.time_ms[0]) + Timeframe.M15.ms
    for close_ms in range(first_ms, stop_ms + 1, Timeframe.M15.ms):
        for one, state in states.items():
            closed = len(whole[one].closed_before(close_ms, one.ms))
            state.push(whole[one].rows(done[one], closed))
            done[one] = closed
        if close_ms <= start_ms:
            continue
        view = View(
            instrument=instrument,
            now_ms=close_ms,
            data_age_s=0.0,
            frames={one: frame for one, state in states.items() if (frame := state.frame(one))},
            last_signal_ms=made_ms(made[-1]) if made and is_cooling else None,
        )
        closing = [one for one in ENTRY_FRAMES if close_ms % one.ms == 0]
        proposals = [found for one in closing if (found := decide(view, one).proposal)]
        made += sorted(proposals, key=lambda one: -one.confidence)[:1]
    return made


def made_ms(proposal: Proposal) -> int:
    """When it was made, in UTC milliseconds."""
    return round(proposal.created_at.timestamp() * 1000)
