"""One run as a row of named numbers: what sweeps write down, compare and choose by."""

from collections.abc import Mapping
from typing import Final

from engines.metrics.days import DAY_MS
from engines.metrics.measure import Metrics
from engines.metrics.sharpe import Moments
from engines.simulate.choosing import Figures

BY: Final = ("sharpe", "sortino", "calmar", "cagr", "roi", "profit_factor", "average_r", "expectancy")
"""Figures of which more is better: what the best point can be chosen by."""


def figures(metrics: Metrics) -> Figures:
    """Every figure of a run by name. Fractions are fractions, times are days."""
    rounds, daily = metrics.rounds, metrics.daily
    return {
        "roi": metrics.roi,
        "cagr": metrics.cagr,
        "volatility": metrics.volatility,
        "sharpe": metrics.sharpe,
        "sortino": metrics.sortino,
        "calmar": metrics.calmar,
        "max_drawdown": metrics.max_drawdown,
        "longest_drawdown_days": metrics.longest_drawdown_ms / DAY_MS,
        "trades": float(rounds.closed),
        "still_open": float(rounds.still_open),
        "win_rate": rounds.win_rate,
        "profit_factor": rounds.profit_factor,
        "expectancy": rounds.expectancy,
        "average_r": rounds.average_r,
        "payoff": rounds.payoff,
        "best_trade": rounds.best,
        "worst_trade": rounds.worst,
        "losses_in_a_row": float(rounds.losses_in_a_row),
        "held_days": None if rounds.held_ms is None else rounds.held_ms / DAY_MS,
        "fees": rounds.fees,
        "funding": rounds.funding,
        "turnover": metrics.turnover,
        "turnover_a_year": metrics.turnover_a_year,
        "fee_share": metrics.fee_share,
        "exposure_time": metrics.exposure_time,
        "exposure": metrics.exposure,
        "tail_loss": metrics.tail_loss,
        "shortfall": metrics.shortfall,
        "best_day": metrics.best_day,
        "worst_day": metrics.worst_day,
        "days": float(metrics.days),
        "daily_mean": daily.mean,
        "daily_deviation": daily.deviation,
        "daily_downside": daily.downside,
        "daily_skewness": daily.skewness,
        "daily_kurtosis": daily.kurtosis,
    }


def moments_of(row: Mapping[str, float | None]) -> Moments:
    """The moments of daily returns that `figures` wrote down."""
    return Moments(
        count=int(row["days"] or 0),
        mean=row["daily_mean"] or 0.0,
        deviation=row["daily_deviation"],
        downside=row["daily_downside"],
        skewness=row["daily_skewness"],
        kurtosis=row["daily_kurtosis"],
    )
