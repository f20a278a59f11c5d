"""Signals on history: made as the desk makes them, followed to their ends, beside entries at random.

Candles are heard one by one as they close, the rules decide on what is known then, and what came of a signal
is looked up only afterwards. Beside every signal stand some random entries of the same market, timeframe and
month: a direction by the toss of a coin, with levels by the same rules, through the same gates of reward and
volatility, followed in the same way. What signals do better than they is what the rules know.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np

from engines.core.candle import Candles
from engines.core.moment import utc
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.closing import Look, at_close
from engines.signals.course import COSTS, Costs, advance, begin
from engines.signals.decision import ENTRY_FRAMES, TREND_FRAMES, Decision, View
from engines.signals.evidence import GateName, GateState
from engines.signals.gates import PARAMS, Case, Params, ask
from engines.signals.history import Feed, History, histories
from engines.signals.proposal import Proposal
from engines.signals.record import Outcome, outcome_of
from engines.signals.rules import propose
from engines.signals.signal import Course, Signal
from engines.signals.stretch import Stretch
from engines.signals.weighing import weigh

CONTROLS: Final = 3
"""Random entries for each signal."""
_OF_CHANCE: Final = (GateName.DATA, GateName.REWARD, GateName.VOLATILITY)
"""The gates that a random entry has to pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A signal and what came of it; `rules` are the findings that spoke for it, such as `"adx_di 4h"`."""

    outcome: Outcome
    rules: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the study of one history found. `looks` counts what each look ended at: the gate that blocked, or
    `"signal"`. `unentered` signals expired before their entry, `unfinished` ones outlive the recording."""

    trials: Sequence[Trial]
    controls: Sequence[Outcome]
    looks: Mapping[str, int]
    unentered: int
    unfinished: int


def looks(
    history: History, *, start_ms: int | None = None, stop_ms: int | None = None, params: Params = PARAMS
) -> Iterator[Look]:
    """Every look from `start_ms` until before `stop_ms`, in order of time; what came before warms up."""
    series = history.series()
    feeds = {timeframe: Feed(timeframe, candles) for timeframe, candles in series.items()}
    last_signal_ms: int | None = None
    for now_ms, closing in _closes(series):
        frames = {timeframe: feed.hear(now_ms) for timeframe, feed in feeds.items()}
        if (start_ms is not None and now_ms < start_ms) or (stop_ms is not None and now_ms >= stop_ms):
            continue
        view = View(
            instrument=history.instrument,
            now_ms=now_ms,
            data_age_s=0.0,
            frames={each: frame for each, frame in frames.items() if frame is not None},
            last_signal_ms=last_signal_ms,
        )
        closed = at_close(view, closing, params)
        if closed.signal is not None:
            last_signal_ms = now_ms
        yield from closed.looks


def study(
    history: History,
    rng: np.random.Generator,
    *,
    start_ms: int | None = None,
    stop_ms: int | None = None,
    costs: Costs = COSTS,
    params: Params = PARAMS,
) -> Findings:
    """All signals of a history with what came of them, and the random entries beside them."""
    ends: Counter[str] = Counter()
    made: list[Proposal] = []
    drawn: list[Proposal] = []
    every = looks(history, start_ms=start_ms, stop_ms=stop_ms, params=params)
    for _, month in groupby(every, key=lambda look: _month(look.view.now_ms)):
        for timeframe, here in _by_timeframe(month).items():
            ends.update(_end(look.decision) for look in here)
            signals = [look.decision.proposal for look in here if look.decision.proposal is not None]
            made += signals
            drawn += at_random(here, timeframe, CONTROLS * len(signals), rng, params)
    return _findings(history, made, drawn, ends, costs)


def study_market(
    symbol: str,
    hours: Candles,
    fives: Candles | None,
    rng: np.random.Generator,
    *,
    start_ms: int | None = None,
    stop_ms: int | None = None,
) -> list[Findings]:
    """The study of every stretch of one market, in order of time."""
    return [
        study(history, rng, start_ms=start_ms, stop_ms=stop_ms) for history in histories(symbol, hours, fives)
    ]


def at_random(
    month: Sequence[Look], timeframe: Timeframe, count: int, rng: np.random.Generator, params: Params = PARAMS
) -> Sequence[Proposal]:
    """`count` entries at different looks, fewer where there are not so many that can be entered."""
    drawn: list[Proposal] = []
    for place in rng.permutation(len(month)).tolist() if count else ():
        if len(drawn) == count:
            break
        direction = Direction.LONG if rng.random() < 0.5 else Direction.SHORT
        proposal = _entered(month[place], timeframe, direction, params)
        if proposal is not None:
            drawn.append(proposal)
    return drawn


def follow(proposal: Proposal, history: History, costs: Costs = COSTS) -> Course:
    """The course of a signal on the finest candles that begin where it does; live still where they end."""
    course = begin(proposal)
    for stretch in _stretches(_finest(history, course.seen_ms), course.seen_ms):
        course, _ = advance(proposal, course, stretch, costs)
        if not course.state.is_live:
            break
    return course


def _closes(series: Mapping[Timeframe, Candles]) -> Iterator[tuple[int, list[Timeframe]]]:
    """When entry candles close, and which."""
    closing: dict[int, list[Timeframe]] = {}
    for timeframe in ENTRY_FRAMES:
        for close_ms in (series[timeframe].time_ms + timeframe.ms).tolist():
            closing.setdefault(close_ms, []).append(timeframe)
    return iter(sorted(closing.items()))


def _entered(look: Look, timeframe: Timeframe, direction: Direction, params: Params) -> Proposal | None:
    """An entry at that look whatever the rules say; `None` where its levels or its data are no good."""
    view = look.view
    if look.decision.gates[0].state is not GateState.PASSED:
        return None
    weight = replace(weigh(view.frames, timeframe, params.least_trend), direction=direction)
    gates = ask(case := Case(view, timeframe, weight, params, _OF_CHANCE))
    return propose(case, gates) if all(gate.state is GateState.PASSED for gate in gates) else None


def _finest(history: History, start_ms: int) -> tuple[Timeframe, Candles, int]:
    for timeframe, candles in ((Timeframe.M5, history.fives), (Timeframe.H1, history.hours)):
        first = int(np.searchsorted(candles.time_ms, start_ms))
        if first < len(candles) and candles.time_ms[first] == start_ms:
            return timeframe, candles, first
    return Timeframe.H1, history.hours, int(np.searchsorted(history.hours.time_ms, start_ms))


def _stretches(source: tuple[Timeframe, Candles, int], start_ms: int) -> Iterator[Stretch]:
    timeframe, candles, first = source
    for row in range(first, len(candles)):
        open_ms = int(candles.time_ms[row])
        yield Stretch(
            start_ms=open_ms,
            at_ms=open_ms + timeframe.ms,
            open=float(candles.open[row]),
            high=float(candles.high[row]),
            low=float(candles.low[row]),
            close=float(candles.close[row]),
        )


def _findings(
    history: History,
    made: Sequence[Proposal],
    drawn: Sequence[Proposal],
    ends: Counter[str],
    costs: Costs,
) -> Findings:
    courses = [follow(proposal, history, costs) for proposal in made]
    trials = [
        Trial(outcome=outcome, rules=_spoke_for(proposal))
        for proposal, course in zip(made, courses, strict=True)
        if (outcome := _outcome(proposal, course)) is not None
    ]
    controls = (_outcome(proposal, follow(proposal, history, costs)) for proposal in drawn)
    unfinished = sum(course.state.is_live for course in courses)
    return Findings(
        trials=trials,
        controls=[outcome for outcome in controls if outcome is not None],
        looks=dict(ends),
        unentered=len(made) - len(trials) - unfinished,
        unfinished=unfinished,
    )


def _outcome(proposal: Proposal, course: Course) -> Outcome | None:
    return outcome_of(Signal(id=0, proposal=proposal, course=course))


def _spoke_for(proposal: Proposal) -> frozenset[str]:
    return frozenset(
        finding.rule if finding.timeframe not in TREND_FRAMES else f"{finding.rule} {finding.timeframe}"
        for finding in proposal.findings
        if finding.speaks_for is proposal.direction
    )


def _end(decision: Decision) -> str:
    blocked = (gate.name.value for gate in decision.gates if gate.state is GateState.BLOCKED)
    return next(blocked, "signal")


def _by_timeframe(month: Iterable[Look]) -> Mapping[Timeframe, list[Look]]:
    found: dict[Timeframe, list[Look]] = {}
    for look in month:
        found.setdefault(look.decision.timeframe, []).append(look)
    return found


def _month(time_ms: int) -> tuple[int, int]:
    at = utc(time_ms)
    return at.year, at.month
