"""The figures of a run. Returns are daily (the last equity of each UTC day), a year has 365 days, the
risk-free rate is 0; drawdowns and exposure look at every bar. What is not defined is `None`."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.core.candle import FloatArray
from engines.metrics.days import DAY_MS, DAYS_A_YEAR, DUST, daily
from engines.metrics.drawdown import Drawdown, falls
from engines.metrics.rounds import RoundFigures, round_figures
from engines.metrics.series import Curve, RoundColumns
from engines.metrics.sharpe import Moments, moments, sharpe, sortino, volatility

TAIL: Final = 0.05
SHORTEST_DAYS: Final = 30
"""A shorter run says nothing about a year: it has no CAGR."""

_PART: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Fractions are of the equity (0.1 is ten percent), money is in the quote currency.

    `max_drawdown` is the depth of `drawdown`, `longest_drawdown_ms` the longest time below a peak. `turnover`
    is what was traded by the mean equity, of a year in `turnover_a_year`; `fee_share` what fees took, of the
    mean equity. `exposure_time` is the share of bars with a position, `exposure` the mean notional by equity.
    `tail_loss` is the loss that one day in twenty exceeds (5 % value at risk), `shortfall` the mean loss of
    such days (expected shortfall); both are above 0 for a loss. `daily` are the moments of daily returns.
    """

    days: int
    years: float
    opening: float
    closing: float
    roi: float
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    drawdown: Drawdown | None
    longest_drawdown_ms: int
    turnover: float | None
    turnover_a_year: float | None
    fee_share: float | None
    exposure_time: float
    exposure: float | None
    tail_loss: float
    shortfall: float
    best_day: float
    worst_day: float
    rounds: RoundFigures
    daily: Moments


def measure(curve: Curve, rounds: RoundColumns, *, opening: float, start_ms: int) -> Metrics:
    """The figures of an account that began with `opening` at `start_ms`.

    Raises `ValueError` without bars, with an opening of nothing, or where no time passed.
    """
    days = daily(curve.time_ms, curve.equity, opening)
    years = elapsed_years(start_ms, int(curve.time_ms[-1]))
    fallen = falls(curve.time_ms, curve.equity, opening=opening, start_ms=start_ms)
    deepest = fallen.deepest
    depth = deepest.depth if deepest else 0.0
    closing = float(curve.equity[-1])
    growth = cagr(closing / opening, years)
    shape = moments(days.returns)
    counted = round_figures(rounds)
    least = DUST * opening
    held = _mean_equity(curve.equity, least)
    turnover = None if held is None else counted.traded / held
    return Metrics(
        days=len(days),
        years=years,
        opening=opening,
        closing=closing,
        roi=closing / opening - 1,
        cagr=growth,
        volatility=volatility(shape),
        sharpe=sharpe(shape),
        sortino=sortino(shape),
        calmar=None if growth is None or depth <= 0 else growth / depth,
        max_drawdown=depth,
        drawdown=deepest,
        longest_drawdown_ms=fallen.longest_ms,
        turnover=turnover,
        turnover_a_year=None if turnover is None else turnover / years,
        fee_share=None if held is None else counted.fees / held,
        exposure_time=float(np.count_nonzero(curve.exposure) / len(curve.exposure)),
        exposure=_mean_exposure(curve, least),
        tail_loss=value_at_risk(days.returns),
        shortfall=expected_shortfall(days.returns),
        best_day=float(days.returns.max()),
        worst_day=float(days.returns.min()),
        rounds=counted,
        daily=shape,
    )


def elapsed_years(start_ms: int, stop_ms: int) -> float:
    """Years of 365 days; raises `ValueError` unless time passed."""
    if stop_ms <= start_ms:
        raise ValueError("a run has to take some time")
    return (stop_ms - start_ms) / (DAYS_A_YEAR * DAY_MS)


def cagr(growth: float, years: float) -> float | None:
    """Compound growth a year of what became `growth` times as much; `None` for debts and short runs."""
    if growth < 0 or years * DAYS_A_YEAR < SHORTEST_DAYS:
        return None
    return float(growth ** (1 / years) - 1)


def value_at_risk(returns: FloatArray) -> float:
    """The loss that one return in twenty exceeds."""
    return -float(np.quantile(returns, TAIL))


def expected_shortfall(returns: FloatArray) -> float:
    """The mean loss of the worst twentieth of the returns, at least of one."""
    last = int((len(returns) - 1) * TAIL)
    return -float(np.partition(returns, last)[: last + 1].mean())


def _mean_equity(equity: FloatArray, least: float) -> float | None:
    mean = float(equity.mean())
    return mean if mean > least else None


def _mean_exposure(curve: Curve, least: float) -> float | None:
    """Over bars on which there was equity; in parts, which need no memory of their own."""
    total, count = 0.0, 0
    for first in range(0, len(curve.equity), _PART):
        exposure, equity = curve.exposure[first : first + _PART], curve.equity[first : first + _PART]
        if equity.min() <= least:
            exposure, equity = exposure[equity > least], equity[equity > least]
        total += float(np.sum(exposure / equity))
        count += len(equity)
    return total / count if count else None
