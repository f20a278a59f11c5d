"""What a run is to be thought of: its figures, their intervals, and what holding would have brought."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from engines.metrics.benchmark import Against, Held, against, held, spread_evenly
from engines.metrics.bootstrap import DRAWS, Interval, Intervals, intervals
from engines.metrics.days import MonthReturn, daily, monthly
from engines.metrics.drawdown import Drawdown, falls
from engines.metrics.measure import Metrics, cagr, measure
from engines.simulate.columns import round_columns
from engines.simulate.history import History, RecordedMarket
from engines.simulate.run import Run

SEED: Final = 7
"""Of the draws behind the intervals, wherever a run is assessed: the same run has the same intervals."""
_BITCOIN: Final = "BTC"
_FALLS: Final = 5


class Standing(StrEnum):
    """Where a figure stands against zero: surely above or below it, or not to be told from it. `UNKNOWN`: the
    run is too short for an interval."""

    ABOVE = "above"
    BELOW = "below"
    UNCLEAR = "unclear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """`holdings` are what the run is measured against, `against` says how, in the same order: first the
    traded markets in equal parts, then Bitcoin where that is something else. None where no candle was.
    `falls` are the deepest, deepest first."""

    metrics: Metrics
    intervals: Intervals
    holdings: tuple[Held, ...]
    against: tuple[Against, ...]
    months: tuple[MonthReturn, ...]
    falls: tuple[Drawdown, ...]

    @property
    def holding(self) -> Against | None:
        """What buying and holding the traded markets came to."""
        return self.against[0] if self.against else None

    @property
    def excess(self) -> float | None:
        """The growth of a year measured in the holding: -0.2, each year it lost a fifth against holding."""
        if self.holding is None:
            return None
        return cagr((1 + self.metrics.roi) / (1 + self.holding.roi), self.metrics.years)

    @property
    def profit(self) -> Standing:
        """Whether the profit is more than luck."""
        return _standing(self.intervals.roi)

    @property
    def lead(self) -> Standing:
        """Whether it grew faster than the holding by more than luck."""
        return _standing(self.intervals.excess)


def assess(run: Run, history: History, *, rng: np.random.Generator, draws: int = DRAWS) -> Assessment:
    """The figures of `run`, and those of holding the markets of `history`. The same `rng` state gives the
    same intervals. Raises `ValueError` for a run without bars."""
    curve, opening = run.curve, float(run.opening)
    start_ms = round(run.start.timestamp() * 1000)
    rounds = round_columns(run.rounds)
    metrics = measure(curve, rounds, opening=opening, start_ms=start_ms)
    holdings = _holdings(run, history, start_ms)
    beside = holdings[0].equity if holdings else None
    return Assessment(
        metrics=metrics,
        intervals=intervals(curve, rounds, opening=opening, rng=rng, holding=beside, draws=draws),
        holdings=holdings,
        against=tuple(against(curve, one, opening=opening, start_ms=start_ms) for one in holdings),
        months=monthly(daily(curve.time_ms, curve.equity, opening), opening),
        falls=falls(curve.time_ms, curve.equity, opening=opening, start_ms=start_ms).worst(_FALLS),
    )


def _holdings(run: Run, history: History, start_ms: int) -> tuple[Held, ...]:
    coins = {market.instrument.base: market for market in reversed(history.markets)}  # spot and perp are one
    found = [(market, _held(market, run, start_ms)) for market in reversed(coins.values())]
    known = [(market.instrument.base, one) for market, one in found if one is not None]
    if len(known) < 2:
        return tuple(one for _, one in known)
    together = spread_evenly(" + ".join(one.name for _, one in known), [one for _, one in known])
    return together, *[one for base, one in known if base == _BITCOIN][:1]


def _held(market: RecordedMarket, run: Run, start_ms: int) -> Held | None:
    return held(
        market.instrument.symbol,
        market.series[market.finest],
        market.finest.ms,
        time_ms=run.curve.time_ms,
        start_ms=start_ms,
        opening=float(run.opening),
    )


def _standing(interval: Interval | None) -> Standing:
    if interval is None:
        return Standing.UNKNOWN
    if interval.low is not None and interval.low > 0:
        return Standing.ABOVE
    if interval.high is not None and interval.high < 0:
        return Standing.BELOW
    return Standing.UNCLEAR
