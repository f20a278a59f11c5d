"""Points of parameters tried on stretches of recorded markets, each market by itself.

What is tried on a stretch is given no bar that ends after it: what is chosen there did not see what came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.metrics.measure import measure
from engines.simulate.choosing import Figures
from engines.simulate.figures import figures
from engines.simulate.history import History, RecordedMarket
from engines.simulate.running import Runner, runner
from engines.simulate.stitching import Outcome
from engines.simulate.terms import OPEN_LIMITS, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A market, by its place, from `start_ms` until before `stop_ms`. Bars before the start warm up."""

    market: int
    start_ms: int
    stop_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One point of parameters on one stretch; under the limits of the terms where it `is_gated`. Where it
    `is_daily` the account is looked at once a day, which is quicker: drawdowns and exposure are of closes of
    days then, all else is the same."""

    stretch: Stretch
    params: Any
    is_gated: bool = False
    is_daily: bool = False


class Ground:
    """What points are tried on: markets, the name of the strategy, and the terms. Handed to other processes
    without what it remembers."""

    def __init__(self, markets: Sequence[RecordedMarket], strategy: str, terms: Terms) -> None:
        self.markets, self.strategy, self.terms = tuple(markets), strategy, terms
        self._idle: dict[tuple[Stretch, bool, bool], Runner] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Ground, (self.markets, self.strategy, self.terms)

    def outcomes(
        self, stretch: Stretch, points: Sequence[Any], *, is_gated: bool = False, is_daily: bool = False
    ) -> Iterator[Outcome]:
        """What each point came to, in order. Raises `ValueError` for a history that cannot be played."""
        # taken out while it is used: threads of one process must not share what a runner remembers
        key = stretch, is_gated, is_daily
        play = self._idle.pop(key, None) or self._runner(*key)
        for point in points:
            yield play(point)
        self._idle = {key: play}

    def _runner(self, stretch: Stretch, is_gated: bool, is_daily: bool) -> Runner:
        market = until(self.markets[stretch.market], stretch.stop_ms)
        history = History(markets=(market,), start_ms=stretch.start_ms, stop_ms=stretch.stop_ms)
        terms = self.terms if is_gated else replace(self.terms, limits=OPEN_LIMITS)
        return runner(history, self.strategy, terms, is_gated=is_gated, is_daily=is_daily)


def tried(ground: Ground, trials: Sequence[Trial]) -> list[Figures]:
    """The figures of each trial, in order; neighbours on the same stretch are tried together."""
    return [
        figured(ground, first.stretch, outcome)
        for first, points in _together(trials)
        for outcome in ground.outcomes(
            first.stretch, points, is_gated=first.is_gated, is_daily=first.is_daily
        )
    ]


def figured(ground: Ground, stretch: Stretch, outcome: Outcome) -> Figures:
    """The figures of an outcome. Raises `ValueError` for a stretch without bars."""
    curve, rounds = outcome
    if not len(curve.time_ms):
        symbol = ground.markets[stretch.market].instrument.symbol
        raise ValueError(f"{symbol}: a part of the time has no bars at all; choose --from and --to within")
    opening = float(ground.terms.opening)
    return figures(measure(curve, rounds, opening=opening, start_ms=stretch.start_ms))


def until(market: RecordedMarket, stop_ms: int) -> RecordedMarket:
    """`market` as it was known at `stop_ms`: only candles that had closed by then, and what was settled."""
    fundings, delisted_ms = market.fundings, market.delisted_ms
    if fundings is not None:
        known = int(fundings.time_ms.searchsorted(stop_ms, side="right"))
        fundings = replace(fundings, time_ms=fundings.time_ms[:known], rate=fundings.rate[:known])
    return replace(
        market,
        series={timeframe: _until(one, timeframe, stop_ms) for timeframe, one in market.series.items()},
        fundings=fundings,
        marks=None if market.marks is None else market.marks.rows(0, _opened(market.marks, stop_ms)),
        delisted_ms=None if delisted_ms is None or delisted_ms > stop_ms else delisted_ms,
    )


def _until(candles: Candles, timeframe: Timeframe, stop_ms: int) -> Candles:
    return candles.closed_before(stop_ms, timeframe.ms)


def _opened(candles: Candles, stop_ms: int) -> int:
    return int(candles.time_ms.searchsorted(stop_ms))


def _together(trials: Sequence[Trial]) -> Iterator[tuple[Trial, list[Any]]]:
    """Neighbours that differ in nothing but their points: the first, and the points."""
    for _, group in groupby(trials, key=lambda trial: (trial.stretch, trial.is_gated, trial.is_daily)):
        neighbours = list(group)
        yield neighbours[0], [trial.params for trial in neighbours]
