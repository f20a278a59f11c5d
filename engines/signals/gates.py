"""The gates between evidence and a signal, asked in order; the first that blocks ends the asking.

`opens` of a blocked gate: `above` and `below` are prices to be passed, `pullback` one to come back to,
`trend`, `triggers`, `confidence` and `atr` what a figure has to come to, `in_ms` a time to wait. Passing
`above` or `below` is the least that has to happen; the rules look again at the next close.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from engines.core.candle import FloatArray
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.cells import cells_of
from engines.indicators.frame import Frame
from engines.signals.decision import TREND_FRAMES, View
from engines.signals.evidence import Gate, GateName, GateState
from engines.signals.grid import grid_of
from engines.signals.judging import Bounds, Judged, Moment, judged, lacking, masked
from engines.signals.levels import Levels, levels_of
from engines.signals.proposal import LEAST_STORED
from engines.signals.weighing import Weight

_HOUR_MS: Final = 3_600_000


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

    @property
    def bounds(self) -> Bounds:
        """The same for what is compiled."""
        return Bounds(
            stalest_s=float(self.stalest_s),
            least_trend=float(self.least_trend),
            least_triggers=float(self.least_triggers),
            least_reward=float(self.least_reward),
            most_volatility=float(self.most_volatility),
            least_confidence=float(self.least_confidence),
            cool_down_ms=self.cool_down_ms,
            strong_touches=self.strong_touches,
        )


PARAMS: Final = Params()


class Case:
    """What the gates are asked about: those of `asked`, all of them unless said otherwise."""

    def __init__(
        self,
        view: View,
        entry: Timeframe,
        weight: Weight,
        params: Params,
        asked: Collection[GateName] = tuple(GateName),
    ) -> None:
        self.view, self.timeframe, self.weight, self.params = view, entry, weight, params
        self.asked = asked

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
    def lacks(self) -> Mapping[Timeframe, int]:
        """What is wrong with each frame."""
        entry, four_hours, day = self._cells
        found = lacking(entry, four_hours, day, self.timeframe.ms, self.view.now_ms)
        return dict(zip((self.timeframe, *TREND_FRAMES), found, strict=True))

    @cached_property
    def judged(self) -> Judged:
        """What the gates say."""
        view, weight = self.view, self.weight
        last_ms = view.last_signal_ms
        entry, four_hours, _ = self._cells
        return judged(
            entry,
            four_hours,
            not any(self.lacks.values()),
            Moment(
                now_ms=view.now_ms,
                age_s=float(view.data_age_s),
                has_signal=last_ms is not None,
                signal_ms=last_ms or 0,
            ),
            0 if weight.direction is None else weight.direction.sign,
            weight.triggers,
            weight.confidence,
            self.params.bounds,
            grid_of(view.instrument),
            masked(self.asked),
        )

    @property
    def _cells(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        frames = self.view.frames
        entry, four_hours, day = (cells_of(frames.get(each)) for each in (self.timeframe, *TREND_FRAMES))
        return entry, four_hours, day

    @cached_property
    def levels(self) -> Levels | None:
        """Once the gates before that of the reward have passed; `None` on too coarse a grid."""
        return levels_of(self.judged.ladder, self.view.instrument, self.direction)


def ask(case: Case) -> tuple[Gate, ...]:
    """The gates in order; those after a blocked one are not reached."""
    return tuple(_gate(case, place, name) for place, name in enumerate(GateName) if name in case.asked)


def _gate(case: Case, place: int, name: GateName) -> Gate:
    blocked = case.judged.blocked
    if place > blocked:
        return Gate(name=name, state=GateState.NOT_REACHED)
    numbers = _NUMBERS[name](case)
    if place < blocked:
        return Gate(name=name, state=GateState.PASSED, numbers=numbers)
    return Gate(name=name, state=GateState.BLOCKED, numbers=numbers, opens=_OPENS[name](case))


_LACKS: Final = ("", "missing", "late", "warming")


def _data(case: Case) -> dict[str, float]:
    """The age, and what is wrong with a frame: it is `missing`, `late`, or `warming` up."""
    numbers = {"age_s": case.view.data_age_s, "most_s": case.params.stalest_s}
    for timeframe, lack in case.lacks.items():
        if lack:
            numbers[f"{_LACKS[lack]}_{timeframe}"] = 1.0
    return numbers


def _trend(case: Case) -> dict[str, float]:
    weight = case.weight
    numbers = {f"trend_{timeframe}": value for timeframe, value in weight.trends.items()}
    return {**numbers, "trend": weight.trend, "least": case.params.least_trend}


def _long_averages(case: Case) -> dict[str, float]:
    """The nearest long averages above and below the price: what a close beyond would change."""
    price = case.frame.close
    averages = [case.view.frames[timeframe].value("ema200") for timeframe in TREND_FRAMES]
    above = [value for value in averages if value > price]
    below = [value for value in averages if value < price]
    nearest = {"above": min(above, default=None), "below": max(below, default=None)}
    return {name: value for name, value in nearest.items() if value is not None}


def _entry(case: Case) -> dict[str, float]:
    return {"triggers": case.direction.sign * case.weight.triggers, "least": case.params.least_triggers}


def _entry_opens(case: Case) -> dict[str, float]:
    """A pullback to the average or a break of the next level would be an event."""
    frame, is_long = case.frame, case.direction is Direction.LONG
    ema21 = frame.value("ema21")
    level = frame.value("resistance" if is_long else "support")
    opens = {"triggers": case.params.least_triggers}
    if case.direction.sign * (frame.close - ema21) > 0:
        opens["pullback"] = ema21
    if level == level:
        opens["above" if is_long else "below"] = level
    return opens


def _reward(case: Case) -> dict[str, float]:
    levels, least = case.levels, case.params.least_reward
    if levels is None:
        return {"least": least, "tick": float(case.view.instrument.tick)}
    numbers = {"risk_reward": levels.risk_reward, "least": least}
    if levels.obstacle is not None:
        numbers["obstacle"] = levels.obstacle
    return numbers


def _reward_opens(case: Case) -> dict[str, float]:
    """A close beyond the obstacle, or an entry from which the same risk leaves room in front of it."""
    levels = case.levels
    if levels is None or levels.obstacle is None:
        return {}
    middle = float(levels.entry_low + levels.entry_high) / 2
    lacking = (case.params.least_reward - levels.risk_reward) * abs(middle - float(levels.stop))
    opens = {"above" if case.direction is Direction.LONG else "below": levels.obstacle}
    pullback = middle - case.direction.sign * lacking
    return {**opens, "pullback": pullback} if pullback > 0 else opens


def _volatility(case: Case) -> dict[str, float]:
    atr, norm = case.frame.value("atr14"), case.frame.value("atr_norm")
    return {"atr": atr, "norm": norm, "ratio": atr / norm, "most": case.params.most_volatility}


def _confidence(case: Case) -> dict[str, float]:
    return {"confidence": case.weight.confidence, "least": case.params.least_confidence}


def _cool_down(case: Case) -> dict[str, float]:
    last_ms, least_ms = case.view.last_signal_ms, float(case.params.cool_down_ms)
    if last_ms is None:
        return {"least_ms": least_ms}
    return {"since_ms": float(case.view.now_ms - last_ms), "least_ms": least_ms}


def _rest(case: Case) -> dict[str, float]:
    numbers = _cool_down(case)
    return {"in_ms": numbers["least_ms"] - numbers["since_ms"]}


_NUMBERS: Final[Mapping[GateName, Callable[[Case], Mapping[str, float]]]] = {
    GateName.DATA: _data,
    GateName.TREND: _trend,
    GateName.ENTRY: _entry,
    GateName.REWARD: _reward,
    GateName.VOLATILITY: _volatility,
    GateName.CONFIDENCE: _confidence,
    GateName.COOL_DOWN: _cool_down,
}
_OPENS: Final[Mapping[GateName, Callable[[Case], Mapping[str, float]]]] = {
    GateName.DATA: lambda case: {"age_s": case.params.stalest_s},
    GateName.TREND: lambda case: {"trend": case.params.least_trend, **_long_averages(case)},
    GateName.ENTRY: _entry_opens,
    GateName.REWARD: _reward_opens,
    GateName.VOLATILITY: lambda case: {"atr": case.params.most_volatility * case.frame.value("atr_norm")},
    GateName.CONFIDENCE: lambda case: {"confidence": case.params.least_confidence},
    GateName.COOL_DOWN: _rest,
}
