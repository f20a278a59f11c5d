"""Return for risk taken, and how much of it may be luck.

Returns are daily, the risk-free rate is 0, a year has 365 days. What is not defined is `None`: a ratio of
returns that never moved, an estimate from one day.

Sources: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994) · F. A. Sortino and
R. van der Meer, "Downside Risk", Journal of Portfolio Management 17 (1991) · D. H. Bailey and M. López de
Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15 (2012) and "The Deflated Sharpe Ratio",
Journal of Portfolio Management 40 (2014).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from engines.core.candle import FloatArray
from engines.metrics.days import DAYS_A_YEAR

_NORMAL: Final = NormalDist()
_EULER: Final = 0.5772156649015329  # the Euler-Mascheroni constant
_STILL: Final = 1e-14  # returns that differ by less differ by the rounding of floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The shape of `count` returns: `deviation` is that of a sample (n - 1), `downside` the root of the mean
    square of the losses; a normal distribution has `skewness` 0 and `kurtosis` 3. Returns that do not move
    have no deviation, no downside and no shape: `None`."""

    count: int
    mean: float
    deviation: float | None
    downside: float | None
    skewness: float | None
    kurtosis: float | None

    @property
    def sharpe(self) -> float | None:
        """Mean by deviation, of one return: not annualised."""
        return None if self.deviation is None else self.mean / self.deviation


def moments(returns: FloatArray) -> Moments:
    """The moments of `returns`; raises `ValueError` for none."""
    count = len(returns)
    if not count:
        raise ValueError("no returns have no moments")
    mean = float(returns.mean())
    away = returns - mean
    spread = float(np.sqrt(np.mean(away * away)))
    fallen = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    is_still = spread <= _STILL
    scaled = away / (1.0 if is_still else spread)
    return Moments(
        count=count,
        mean=mean,
        deviation=None if is_still else spread * math.sqrt(count / (count - 1)),
        downside=None if fallen <= _STILL else fallen,
        skewness=None if is_still else float(np.mean(scaled**3)),
        kurtosis=None if is_still else float(np.mean(scaled**4)),
    )


def volatility(of: Moments) -> float | None:
    """Deviation of the returns of a year."""
    return None if of.deviation is None else of.deviation * math.sqrt(DAYS_A_YEAR)


def sharpe(of: Moments) -> float | None:
    """The Sharpe ratio of a year."""
    return None if of.sharpe is None else of.sharpe * math.sqrt(DAYS_A_YEAR)


def sortino(of: Moments) -> float | None:
    """The Sortino ratio of a year: mean by downside."""
    return None if of.downside is None else of.mean / of.downside * math.sqrt(DAYS_A_YEAR)


def probabilistic_sharpe(of: Moments, least: float = 0.0) -> float | None:
    """How probable it is that the true Sharpe ratio of one day is above `least` (Bailey and López de Prado
    2012): `N((SR - least) * sqrt(n - 1) / sqrt(1 - skew * SR + (kurtosis - 1) / 4 * SR^2))`."""
    if of.sharpe is None or of.skewness is None or of.kurtosis is None:
        return None
    spread = 1 - of.skewness * of.sharpe + (of.kurtosis - 1) / 4 * of.sharpe**2
    if spread <= 0:
        return None
    return _NORMAL.cdf((of.sharpe - least) * math.sqrt((of.count - 1) / spread))


def luckiest_sharpe(trials: int, variance: float) -> float:
    """The highest Sharpe ratio of one day that so many `trials` are expected to show when none has any merit
    and theirs differ by `variance` (Bailey and López de Prado 2014):
    `sqrt(V) * ((1 - g) * Z(1 - 1 / N) + g * Z(1 - 1 / (N * e)))` with g of Euler and Mascheroni."""
    if trials < 2:
        return 0.0
    best = _NORMAL.inv_cdf(1 - 1 / trials)
    further = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - _EULER) * best + _EULER * further)


def deflated_sharpe(of: Moments, *, trials: int, variance: float) -> float | None:
    """How probable it is that the best of `trials` has merit at all: the probabilistic Sharpe ratio against
    what luck alone would have shown. `variance` is that of the trials' Sharpe ratios of one day."""
    return probabilistic_sharpe(of, luckiest_sharpe(trials, variance))


def deflated_among(best: Moments, trials: Sequence[Moments]) -> float | None:
    """The deflated Sharpe ratio of `best` among all `trials` of a sweep, itself one of them. A trial that
    never moved counts as one with a ratio of 0."""
    ratios = np.array([trial.sharpe or 0.0 for trial in trials])
    variance = float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0
    return deflated_sharpe(best, trials=len(ratios), variance=variance)
