"""Intervals: whether they hold what they say, and what they make of odd runs."""

import numpy as np
import pytest

from engines.core.candle import FloatArray
from engines.metrics.bootstrap import Intervals, block_length, block_rows, intervals
from tests.build.measured import OPENING, curve_of, grown, measured, rounds_of

RETURNS = np.random.default_rng(3).normal(0.001, 0.02, 500)


def made(returns: FloatArray, seed: int = 7, net: FloatArray | None = None) -> Intervals:
    rounds = rounds_of() if net is None else rounds_of(net.tolist())
    return intervals(
        curve_of(grown(returns)),
        rounds,
        opening=OPENING,
        rng=np.random.default_rng(seed),
        draws=500,
    )


def test_the_figure_lies_inside_its_interval() -> None:
    net = np.random.default_rng(1).normal(1, 20, 60)
    found = made(RETURNS, net=net)
    figures = measured(curve_of(grown(RETURNS)), rounds_of(net.tolist()))
    for interval, figure in (
        (found.roi, figures.roi),
        (found.cagr, figures.cagr),
        (found.sharpe, figures.sharpe),
        (found.max_drawdown, figures.max_drawdown),
        (found.profit_factor, figures.rounds.profit_factor),
    ):
        assert interval is not None
        assert interval.low is not None
        assert interval.high is not None
        assert figure is not None
        assert interval.low < figure < interval.high


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of 200 series whose true daily Sharpe ratio is 0.05."""
    rng, hits = np.random.default_rng(11), 0
    for seed in range(200):
        interval = made(rng.normal(0.0005, 0.01, 250), seed).sharpe
        assert interval is not None
        assert interval.low is not None
        assert interval.high is not None
        hits += interval.low <= 0.05 * np.sqrt(365) <= interval.high
    assert 0.88 <= hits / 200 <= 0.99


def test_the_same_seed_gives_the_same_intervals() -> None:
    assert made(RETURNS) == made(RETURNS)
    assert made(RETURNS) != made(RETURNS, seed=8)


def test_blocks_are_neighbours_around_the_end() -> None:
    rows = block_rows(np.random.default_rng(1), 10, draws=100, size=4)
    assert rows.shape == (100, 10)
    assert (np.diff(rows[:, :4], axis=1) % 10 == 1).all()
    assert set(rows.ravel().tolist()) == set(range(10))
    assert (block_length(1), block_length(730), block_length(3000)) == (1, 10, 15)


def test_a_holding_is_drawn_from_the_same_days() -> None:
    curve = curve_of(grown(RETURNS))
    rng = np.random.default_rng(1)
    beside = curve_of(grown(RETURNS - 0.0002)).equity
    found = intervals(curve, rounds_of(), opening=OPENING, rng=rng, holding=beside, draws=300)
    assert found.excess is not None
    assert found.excess.low is not None
    assert found.excess.low > 0
    assert found.better == 1.0


@pytest.mark.parametrize(
    "returns", [RETURNS[:29], np.zeros(100), np.append(RETURNS, -1.0)], ids=["short", "still", "ruined"]
)
def test_some_runs_have_no_intervals(returns: FloatArray) -> None:
    found = made(returns)
    assert (found.roi, found.cagr, found.sharpe, found.max_drawdown) == (None, None, None, None)


def test_few_losses_leave_the_profit_factor_without_an_upper_end() -> None:
    found = made(RETURNS, net=np.array([1.0] * 20 + [-1.0])).profit_factor
    assert found is not None
    assert found.low is not None
    assert found.high is None
    assert made(RETURNS, net=np.ones(20)).profit_factor is None
