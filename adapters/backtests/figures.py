"""What a run came to, as the chat shows it: figures by name, and the curve in few points."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np

from engines.metrics.bootstrap import Interval
from engines.metrics.thinning import thinned
from engines.simulate.assessment import Assessment
from engines.simulate.run import Run
from ports.backtests import BacktestReport, BacktestTask, Estimate, ReportCurve

POINTS: Final = 1500


def report_of(task: BacktestTask, run: Run, assessment: Assessment, played_s: float) -> BacktestReport:
    """The report of a finished run."""
    holding = assessment.holdings[0].equity if assessment.holdings else None
    drawn = [run.curve.equity] if holding is None else [run.curve.equity, holding]
    rows = thinned(drawn, POINTS)
    return BacktestReport(
        id=task.id,
        wish=task.wish,
        strategy=run.strategy,
        params=task.params,
        symbols=tuple(run.symbols),
        start=run.start,
        stop=run.stop,
        opening=float(run.opening),
        bars=run.bars,
        figures=dict(_figures(assessment)),
        profit=assessment.profit,
        lead=assessment.lead,
        curve=ReportCurve(
            time_ms=run.curve.time_ms[rows],
            equity=run.curve.equity[rows],
            holding=None if holding is None else holding[rows],
        ),
        blocked=dict(Counter(one.gate for one in run.blocked)),
        notes=tuple(task.notes),
        digest=run.digest,
        played_s=played_s,
        halted_at=run.halted_at,
    )


def _figures(assessment: Assessment) -> Iterator[tuple[str, Estimate]]:
    """Those that are defined."""
    metrics, drawn, rounds = assessment.metrics, assessment.intervals, assessment.metrics.rounds
    held = assessment.holding
    ranges = {
        "roi": drawn.roi,
        "cagr": drawn.cagr,
        "sharpe": drawn.sharpe,
        "max_drawdown": drawn.max_drawdown,
        "profit_factor": drawn.profit_factor,
    }
    values: dict[str, float | None] = {
        name: getattr(metrics, name)
        for name in [
            "roi",
            "cagr",
            "volatility",
            "sharpe",
            "sortino",
            "calmar",
            "max_drawdown",
            "longest_drawdown_ms",
            "turnover_a_year",
            "fee_share",
            "exposure_time",
            "exposure",
            "tail_loss",
            "shortfall",
            "best_day",
            "worst_day",
        ]
    }
    values |= {
        name: getattr(rounds, name)
        for name in [
            "closed",
            "still_open",
            "win_rate",
            "profit_factor",
            "expectancy",
            "average_r",
            "best",
            "worst",
            "held_ms",
            "fees",
            "funding",
        ]
    }
    if held is not None:
        values |= {"hold_roi": held.roi, "hold_cagr": held.cagr, "hold_drawdown": held.max_drawdown}
        values |= {"alpha": held.alpha, "beta": held.beta, "correlation": held.correlation}
        values["excess"] = assessment.excess
        ranges["excess"] = drawn.excess
    for name, value in values.items():
        if value is not None and np.isfinite(value):
            yield name, _estimate(float(value), ranges.get(name))


def _estimate(value: float, drawn: Interval | None) -> Estimate:
    return Estimate(value=value) if drawn is None else Estimate(value=value, low=drawn.low, high=drawn.high)
