"""The gates between evidence and a signal, asked in order; the first that blocks ends the asking.

`opens` of a blocked gate: `above` and `below` are prices to be passed, `pullback` one to come back to,
`trend`, `triggers`, `confidence` and `atr` what a figure has to come to, `in_ms` a time to wait. Passing
`above` or `below` is the least that has to happen; the rules look again at the next close.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.decision import TREND_FRAMES, View
from engines.signals.evidence import Gate, GateName, GateState
from engines.signals.levels import Levels, plan
from engines.signals.proposal import LEAST_STORED
from engines.signals.weighing import Weight

_HOUR_MS: Final = 3_600_000
_MOST_BEHIND: Final = 1
"""Bars that a trend timeframe may lack: a candle with a hole in it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Where the gates stand.

    `stalest_s`: age of the newest candle. `least_trend`: of -1 to 1. `least_triggers`: points of events that
    start a trade. `most_volatility`: ATR over its norm. `strong_touches`: from how many touches on a level
    stands in the way of targets.
    """

    stalest_s: float = 60.0
    least_trend: float = 0.25
    least_triggers: float = 2.0
    least_reward: float = 2.0
    most_volatility: float = 3.0
    least_confidence: float = LEAST_STORED
    cool_down_ms: int = 4 * _HOUR_MS
    strong_touches: int = 3


PARAMS: Final = Params()


class Case:
    """What the gates are asked about."""

    def __init__(self, view: View, entry: Timeframe, weight: Weight, params: Params) -> None:
        self.view, self.timeframe, self.weight, self.params = view, entry, weight, params

    @property
    def frame(self) -> Frame:
        """Of the entry timeframe. Raises `KeyError` where there is none: the data gate is asked first."""
        return self.view.frames[self.timeframe]

    @property
    def direction(self) -> Direction:
        """Which the trend gate has found."""
        assert self.weight.direction is not None, "the trend gate is asked first"
        return self.weight.direction

    @cached_property
    def levels(self) -> Levels | None:
        """`None` on too coarse a grid."""
        return plan(self.view.instrument, self.direction, self.frame, self._strong())

    def _strong(self) -> list[float]:
        """Prices that were touched often, on the entry timeframe and on four hours."""
        known = [self.view.frames[timeframe].swings for timeframe in (self.timeframe, Timeframe.H4)]
        return [
            price
            for swings in known
            for price in swings[swings[:, 1] >= self.params.strong_touches, 0].tolist()
        ]


def ask(case: Case) -> tuple[Gate, ...]:
    """All gates in order; those after a blocked one are not reached."""
    gates: list[Gate] = []
    is_blocked = False
    for name, check in _CHECKS.items():
        gate = Gate(name=name, state=GateState.NOT_REACHED) if is_blocked else check(case)
        is_blocked = is_blocked or gate.state is GateState.BLOCKED
        gates.append(gate)
    return tuple(gates)


def ask_one(case: Case, name: GateName) -> Gate:
    """One gate alone; those that it relies on must have passed."""
    return _CHECKS[name](case)


def _gate(
    name: GateName, is_open: bool, numbers: Mapping[str, float], opens: Callable[[], Mapping[str, float]]
) -> Gate:
    if is_open:
        return Gate(name=name, state=GateState.PASSED, numbers=numbers)
    return Gate(name=name, state=GateState.BLOCKED, numbers=numbers, opens=opens())


def _data(case: Case) -> Gate:
    """Young enough, every timeframe there and not behind, and the entry's ATR known."""
    params, view = case.params, case.view
    numbers = {"age_s": view.data_age_s, "most_s": params.stalest_s}
    for timeframe in (case.timeframe, *TREND_FRAMES):
        lack = _lack(view, timeframe, is_entry=timeframe is case.timeframe)
        if lack is not None:
            numbers[f"{lack}_{timeframe}"] = 1.0
    is_open = len(numbers) == 2 and view.data_age_s <= params.stalest_s
    return _gate(GateName.DATA, is_open, numbers, lambda: {"age_s": params.stalest_s})


def _lack(view: View, timeframe: Timeframe, *, is_entry: bool) -> str | None:
    """What is wrong with a frame: it is `missing`, `late`, or `warming` up. That of the entry has to be the
    last one that closed."""
    frame = view.frames.get(timeframe)
    if frame is None:
        return "missing"
    behind = 0 if is_entry else _MOST_BEHIND
    if view.now_ms - frame.closed_ms >= (1 + behind) * timeframe.ms:
        return "late"
    norm = frame.value("atr_norm") if is_entry else 0.0
    return None if norm == norm and frame.value("atr14") > 0 else "warming"


def _trend(case: Case) -> Gate:
    weight, least = case.weight, case.params.least_trend
    numbers = {f"trend_{timeframe}": value for timeframe, value in weight.trends.items()}
    numbers |= {"trend": weight.trend, "least": least}
    is_open = weight.direction is not None
    return _gate(GateName.TREND, is_open, numbers, lambda: {"trend": least, **_long_averages(case)})


def _long_averages(case: Case) -> dict[str, float]:
    """The nearest long averages above and below the price: what a close beyond would change."""
    price = case.frame.close
    averages = [case.view.frames[timeframe].value("ema200") for timeframe in TREND_FRAMES]
    above = [value for value in averages if value > price]
    below = [value for value in averages if value < price]
    nearest = {"above": min(above, default=None), "below": max(below, default=None)}
    return {name: value for name, value in nearest.items() if value is not None}


def _entry(case: Case) -> Gate:
    points = case.direction.sign * case.weight.triggers
    least = case.params.least_triggers
    numbers = {"triggers": points, "least": least}
    return _gate(GateName.ENTRY, points >= least, numbers, lambda: _entry_opens(case, least))


def _entry_opens(case: Case, least: float) -> dict[str, float]:
    """A pullback to the average or a break of the next level would be an event."""
    frame, is_long = case.frame, case.direction is Direction.LONG
    ema21 = frame.value("ema21")
    level = frame.value("resistance" if is_long else "support")
    opens = {"triggers": least}
    if case.direction.sign * (frame.close - ema21) > 0:
        opens["pullback"] = ema21
    if level == level:
        opens["above" if is_long else "below"] = level
    return opens


def _reward(case: Case) -> Gate:
    levels, least = case.levels, case.params.least_reward
    if levels is None:
        tick = float(case.view.instrument.tick)
        return _gate(GateName.REWARD, False, {"least": least, "tick": tick}, dict)
    numbers = {"risk_reward": levels.risk_reward, "least": least}
    if levels.obstacle is not None:
        numbers["obstacle"] = levels.obstacle
    return _gate(GateName.REWARD, levels.risk_reward >= least, numbers, lambda: _reward_opens(case, levels))


def _reward_opens(case: Case, levels: Levels) -> dict[str, float]:
    """A close beyond the obstacle, or an entry from which the same risk leaves room in front of it."""
    if levels.obstacle is None:
        return {}
    middle = float(levels.entry_low + levels.entry_high) / 2
    lacking = (case.params.least_reward - levels.risk_reward) * abs(middle - float(levels.stop))
    opens = {"above" if case.direction is Direction.LONG else "below": levels.obstacle}
    pullback = middle - case.direction.sign * lacking
    return {**opens, "pullback": pullback} if pullback > 0 else opens


def _volatility(case: Case) -> Gate:
    atr, norm = case.frame.value("atr14"), case.frame.value("atr_norm")
    most = case.params.most_volatility
    numbers = {"atr": atr, "norm": norm, "ratio": atr / norm, "most": most}
    return _gate(GateName.VOLATILITY, atr <= most * norm, numbers, lambda: {"atr": most * norm})


def _confidence(case: Case) -> Gate:
    confidence, least = case.weight.confidence, case.params.least_confidence
    numbers = {"confidence": confidence, "least": least}
    return _gate(GateName.CONFIDENCE, confidence >= least, numbers, lambda: {"confidence": least})


def _cool_down(case: Case) -> Gate:
    last_ms, wait_ms = case.view.last_signal_ms, case.params.cool_down_ms
    if last_ms is None:
        return _gate(GateName.COOL_DOWN, True, {"least_ms": float(wait_ms)}, dict)
    since_ms = case.view.now_ms - last_ms
    numbers = {"since_ms": float(since_ms), "least_ms": float(wait_ms)}
    is_open = since_ms >= wait_ms
    return _gate(GateName.COOL_DOWN, is_open, numbers, lambda: {"in_ms": float(wait_ms - since_ms)})


_CHECKS: Final[Mapping[GateName, Callable[[Case], Gate]]] = {
    GateName.DATA: _data,
    GateName.TREND: _trend,
    GateName.ENTRY: _entry,
    GateName.REWARD: _reward,
    GateName.VOLATILITY: _volatility,
    GateName.CONFIDENCE: _confidence,
    GateName.COOL_DOWN: _cool_down,
}
