"""The daily screen: which markets are worth a look today, in order, and why."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from engines.core.side import Direction
from engines.indicators.frame import Frame

WEIGHTS: Final[Mapping[str, float]] = {"trend": 0.40, "setup": 0.25, "volume": 0.20, "volatility": 0.15}
"""What each score counts in the total; together one."""
MOST_REASONS: Final = 3

_DAY, _FOUR_HOURS = 0.6, 0.4  # what the two timeframes count
_IS_A_TREND = 0.34  # of full alignment
_STACK = ("close", "ema21", "ema50", "ema200")
_ADX_NONE, _ADX_FULL = 15.0, 40.0
_RSI_BACK = (20.0, 35.0, 50.0, 75.0)  # in the trend's direction: knife, best from, best to, run away
_NOT_TURNING = 0.7
_ATR_USUAL = (0.01, 0.03, 0.08, 0.15)  # of the price a day: dead, enough from, enough to, wild
_WORTH_SAYING = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A market to be ranked, with its last closed day and four hours. `turnover` is that of 24 hours."""

    symbol: str
    turnover: float
    daily: Frame
    four_hours: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Each 0 to 100. `trend`: how aligned and strong on 1d and 4h; `setup`: whether the RSI offers a place
    to join it; `volume`: against its average, 50 is usual; `volatility`: whether a day moves enough, and
    not wildly."""

    trend: float
    setup: float
    volume: float
    volatility: float

    @property
    def total(self) -> float:
        """All of them by `WEIGHTS`."""
        return float(sum(weight * getattr(self, name) for name, weight in WEIGHTS.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Something that speaks for a market: `code` names the words, `numbers` are the figures in them."""

    code: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A market with its scores, and two or three reasons, the weightiest first. `direction` is the trend's,
    `None` where there is none."""

    symbol: str
    turnover: float
    direction: Direction | None
    scores: Scores
    reasons: tuple[Reason, ...]

    @property
    def total(self) -> float:
        """0 to 100."""
        return self.scores.total


def rank(candidates: Iterable[Candidate], most: int) -> Sequence[Pick]:
    """The best `most`, the best first; equals by turnover, then by name. Markets too young for their
    averages, or without volume, are left out."""
    picks = [pick for one in candidates if (pick := judge(one)) is not None]
    return sorted(picks, key=lambda pick: (-round(pick.total, 6), -pick.turnover, pick.symbol))[:most]


def judge(candidate: Candidate) -> Pick | None:
    """One market; `None` while what is needed of its indicators is not known."""
    daily, short = candidate.daily, candidate.four_hours
    needed = [frame.value(name) for frame in (daily, short) for name in ("ema50", "rsi14", "atr14", "adx14")]
    relative = _volume(daily, short)
    if relative is None or daily.close <= 0 or not all(map(math.isfinite, needed)):
        return None
    lean = _DAY * _alignment(daily) + _FOUR_HOURS * _alignment(short)
    direction = None if abs(lean) < _IS_A_TREND else Direction.LONG if lean > 0 else Direction.SHORT
    reach = daily.value("atr14") / daily.close
    scores = Scores(
        trend=50 * abs(lean) + 50 * _drive(direction, daily, short),
        setup=_setup(direction, short),
        volume=_clipped(50 + 50 * math.log2(relative)) if relative > 0 else 0.0,
        volatility=100 * _trapezoid(reach, _ATR_USUAL),
    )
    return Pick(
        symbol=candidate.symbol,
        turnover=candidate.turnover,
        direction=direction,
        scores=scores,
        reasons=_reasons(direction, scores, daily, short, relative, reach),
    )


def _alignment(frame: Frame) -> float:
    """How far price and averages stand in the order of a trend: 1 up, -1 down. What is not known yet does
    not count."""
    ladder = [frame.close, *(frame.value(name) for name in _STACK[1:])]
    known = [value for value in ladder if math.isfinite(value)]
    steps = [_sign(upper - lower) for upper, lower in pairwise(known)]
    return sum(steps) / len(steps) if steps else 0.0


def _drive(direction: Direction | None, daily: Frame, short: Frame) -> float:
    """How strong the trend is by ADX, 0 to 1; nothing where the directional index points elsewhere."""
    if direction is None:
        return 0.0
    return _DAY * _strength(direction, daily) + _FOUR_HOURS * _strength(direction, short)


def _strength(direction: Direction, frame: Frame) -> float:
    lead = (frame.value("di_plus") - frame.value("di_minus")) * direction.sign
    share = (frame.value("adx14") - _ADX_NONE) / (_ADX_FULL - _ADX_NONE)
    return min(max(share, 0.0), 1.0) if lead > 0 else 0.0


def _setup(direction: Direction | None, short: Frame) -> float:
    """A pullback that turns scores full; a trend that has run away, or a knife that falls, nothing."""
    if direction is None:
        return 0.0
    score = 100 * _trapezoid(_along(direction, short.value("rsi14")), _RSI_BACK)
    return score if _is_turning(direction, short) else score * _NOT_TURNING


def _along(direction: Direction, rsi: float) -> float:
    """The RSI as one who trades in that direction reads it: a short's 60 is a long's 40."""
    return rsi if direction is Direction.LONG else 100 - rsi


def _is_turning(direction: Direction, short: Frame) -> bool:
    return (short.value("rsi14") - short.earlier("rsi14")) * direction.sign > 0


def _volume(daily: Frame, short: Frame) -> float | None:
    """Volume as a multiple of its average of twenty bars, both timeframes together."""
    usual = daily.value("volume_sma20"), short.value("volume_sma20")
    if not all(math.isfinite(value) and value > 0 for value in usual):
        return None
    return _DAY * daily.volume / usual[0] + _FOUR_HOURS * short.volume / usual[1]


def _reasons(
    direction: Direction | None,
    scores: Scores,
    daily: Frame,
    short: Frame,
    relative: float,
    reach: float,
) -> tuple[Reason, ...]:
    """The weightiest that are worth saying; the two weightiest where fewer are."""
    trend = "no_trend" if direction is None else "trend_up" if direction is Direction.LONG else "trend_down"
    said = {
        "trend": Reason(code=trend, numbers={"adx_1d": daily.value("adx14"), "adx_4h": short.value("adx14")}),
        "setup": Reason(code=_setup_code(direction, short), numbers={"rsi": short.value("rsi14")}),
        "volume": Reason(code="volume", numbers={"times": relative}),
        "volatility": Reason(code=_range_code(reach), numbers={"atr": reach}),
    }
    order = sorted(WEIGHTS, key=lambda name: -WEIGHTS[name] * getattr(scores, name))
    worth = [name for name in order if getattr(scores, name) >= _WORTH_SAYING]
    chosen = worth if len(worth) >= MOST_REASONS - 1 else order[: MOST_REASONS - 1]
    return tuple(said[name] for name in chosen[:MOST_REASONS])


def _setup_code(direction: Direction | None, short: Frame) -> str:
    if direction is None:
        return "rsi"
    _, back, best, _ = _RSI_BACK
    along = _along(direction, short.value("rsi14"))
    if along < back:
        return "deep_pullback"
    if along > best:
        return "running"
    return "pullback_turning" if _is_turning(direction, short) else "pullback"


def _range_code(reach: float) -> str:
    _, enough, most, _ = _ATR_USUAL
    return "calm" if reach < enough else "wild" if reach > most else "moves"


def _trapezoid(value: float, corners: tuple[float, float, float, float]) -> float:
    """0 outside the outer corners, 1 between the inner ones, straight lines between."""
    low, rise, fall, high = corners
    if not low < value < high:
        return 0.0
    return min((value - low) / (rise - low), 1.0, (high - value) / (high - fall))


def _clipped(score: float) -> float:
    return min(max(score, 0.0), 100.0)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
