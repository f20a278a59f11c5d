"""A strategy on many possible futures: each path goes on from where the recorded markets stood last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain, overlay
from engines.market.derive import completed
from engines.metrics.measure import measure
from engines.simulate.choosing import Figures
from engines.simulate.figures import figures
from engines.simulate.history import History, RecordedMarket
from engines.simulate.paths.bootstrap import Reel, bootstrap_paths
from engines.simulate.paths.gbm import Gbm, Path, gbm_path
from engines.simulate.running import runner
from engines.simulate.terms import Terms

MOMENTS: Final = 120
"""Of a path that are kept for a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dice:
    """Where paths come from: made up by `models` (one a market), or drawn from `reel` in blocks of
    `mean_block` bars on average."""

    models: tuple[Gbm, ...] = ()
    reel: Reel | None = None
    mean_block: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """`markets` are recorded, up to `start_ms`; their last bars warm up. Paths have `bars` bars of
    `timeframe`, the finest of them. Path `n` of the same `seed` is always the same, whoever makes it."""

    markets: tuple[RecordedMarket, ...]
    timeframe: Timeframe
    start_ms: int
    bars: int
    dice: Dice
    seed: int

    @property
    def stop_ms(self) -> int:
        """The end of every path."""
        return self.start_ms + self.bars * self.timeframe.ms

    def path(self, number: int) -> tuple[RecordedMarket, ...]:
        """The markets of path `number`, with what warms up before it."""
        # the child that SeedSequence(seed).spawn() would give at this place
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number,)))
        return tuple(
            _joined(market, path, self.timeframe, self.start_ms)
            for market, path in zip(self.markets, self._paths(rng), strict=True)
        )

    def _paths(self, rng: np.random.Generator) -> Sequence[Path]:
        dice = self.dice
        if dice.reel is not None:
            return bootstrap_paths(
                dice.reel, rng, start_ms=self.start_ms, bars=self.bars, mean_block=dice.mean_block
            )
        return [
            gbm_path(
                model,
                market.instrument,
                own,
                start_ms=self.start_ms,
                bars=self.bars,
                length_ms=self.timeframe.ms,
            )
            for market, model, own in zip(self.markets, dice.models, rng.spawn(len(dice.models)), strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One strategy with its parameters, to be sent down the paths of a future; under the limits of the terms
    where it `is_gated`."""

    future: Future
    strategy: str
    params: Any
    terms: Terms
    is_gated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What one path came to: its figures, and account and market over time, each by what it began with."""

    figures: Figures
    equity: Sequence[float]
    market: Sequence[float]


def walked(walk: Walk, number: int) -> Walked:
    """Path `number`. The market is that of equal parts of all that are traded."""
    future, opening = walk.future, float(walk.terms.opening)
    markets = future.path(number)
    history = History(markets=markets, start_ms=future.start_ms, stop_ms=future.stop_ms)
    play = runner(history, walk.strategy, walk.terms, is_gated=walk.is_gated, is_shared=False)
    curve, rounds = play(walk.params)
    at_ms = moments(future.start_ms, future.stop_ms)
    holding = np.mean([held(one, future.timeframe, future.start_ms, at_ms) for one in markets], axis=0)
    return Walked(
        figures=figures(measure(curve, rounds, opening=opening, start_ms=future.start_ms)),
        equity=_told(_at(curve.time_ms, curve.equity / opening, at_ms)),
        market=_told(holding),
    )


def tails(market: RecordedMarket, bars: int) -> RecordedMarket:
    """`market` with only its last `bars` candles of each timeframe, nothing settled and nothing marked."""
    series = {timeframe: one.rows(max(len(one) - bars, 0)) for timeframe, one in market.series.items()}
    return RecordedMarket(instrument=market.instrument, series=series)


def moments(start_ms: int, stop_ms: int, count: int = MOMENTS) -> IntArray:
    """Moments over which paths are compared, the end among them."""
    return np.linspace(start_ms, stop_ms, count + 1)[1:].astype(np.int64)


def held(market: RecordedMarket, timeframe: Timeframe, start_ms: int, at_ms: IntArray) -> FloatArray:
    """The price at each moment, by that at `start_ms`."""
    candles = market.series[timeframe]
    closes = candles.time_ms + timeframe.ms
    first = int(closes.searchsorted(start_ms, side="right"))
    base = candles.close[first - 1] if first else candles.open[0]
    return _at(closes[first:], candles.close[first:] / base, at_ms)


def _at(time_ms: IntArray, values: FloatArray, at_ms: IntArray) -> FloatArray:
    """The last value at or before each moment; 1 before the first."""
    places = np.searchsorted(time_ms, at_ms, side="right") - 1
    return np.where(places < 0, 1.0, values[np.maximum(places, 0)])


def _told(values: FloatArray) -> list[float]:
    """Short enough for a file of many thousand paths."""
    return [float(f"{value:.7g}") for value in values.tolist()]


def _joined(market: RecordedMarket, path: Path, finest: Timeframe, start_ms: int) -> RecordedMarket:
    fine = chain([market.series[finest].closed_before(start_ms, finest.ms), path.candles])
    series: dict[Timeframe, Candles] = {finest: fine}
    for timeframe, recorded in market.series.items():
        if timeframe is not finest:
            series[timeframe] = overlay(
                recorded.closed_before(start_ms, timeframe.ms), completed(fine, finest, timeframe)
            )
    return RecordedMarket(instrument=market.instrument, series=series, fundings=path.fundings)
