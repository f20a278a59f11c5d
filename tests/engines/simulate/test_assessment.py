"""What is thought of a run, and what holding is set beside it."""

from dataclasses import replace

import numpy as np
import pytest

from engines.metrics.bootstrap import Interval
from engines.simulate.assessment import Standing
from engines.simulate.columns import round_columns
from tests.build.reports import a_report, assessed


def test_one_market_is_held_alone() -> None:
    report = a_report()
    said = report.assessment
    assert [one.name for one in said.against] == ["BTCUSDT"]
    closes = report.history.markets[0].series[report.history.markets[0].finest].close
    bought = report.history.markets[0].series[report.history.markets[0].finest].open[240]
    assert said.against[0].roi == pytest.approx(closes[-1] / bought - 1)


def test_several_are_held_in_equal_parts_and_bitcoin_alone_beside_them() -> None:
    said = a_report(symbols=("ETHUSDT", "BTCUSDT")).assessment
    assert [one.name for one in said.against] == ["ETHUSDT + BTCUSDT", "BTCUSDT"]
    assert said.holding is said.against[0]


def test_a_market_without_candles_is_not_held() -> None:
    report = a_report()
    market = report.history.markets[0]
    bare = replace(market, series={market.finest: market.series[market.finest].rows(0, 0)})
    assert assessed(report.run, replace(report.history, markets=(bare,))).holding is None


def test_months_and_falls_are_of_the_run() -> None:
    said = a_report().assessment
    assert np.prod([1 + one.value for one in said.months]) == pytest.approx(1 + said.metrics.roi)
    assert said.falls[0] == said.metrics.drawdown
    assert [one.depth for one in said.falls] == sorted((one.depth for one in said.falls), reverse=True)


@pytest.mark.parametrize(
    ("interval", "standing"),
    [
        (Interval(low=0.1, high=0.2), Standing.ABOVE),
        (Interval(low=-0.2, high=-0.1), Standing.BELOW),
        (Interval(low=-0.1, high=0.1), Standing.UNCLEAR),
        (Interval(low=0.1, high=None), Standing.ABOVE),
        (None, Standing.UNKNOWN),
    ],
)
def test_an_interval_says_where_a_figure_stands(interval: Interval | None, standing: Standing) -> None:
    said = a_report().assessment
    sure = replace(said.intervals, roi=interval, excess=interval)
    found = replace(said, intervals=sure)
    assert (found.profit, found.lead) == (standing, standing)


def test_columns_say_what_the_positions_say() -> None:
    rounds = a_report().run.rounds
    columns = round_columns(rounds)
    assert columns.net.tolist() == pytest.approx([float(one.net) for one in rounds])
    assert columns.is_open.tolist() == [one.reason is None for one in rounds]
    assert columns.closed_ms[0] == rounds[0].closed_at.timestamp() * 1000
    bare = round_columns([replace(rounds[0], risk=None)])
    assert np.isnan(bare.risk[0])
    assert len(round_columns(()).net) == 0


def test_growth_is_measured_in_the_holding() -> None:
    report = a_report(days=400)
    said = report.assessment
    assert said.holding is not None
    assert said.excess is not None
    beside = (1 + said.metrics.roi) / (1 + said.holding.roi)
    assert (1 + said.excess) ** said.metrics.years == pytest.approx(beside)
    assert replace(said, against=()).excess is None
