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
    said = report.assessment
    return (*_played(report), *_returns(said), *_risk(said), *_costs(report), *_trades(said), *_beside(said))


def currency(report: Report) -> str:
    """The quote currency of what was traded."""
    return report.history.markets[0].instrument.quote


def _played(report: Report) -> Iterator[Figure]:
    run = report.run
    yield Figure("strategy", "Strategy", run.strategy, Unit.TEXT)
    yield Figure("params", "Parameters", worded(run.params), Unit.TEXT)
    yield Figure("symbols", "Markets", " ".join(run.symbols), Unit.TEXT)
    yield Figure("start", "From", run.start.isoformat(), Unit.TIME)
    yield Figure("stop", "Until", run.stop.isoformat(), Unit.TIME)
    yield Figure("bars", "Bars played", run.bars, Unit.COUNT)
    yield Figure("digest", "Digest", run.digest, Unit.TEXT)


def worded(params: Mapping[str, str]) -> str:
    """Parameters as they are typed: `fast=50,slow=200`."""
    return ",".join(f"{name}={value}" for name, value in params.items())


def _returns(said: Assessment) -> Iterator[Figure]:
    metrics, sure = said.metrics, said.intervals
    yield Figure("opening", "Opening capital", metrics.opening, Unit.MONEY)
    yield Figure("closing", "Closing equity", metrics.closing, Unit.MONEY)
    yield Figure("roi", "Return", metrics.roi, Unit.FRACTION, sure.roi)
    yield Figure("cagr", "Return a year (CAGR)", metrics.cagr, Unit.FRACTION, sure.cagr)
    yield Figure("volatility", "Volatility a year", metrics.volatility, Unit.FRACTION)
    yield Figure("sharpe", "Sharpe ratio", metrics.sharpe, Unit.RATIO, sure.sharpe)
    yield Figure(
        "sharpe_above_zero",
        "Chance that the Sharpe ratio is above 0",
        probabilistic_sharpe(metrics.daily),
        Unit.FRACTION,
    )
    yield Figure("sortino", "Sortino ratio", metrics.sortino, Unit.RATIO)
    yield Figure("calmar", "Calmar ratio", metrics.calmar, Unit.RATIO)
    yield Figure("best_day", "Best day", metrics.best_day, Unit.FRACTION)
    yield Figure("worst_day", "Worst day", metrics.worst_day, Unit.FRACTION)


def _risk(said: Assessment) -> Iterator[Figure]:
    metrics = said.metrics
    yield Figure(
        "max_drawdown", "Deepest drawdown", metrics.max_drawdown, Unit.FRACTION, said.intervals.max_drawdown
    )
    yield from _fall(metrics.drawdown)
    yield Figure(
        "longest_drawdown", "Longest time below a peak", metrics.longest_drawdown_ms / DAY_MS, Unit.DAYS
    )
    yield Figure("tail_loss", "Loss that one day in 20 exceeds (VaR)", metrics.tail_loss, Unit.FRACTION)
    yield Figure("shortfall", "Mean loss of such days", metrics.shortfall, Unit.FRACTION)
    yield Figure("exposure_time", "Time in the market", metrics.exposure_time, Unit.FRACTION)
    yield Figure("exposure", "Mean exposure", metrics.exposure, Unit.FRACTION)


def _fall(fall: Drawdown | None) -> Iterator[Figure]:
    yield Figure("drawdown_peak", "— from", moment(fall.peak_ms if fall else None), Unit.TIME)
    yield Figure("drawdown_trough", "— lowest", moment(fall.trough_ms if fall else None), Unit.TIME)
    yield Figure("drawdown_recovered", "— recovered", moment(fall.recovered_ms if fall else None), Unit.TIME)
    yield Figure("drawdown_length", "— lasted", fall.length_ms / DAY_MS if fall else None, Unit.DAYS)


def moment(time_ms: int | None) -> str | None:
    """ISO 8601, UTC."""
    return None if time_ms is None else utc(time_ms).isoformat()


def _costs(report: Report) -> Iterator[Figure]:
    metrics = report.assessment.metrics
    slippage = float(sum(one.slippage for one in report.run.rounds))
    yield Figure("turnover", "Turnover, of the mean equity", metrics.turnover, Unit.RATIO)
    yield Figure("turnover_a_year", "Turnover a year", metrics.turnover_a_year, Unit.RATIO)
    yield Figure("fees", "Fees", metrics.rounds.fees, Unit.MONEY)
    yield Figure("fees_nav", "Fees, of the mean equity", metrics.fee_share, Unit.FRACTION)
    yield Figure("slippage", "Slippage", slippage, Unit.MONEY)
    yield Figure("funding", "Funding received", metrics.rounds.funding, Unit.MONEY)


def _trades(said: Assessment) -> Iterator[Figure]:
    rounds = said.metrics.rounds
    held = None if rounds.held_ms is None else rounds.held_ms / _HOUR_MS
    yield Figure("trades", "Trades closed", rounds.closed, Unit.COUNT)
    yield Figure("open_trades", "Trades open at the end", rounds.still_open, Unit.COUNT)
    yield Figure("win_rate", "Won", rounds.win_rate, Unit.FRACTION)
    yield Figure(
        "profit_factor",
        "Profit factor",
        rounds.profit_factor,
        Unit.RATIO,
        said.intervals.profit_factor,
    )
    yield Figure("expectancy", "Mean of a trade", rounds.expectancy, Unit.MONEY)
    yield Figure("average_r", "Mean of a trade, in units of its risk", rounds.average_r, Unit.RATIO)
    yield Figure("payoff", "Mean win by mean loss", rounds.payoff, Unit.RATIO)
    yield Figure("best_trade", "Best trade", rounds.best, Unit.MONEY)
    yield Figure("worst_trade", "Worst trade", rounds.worst, Unit.MONEY)
    yield Figure("losses_in_a_row", "Losses in a row, at most", rounds.losses_in_a_row, Unit.COUNT)
    yield Figure("held", "Mean time held", held, Unit.HOURS)


def _beside(said: Assessment) -> Iterator[Figure]:
    for place, one in enumerate(said.against):
        kind, what = ("hold", "Holding") if place == 0 else ("bitcoin", "Bitcoin alone")
        yield Figure(f"{kind}_name", f"{what}: markets", one.name, Unit.TEXT)
        yield Figure(f"{kind}_roi", f"{what}: return", one.roi, Unit.FRACTION)
        yield Figure(f"{kind}_cagr", f"{what}: return a year", one.cagr, Unit.FRACTION)
        yield Figure(f"{kind}_sharpe", f"{what}: Sharpe ratio", one.sharpe, Unit.RATIO)
        yield Figure(f"{kind}_max_drawdown", f"{what}: deepest drawdown", one.max_drawdown, Unit.FRACTION)
        yield Figure(f"{kind}_alpha", f"Alpha a year against {one.name}", one.alpha, Unit.FRACTION)
        yield Figure(f"{kind}_beta", f"Beta against {one.name}", one.beta, Unit.RATIO)
        yield Figure(f"{kind}_correlation", f"Correlation with {one.name}", one.correlation, Unit.RATIO)
    if said.against:
        yield Figure(
            "excess", "Growth a year against holding", said.excess, Unit.FRACTION, said.intervals.excess
        )
        yield Figure("better_share", "Draws that beat holding", said.intervals.better, Unit.FRACTION)
