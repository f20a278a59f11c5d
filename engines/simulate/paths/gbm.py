"""Made-up markets: spot as geometric Brownian motion, a perpetual beside it, and its funding.

Spot is drawn exactly at the ends of bars, S(t+dt) = S(t) exp((mu - sigma²/2) dt + sigma sqrt(dt) Z)
(Glasserman, Monte Carlo Methods in Financial Engineering, 2004, 3.2.1). Between them its logarithm is a
Brownian bridge, whose highest point is known in closed form, (a + b + sqrt((b - a)² - 2 sigma² dt ln U)) / 2,
and its lowest likewise (6.4). Both are exact by themselves; they are drawn independently, which they are not
quite.

The basis of the perpetual, perp / spot - 1, comes back to its mean: an Ornstein-Uhlenbeck process, drawn
exactly (3.3.1). Funding rates follow each other as an AR(1) around their mean. Neither follows the price,
which in real markets both do.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.metrics.days import DAY_MS, DAYS_A_YEAR
from engines.simulate.history import Fundings

YEAR_MS: Final = DAYS_A_YEAR * DAY_MS
HOUR_MS: Final = Timeframe.H1.ms
FUNDING_MS: Final = 8 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Of a perpetual against spot, as fractions: `mean`, `deviation` around it over the long run, and the
    hours in which half of a distance from the mean is lost."""

    mean: float = 0.0
    deviation: float = 0.0005
    half_life_h: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingNoise:
    """Rates per settlement, as fractions: `mean`, `deviation` over the long run, and how much of a distance
    from the mean the next rate keeps (`memory`, from 0 until below 1)."""

    mean: float = 0.0001
    deviation: float = 0.0001
    memory: float = 0.7
    every_ms: int = FUNDING_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Gbm:
    """`price` is where it begins; `drift` and `volatility` are annual (365 days): the expected price grows as
    exp(drift t). `volume` is that of every bar, in base coin. `basis` and `funding` are of a perpetual,
    `None` for spot.

    Raises `ValueError` for what cannot be.
    """

    price: float
    drift: float
    volatility: float
    volume: float
    basis: Basis | None = None
    funding: FundingNoise | None = None

    def __post_init__(self) -> None:
        if not self.price > 0 or not self.volatility >= 0 or not math.isfinite(self.drift):
            raise ValueError(f"a price above 0, a volatility of at least 0 and a drift are needed: {self}")
        if self.basis is not None and not (self.basis.half_life_h > 0 and self.basis.deviation >= 0):
            raise ValueError(f"a basis needs a half-life above 0 and a deviation of at least 0: {self.basis}")
        if self.funding is not None and not (0 <= self.funding.memory < 1 and self.funding.deviation >= 0):
            raise ValueError(f"funding needs a memory from 0 until below 1: {self.funding}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One made-up market: candles on the instrument's grid, and what was settled."""

    candles: Candles
    fundings: Fundings | None


def gbm_path(
    model: Gbm,
    instrument: Instrument,
    rng: np.random.Generator,
    *,
    start_ms: int,
    bars: int,
    length_ms: int,
) -> Path:
    """`bars` bars of `length_ms` from `start_ms`, and the settlements in them.

    The same generator gives the same path; spot, basis and funding draw from generators of their own, so that
    another basis leaves spot as it was.
    """
    of_spot, of_basis, of_funding = rng.spawn(3)
    ends, high, low = _spot(model, of_spot, bars, length_ms)
    if model.basis is not None:
        factor = 1 + _basis(model.basis, of_basis, bars, length_ms)
        ends = ends * factor
        high = high * np.maximum(factor[:-1], factor[1:])
        low = low * np.minimum(factor[:-1], factor[1:])
    times = start_ms + np.arange(bars, dtype=np.int64) * length_ms
    fundings = None
    if model.funding is not None:
        fundings = _fundings(model.funding, of_funding, start_ms, start_ms + bars * length_ms)
    return Path(candles=_candles(instrument, times, ends, high, low, model.volume), fundings=fundings)


def on_grid(prices: FloatArray, instrument: Instrument) -> FloatArray:
    """Prices moved to the nearest tick, none below one tick, each the float nearest to its decimal."""
    ticks = np.maximum(np.rint(prices / float(instrument.tick)), 1.0)
    return np.round(ticks * float(instrument.tick), decimals(instrument))


def decimals(instrument: Instrument) -> int:
    """Digits after the point that a price of the instrument can have."""
    exponent = instrument.tick.normalize().as_tuple().exponent
    return max(-int(exponent), 0)


def _spot(
    model: Gbm, rng: np.random.Generator, bars: int, length_ms: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Prices at the ends of bars (one more than bars), and the extremes inside each."""
    years = length_ms / YEAR_MS
    deviation = model.volatility * math.sqrt(years)
    steps = (model.drift - model.volatility**2 / 2) * years + deviation * rng.standard_normal(bars)
    ends = math.log(model.price) + np.concatenate(([0.0], np.cumsum(steps)))
    first, last = ends[:-1], ends[1:]
    reach = -2 * deviation**2 * np.log(1 - rng.random((2, bars)))
    upward, downward = np.sqrt((last - first) ** 2 + reach)
    high, low = (first + last + upward) / 2, (first + last - downward) / 2
    return np.exp(ends), np.exp(high), np.exp(low)


def _basis(basis: Basis, rng: np.random.Generator, bars: int, length_ms: int) -> FloatArray:
    """At the ends of bars, one more than bars; it begins anywhere in its long run."""
    keep = 0.5 ** (length_ms / HOUR_MS / basis.half_life_h)
    return basis.mean + basis.deviation * _memory(keep, rng.standard_normal(bars + 1))


def _fundings(noise: FundingNoise, rng: np.random.Generator, start_ms: int, stop_ms: int) -> Fundings:
    """Settlements after `start_ms` up to `stop_ms`, at whole multiples of their interval."""
    first = (start_ms // noise.every_ms + 1) * noise.every_ms
    times = np.arange(first, stop_ms + 1, noise.every_ms, dtype=np.int64)
    rates = noise.mean + noise.deviation * _memory(noise.memory, rng.standard_normal(len(times)))
    return Fundings(time_ms=times, rate=np.round(rates, 8))


def _memory(keep: float, shocks: FloatArray) -> FloatArray:
    """An AR(1) of variance 1 that keeps so much from step to step, started in its long run."""
    fresh = math.sqrt(1 - keep * keep)
    values = np.empty_like(shocks)
    value = shocks[0] if len(shocks) else 0.0
    for place, shock in enumerate(shocks.tolist()):
        value = shock if place == 0 else keep * value + fresh * shock
        values[place] = value
    return values


def _candles(
    instrument: Instrument,
    times: IntArray,
    ends: FloatArray,
    high: FloatArray,
    low: FloatArray,
    volume: float,
) -> Candles:
    points = on_grid(ends, instrument)
    opens, closes = points[:-1], points[1:]
    return Candles(
        time_ms=times,
        open=opens,
        high=np.maximum(on_grid(high, instrument), np.maximum(opens, closes)),
        low=np.minimum(on_grid(low, instrument), np.minimum(opens, closes)),
        close=closes,
        volume=np.full(len(times), volume),
    )
