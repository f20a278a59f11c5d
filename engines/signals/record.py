"""The track record: what signals came to, with how far chance alone may have moved each figure.

Signals cluster: a day's moves make many of them on many coins at once. Intervals therefore come from a block
bootstrap, in which whole weeks are drawn with replacement, and are wider than independent trades would have.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engines.core.candle import FloatArray, IntArray
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.proposal import LEAST_PUSHED
from engines.signals.signal import Signal

WEEK_MS: Final = 7 * 86_400_000
FEWEST_WEEKS: Final = 8
"""Below which weeks there is nothing to draw from, so no interval."""
DRAWS: Final = 2000
_LOW, _HIGH = 0.025, 0.975
_BANDS: Final = (0.5, 0.55, 0.6, LEAST_PUSHED, 0.7, 0.75, 0.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one signal came to: `result_r`, net, in units of the risk; costs took `costs_r` of it."""

    symbol: str
    timeframe: Timeframe
    direction: Direction
    regime: str
    confidence: float
    made_ms: int
    result_r: float
    costs_r: float

    @property
    def is_pushed(self) -> bool:
        """Whether it was sure enough to be told, not only stored."""
        return self.confidence >= LEAST_PUSHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, and where it lies in 95 of 100 draws; `None` for too few weeks."""

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What `count` signals came to. A win is a result above 0. `average_r` is the expectancy: what a signal
    brings in units of its risk. `profit_factor` is what winners won over what losers lost, `None` without
    losers. Results in R, net of costs, which are `average_costs_r` a signal."""

    count: int
    wins: int
    win_rate: Estimate
    average_r: Estimate
    profit_factor: Estimate | None
    average_costs_r: float
    average_win_r: float | None
    average_loss_r: float | None
    best_r: float
    worst_r: float
    total_r: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The tallies of all signals, and of groups by their names; `overall` is `None` before the first end.

    `pushed` has `"pushed"` and `"stored"`, `confidence` bands such as `"0.65-0.70"`.
    """

    overall: Tally | None
    symbols: Mapping[str, Tally] = field(default_factory=dict)
    timeframes: Mapping[str, Tally] = field(default_factory=dict)
    regimes: Mapping[str, Tally] = field(default_factory=dict)
    directions: Mapping[str, Tally] = field(default_factory=dict)
    pushed: Mapping[str, Tally] = field(default_factory=dict)
    confidence: Mapping[str, Tally] = field(default_factory=dict)


def outcome_of(signal: Signal) -> Outcome | None:
    """What a signal came to; `None` while it runs, and for one that was never entered."""
    proposal, course = signal.proposal, signal.course
    if course.result_r is None:
        return None
    return Outcome(
        symbol=proposal.instrument.symbol,
        timeframe=proposal.timeframe,
        direction=proposal.direction,
        regime=proposal.regime,
        confidence=proposal.confidence,
        made_ms=round(proposal.created_at.timestamp() * 1000),
        result_r=course.result_r,
        costs_r=course.gross_r - course.result_r,
    )


def summarise(signals: Iterable[Signal], rng: np.random.Generator) -> Record:
    """The record of signals; those without a result do not count."""
    outcomes = (outcome_of(signal) for signal in signals)
    return record_of([outcome for outcome in outcomes if outcome is not None], rng)


def record_of(outcomes: Sequence[Outcome], rng: np.random.Generator) -> Record:
    """The record of what signals came to. The same `rng` gives the same intervals."""
    if not outcomes:
        return Record(overall=None)

    def by(name: Callable[[Outcome], str]) -> dict[str, Tally]:
        groups: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            groups.setdefault(name(outcome), []).append(outcome)
        return {group: tally(groups[group], rng) for group in sorted(groups)}

    return Record(
        overall=tally(outcomes, rng),
        symbols=by(lambda outcome: outcome.symbol),
        timeframes=by(lambda outcome: outcome.timeframe),
        regimes=by(lambda outcome: outcome.regime),
        directions=by(lambda outcome: outcome.direction),
        pushed=by(lambda outcome: "pushed" if outcome.is_pushed else "stored"),
        confidence=by(lambda outcome: band(outcome.confidence)),
    )


def band(confidence: float) -> str:
    """The band of a confidence, such as `"0.65-0.70"`."""
    edges = (0.0, *_BANDS, 1.0)
    place = sum(confidence >= edge for edge in _BANDS)
    return f"{edges[place]:.2f}-{edges[place + 1]:.2f}"


def tally(outcomes: Sequence[Outcome], rng: np.random.Generator) -> Tally:
    """The figures of at least one outcome. Raises `ValueError` for none."""
    if not outcomes:
        raise ValueError("there is nothing to tally")
    results = np.array([outcome.result_r for outcome in outcomes])
    weeks = _weekly(np.array([outcome.made_ms // WEEK_MS for outcome in outcomes]), results)
    drawn = _draws(weeks, rng) if len(weeks) >= FEWEST_WEEKS else None
    won, lost = results[results > 0], results[results <= 0]
    return Tally(
        count=len(results),
        wins=len(won),
        win_rate=_estimate(weeks, drawn, _WINS, _COUNT),
        average_r=_estimate(weeks, drawn, _SUM, _COUNT),
        profit_factor=_estimate(weeks, drawn, _GAIN, _LOSS) if lost.sum() < 0 else None,
        average_costs_r=float(np.mean([outcome.costs_r for outcome in outcomes])),
        average_win_r=float(won.mean()) if len(won) else None,
        average_loss_r=float(lost.mean()) if len(lost) else None,
        best_r=float(results.max()),
        worst_r=float(results.min()),
        total_r=float(results.sum()),
    )


_COUNT, _WINS, _SUM, _GAIN, _LOSS = range(5)


def _weekly(week: IntArray, results: FloatArray) -> FloatArray:
    """Sums of each week that has signals: all figures are ratios of them."""
    _, place = np.unique(week, return_inverse=True)
    gain, loss = np.maximum(results, 0.0), np.maximum(-results, 0.0)
    columns = (np.ones_like(results), (results > 0).astype(float), results, gain, loss)
    return np.column_stack([np.bincount(place, weights=column) for column in columns])


def _draws(weeks: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The sums of `DRAWS` histories made of as many weeks, drawn with replacement."""
    count = len(weeks)
    return rng.multinomial(count, np.full(count, 1.0 / count), size=DRAWS) @ weeks


def _estimate(weeks: FloatArray, drawn: FloatArray | None, above: int, below: int) -> Estimate:
    total = weeks.sum(axis=0)
    value = float(total[above] / total[below])
    if drawn is None:
        return Estimate(value=value, interval=None)
    sound = drawn[drawn[:, below] > 0]  # a draw without any loser has no profit factor
    low, high = np.quantile(sound[:, above] / sound[:, below], (_LOW, _HIGH)).tolist()
    return Estimate(value=value, interval=(low, high))
