"""The figures of a report in order, with their units: `summary.csv` and the table of `report.md`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engines.core.moment import utc
from engines.metrics.bootstrap import Interval
from engines.metrics.days import DAY_MS
from engines.metrics.drawdown import Drawdown
from engines.metrics.sharpe import probabilistic_sharpe
from engines.simulate.assessment import Assessment
from ports.report_language import ReportLanguage
from ports.reports import Report

_HOUR_MS: Final = 3_600_000


class Unit(StrEnum):
    """What a value is counted in; `MONEY` is the quote currency, which is written in its place."""

    FRACTION = "fraction"
    RATIO = "ratio"
    MONEY = "money"
    COUNT = "count"
    DAYS = "days"
    HOURS = "hours"
    TIME = "time"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Figure:
    """`metric` is its name in files, `label` in words. `None` is a figure that is not defined."""

    metric: str
    label: str
    value: float | str | None
    unit: Unit
    interval: Interval | None = None


def figures(report: Report) -> tuple[Figure, ...]:
    """All of them."""
    said, say = report.assessment, report.language
    return (
        *_played(report),
        *_returns(say, said),
        *_risk(say, said),
        *_costs(report),
        *_trades(say, said),
        *_beside(say, said),
    )


def currency(report: Report) -> str:
    """The quote currency of what was traded."""
    return report.history.markets[0].instrument.quote


def _played(report: Report) -> Iterator[Figure]:
    run, say = report.run, report.language
    yield Figure("strategy", say("Strategy"), run.strategy, Unit.TEXT)
    yield Figure("params", say("Parameters"), worded(run.params), Unit.TEXT)
    yield Figure("symbols", say("Markets"), " ".join(run.symbols), Unit.TEXT)
    yield Figure("start", say("From"), run.start.isoformat(), Unit.TIME)
    yield Figure("stop", say("Until"), run.stop.isoformat(), Unit.TIME)
    yield Figure("bars", say("Bars played"), run.bars, Unit.COUNT)
    yield Figure("digest", say("Digest"), run.digest, Unit.TEXT)


def worded(params: Mapping[str, str]) -> str:
    """Parameters as they are typed: `fast=50,slow=200`."""
    return ",".join(f"{name}={value}" for name, value in params.items())


def _returns(say: ReportLanguage, said: Assessment) -> Iterator[Figure]:
    metrics, sure = said.metrics, said.intervals
    yield Figure("opening", say("Opening capital"), metrics.opening, Unit.MONEY)
    yield Figure("closing", say("Closing equity"), metrics.closing, Unit.MONEY)
    yield Figure("roi", say("Return over all"), metrics.roi, Unit.FRACTION, sure.roi)
    yield Figure("cagr", say("Return a year (CAGR)"), metrics.cagr, Unit.FRACTION, sure.cagr)
    yield Figure("volatility", say("Volatility a year"), metrics.volatility, Unit.FRACTION)
    yield Figure("sharpe", say("Sharpe ratio"), metrics.sharpe, Unit.RATIO, sure.sharpe)
    yield Figure(
        "sharpe_above_zero",
        say("Chance that the Sharpe ratio is above 0"),
        probabilistic_sharpe(metrics.daily),
        Unit.FRACTION,
    )
    yield Figure("sortino", say("Sortino ratio"), metrics.sortino, Unit.RATIO)
    yield Figure("calmar", say("Calmar ratio"), metrics.calmar, Unit.RATIO)
    yield Figure("best_day", say("Best day"), metrics.best_day, Unit.FRACTION)
    yield Figure("worst_day", say("Worst day"), metrics.worst_day, Unit.FRACTION)


def _risk(say: ReportLanguage, said: Assessment) -> Iterator[Figure]:
    metrics = said.metrics
    yield Figure(
        "max_drawdown",
        say("Deepest drawdown"),
        metrics.max_drawdown,
        Unit.FRACTION,
        said.intervals.max_drawdown,
    )
    yield from _fall(say, metrics.drawdown)
    yield Figure(
        "longest_drawdown", say("Longest time below a peak"), metrics.longest_drawdown_ms / DAY_MS, Unit.DAYS
    )
    yield Figure("tail_loss", say("Loss that one day in 20 exceeds (VaR)"), metrics.tail_loss, Unit.FRACTION)
    yield Figure("shortfall", say("Mean loss of such days"), metrics.shortfall, Unit.FRACTION)
    yield Figure("exposure_time", say("Time in the market"), metrics.exposure_time, Unit.FRACTION)
    yield Figure("exposure", say("Mean exposure"), metrics.exposure, Unit.FRACTION)


def _fall(say: ReportLanguage, fall: Drawdown | None) -> Iterator[Figure]:
    yield Figure("drawdown_peak", say("— from"), moment(fall.peak_ms if fall else None), Unit.TIME)
    yield Figure("drawdown_trough", say("— lowest"), moment(fall.trough_ms if fall else None), Unit.TIME)
    yield Figure(
        "drawdown_recovered", say("— recovered"), moment(fall.recovered_ms if fall else None), Unit.TIME
    )
    yield Figure("drawdown_length", say("— lasted"), fall.length_ms / DAY_MS if fall else None, Unit.DAYS)


def moment(time_ms: int | None) -> str | None:
    """ISO 8601, UTC."""
    return None if time_ms is None else utc(time_ms).isoformat()


def _costs(report: Report) -> Iterator[Figure]:
    metrics, say = report.assessment.metrics, report.language
    slippage = float(sum(one.slippage for one in report.run.rounds))
    yield Figure("turnover", say("Turnover, of the mean equity"), metrics.turnover, Unit.RATIO)
    yield Figure("turnover_a_year", say("Turnover a year"), metrics.turnover_a_year, Unit.RATIO)
    yield Figure("fees", say("Fees"), metrics.rounds.fees, Unit.MONEY)
    yield Figure("fees_nav", say("Fees, of the mean equity"), metrics.fee_share, Unit.FRACTION)
    yield Figure("slippage", say("Slippage of all fills"), slippage, Unit.MONEY)
    yield Figure("funding", say("Funding received"), metrics.rounds.funding, Unit.MONEY)


def _trades(say: ReportLanguage, said: Assessment) -> Iterator[Figure]:
    rounds = said.metrics.rounds
    held = None if rounds.held_ms is None else rounds.held_ms / _HOUR_MS
    yield Figure("trades", say("Trades closed"), rounds.closed, Unit.COUNT)
    yield Figure("open_trades", say("Trades open at the end"), rounds.still_open, Unit.COUNT)
    yield Figure("win_rate", say("Won"), rounds.win_rate, Unit.FRACTION)
    yield Figure(
        "profit_factor",
        say("Profit factor"),
        rounds.profit_factor,
        Unit.RATIO,
        said.intervals.profit_factor,
    )
    yield Figure("expectancy", say("Mean of a trade"), rounds.expectancy, Unit.MONEY)
    yield Figure("average_r", say("Mean of a trade, in units of its risk"), rounds.average_r, Unit.RATIO)
    yield Figure("payoff", say("Mean win by mean loss"), rounds.payoff, Unit.RATIO)
    yield Figure("best_trade", say("Best trade"), rounds.best, Unit.MONEY)
    yield Figure("worst_trade", say("Worst trade"), rounds.worst, Unit.MONEY)
    yield Figure("losses_in_a_row", say("Losses in a row, at most"), rounds.losses_in_a_row, Unit.COUNT)
    yield Figure("held", say("Mean time held"), held, Unit.HOURS)


def _beside(say: ReportLanguage, said: Assessment) -> Iterator[Figure]:
    for place, one in enumerate(said.against):
        kind, what = ("hold", say("Holding")) if place == 0 else ("bitcoin", say("Bitcoin alone"))
        yield Figure(f"{kind}_name", say("{what}: markets", what=what), one.name, Unit.TEXT)
        yield Figure(f"{kind}_roi", say("{what}: return", what=what), one.roi, Unit.FRACTION)
        yield Figure(f"{kind}_cagr", say("{what}: return a year", what=what), one.cagr, Unit.FRACTION)
        yield Figure(f"{kind}_sharpe", say("{what}: Sharpe ratio", what=what), one.sharpe, Unit.RATIO)
        yield Figure(
            f"{kind}_max_drawdown",
            say("{what}: deepest drawdown", what=what),
            one.max_drawdown,
            Unit.FRACTION,
        )
        yield Figure(
            f"{kind}_alpha", say("Alpha a year against {name}", name=one.name), one.alpha, Unit.FRACTION
        )
        yield Figure(f"{kind}_beta", say("Beta against {name}", name=one.name), one.beta, Unit.RATIO)
        yield Figure(
            f"{kind}_correlation", say("Correlation with {name}", name=one.name), one.correlation, Unit.RATIO
        )
    if said.against:
        yield Figure(
            "excess", say("Growth a year against holding"), said.excess, Unit.FRACTION, said.intervals.excess
        )
        yield Figure("better_share", say("Draws that beat holding"), said.intervals.better, Unit.FRACTION)
