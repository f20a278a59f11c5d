"""Reports of runs to write, and runs that are odd."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

import numpy as np

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Side
from engines.core.timeframe import Timeframe
from engines.risk.verdict import Ruling
from engines.simulate.assessment import Assessment, assess
from engines.simulate.history import History, RecordedMarket
from engines.simulate.replay.replay import replay
from engines.simulate.run import Blocked, Run
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.catalog import STRATEGIES
from ports.reports import Report
from tests.build.recordings import DAY, JANUARY_MS, some_bars

MADE_AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
WARM_DAYS = 10
TERMS = Terms(limits=OPEN_LIMITS)


def a_coin(symbol: str = "BTCUSDT") -> Instrument:
    """A perpetual on a fine grid."""
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        kind=MarketKind.PERP,
        tick=Decimal("0.01"),
        lot=Decimal("0.001"),
        min_notional=Decimal(5),
    )


def a_past(days: int = 90, symbols: Sequence[str] = ("BTCUSDT",)) -> History:
    """Hours of seeded walks, after ten days to warm up."""
    count = (WARM_DAYS + days) * 24
    return History(
        markets=tuple(
            RecordedMarket(
                instrument=a_coin(symbol),
                series={Timeframe.H1: some_bars(Timeframe.H1, count, seed=seed)},
            )
            for seed, symbol in enumerate(symbols, 1)
        ),
        start_ms=JANUARY_MS + WARM_DAYS * DAY,
        stop_ms=JANUARY_MS + (WARM_DAYS + days) * DAY,
    )


def assessed(run: Run, history: History) -> Assessment:
    """What is to be thought of `run`, from few draws."""
    return assess(run, history, rng=np.random.default_rng(1), draws=200)


@cache
def a_report(days: int = 90, symbols: tuple[str, ...] = ("BTCUSDT",)) -> Report:
    """Of moving averages that cross, played on walks."""
    history, strategy = a_past(days, symbols), STRATEGIES["sma_cross"]
    run = replay(history, strategy, strategy.params(fast=5, slow=20, adx_least=0.0), TERMS)
    return report_of(run, history)


def report_of(run: Run, history: History) -> Report:
    """The report of any run."""
    return Report(
        run=run,
        history=history,
        terms=TERMS,
        assessment=assessed(run, history),
        made_at=MADE_AT,
        command="perpetuum backtest sma_cross",
    )


def a_quiet_report(days: int = 90) -> Report:
    """Of a strategy that never traded."""
    report = a_report(days)
    still = np.zeros(len(report.run.curve.time_ms))
    curve = replace(report.run.curve, equity=still + float(report.run.opening), exposure=still, net=still)
    return report_of(replace(report.run, curve=curve, rounds=(), executions=(), blocked=()), report.history)


def a_block(reason: str = "too much", *, gate: str = "per_order", key: str = "one") -> Blocked:
    """An intent that the gate denied."""
    return Blocked(
        at=MADE_AT,
        instrument=a_coin(),
        side=Side.BUY,
        key=key,
        asked=Decimal("1.50"),
        allowed=Decimal(0),
        ruling=Ruling.DENY,
        gate=gate,
        reason=reason,
    )
