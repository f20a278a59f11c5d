"""What recorded history says of the numbers of a made-up market."""

import math

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.paths.gbm import FUNDING_MS, HOUR_MS, YEAR_MS, Basis, FundingNoise, Gbm

_LEAST_RETURNS = 30
_LEAST_RATES = 10
_LONGEST_MEMORY = 0.999


def calibrated(market: RecordedMarket, timeframe: Timeframe, spot: Candles | None = None) -> Gbm:
    """The motion of `market` on `timeframe`, from where it stood last.

    Volatility is the deviation of log returns between neighbouring bars over a year, drift their mean plus
    half the variance. Basis needs candles of `spot` on the same timeframe, funding needs settlements; where
    they are missing a perpetual has the usual ones. Raises `ValueError` with fewer than 30 returns.
    """
    bars = market.series[timeframe]
    returns = log_returns(bars, timeframe.ms)
    if len(returns) < _LEAST_RETURNS:
        raise ValueError(f"{market.instrument.symbol}: {len(returns)} returns are too few to learn from")
    years = timeframe.ms / YEAR_MS
    variance = float(returns.var(ddof=1)) / years
    is_perp = market.instrument.kind is MarketKind.PERP
    return Gbm(
        price=float(bars.close[-1]),
        drift=float(returns.mean()) / years + variance / 2,
        volatility=math.sqrt(variance),
        volume=float(np.median(bars.volume)),
        basis=basis_of(bars, spot, timeframe) if is_perp else None,
        funding=funding_of(market.fundings) if is_perp else None,
    )


def log_returns(bars: Candles, length_ms: int) -> FloatArray:
    """From close to close, of bars whose neighbour before is there."""
    steps = np.diff(np.log(bars.close))
    return np.asarray(steps[np.diff(bars.time_ms) == length_ms], np.float64)


def basis_of(perp: Candles, spot: Candles | None, timeframe: Timeframe) -> Basis:
    """From closes of the same bars; the usual one with fewer than 30 of them."""
    if spot is None:
        return Basis()
    times, ours, theirs = np.intersect1d(perp.time_ms, spot.time_ms, assume_unique=True, return_indices=True)
    if len(times) < _LEAST_RETURNS:
        return Basis()
    values = perp.close[ours] / spot.close[theirs] - 1
    keep = min(max(_memory(values, _neighbours(times, timeframe.ms)), 0.01), _LONGEST_MEMORY)
    return Basis(
        mean=float(values.mean()),
        deviation=float(values.std(ddof=1)),
        half_life_h=timeframe.ms / HOUR_MS * math.log(0.5) / math.log(keep),
    )


def funding_of(fundings: Fundings | None) -> FundingNoise:
    """From recorded rates; the usual one with fewer than 10 of them."""
    if fundings is None or len(fundings.rate) < _LEAST_RATES:
        return FundingNoise()
    gaps = np.diff(fundings.time_ms)
    every_ms = int(np.median(gaps)) or FUNDING_MS
    memory = _memory(fundings.rate, _neighbours(fundings.time_ms, every_ms))
    return FundingNoise(
        mean=float(fundings.rate.mean()),
        deviation=float(fundings.rate.std(ddof=1)),
        memory=min(max(memory, 0.0), _LONGEST_MEMORY),
        every_ms=every_ms,
    )


def _neighbours(times: IntArray, step_ms: int) -> IntArray:
    """Places whose next entry follows after exactly one step."""
    return np.flatnonzero(np.diff(times) == step_ms)


def _memory(values: FloatArray, places: IntArray) -> float:
    """Autocorrelation at lag 1, over `places` and what follows them; 0 for values that never move."""
    around = values - values.mean()
    variance = float((around * around).mean())
    if variance == 0.0 or not len(places):
        return 0.0
    return float((around[places] * around[places + 1]).mean()) / variance
