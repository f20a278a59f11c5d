"""Figures against a well-kept library, on the same daily series."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.core.candle import FloatArray
from engines.metrics.benchmark import Held, against
from engines.metrics.days import DAYS_A_YEAR
from tests.build.bars import recorded
from tests.build.measured import OPENING, curve_of, grown, measured
from tests.build.recordings import JANUARY_MS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the library's own imports
    import empyrical

YEAR = {"annualization": DAYS_A_YEAR}
CLOSE = 1e-9
RETURNS = st.lists(st.floats(-0.3, 0.3), min_size=40, max_size=200)


def assert_agrees(returns: FloatArray) -> None:
    ours = measured(curve_of(grown(returns)))
    depth = -empyrical.max_drawdown(returns)
    assert ours.max_drawdown == pytest.approx(depth, rel=CLOSE, abs=CLOSE)
    assert ours.cagr == pytest.approx(empyrical.annual_return(returns, **YEAR), rel=CLOSE, abs=CLOSE)
    assert ours.sharpe == pytest.approx(empyrical.sharpe_ratio(returns, **YEAR), rel=CLOSE, abs=CLOSE)
    assert ours.volatility == pytest.approx(empyrical.annual_volatility(returns, **YEAR), rel=CLOSE)
    assert ours.tail_loss == pytest.approx(-empyrical.value_at_risk(returns), rel=CLOSE, abs=CLOSE)
    shortfall = -empyrical.conditional_value_at_risk(returns)
    assert ours.shortfall == pytest.approx(shortfall, rel=CLOSE, abs=CLOSE)
    if ours.sortino is not None:
        assert ours.sortino == pytest.approx(empyrical.sortino_ratio(returns, **YEAR), rel=CLOSE, abs=CLOSE)
    if ours.calmar is not None and depth > CLOSE:
        assert ours.calmar == pytest.approx(empyrical.calmar_ratio(returns, **YEAR), rel=CLOSE, abs=CLOSE)


@given(RETURNS)
def test_any_series_of_returns(returns: list[float]) -> None:
    assume(np.std(returns) > 1e-4)
    assert_agrees(np.array(returns))


@pytest.mark.parametrize("name", ["binance_BTCUSDT_1d", "binance_ETHUSDT_1d"])
def test_holding_a_recorded_coin(shared_data: Path, name: str) -> None:
    closes = recorded(shared_data / "ohlcv" / f"{name}.csv.gz").close
    assert_agrees(closes[1:] / closes[:-1] - 1)


@given(RETURNS, st.integers(0, 1000))
def test_beside_a_holding(returns: list[float], seed: int) -> None:
    ours = np.array(returns)
    assume(np.std(ours) > 1e-4)
    theirs = np.random.default_rng(seed).normal(0.001, 0.03, len(ours))
    found = against(
        curve_of(grown(ours)),
        Held(name="coin", equity=grown(theirs)),
        opening=OPENING,
        start_ms=JANUARY_MS,
    )
    assert found.beta == pytest.approx(empyrical.beta(ours, theirs), rel=CLOSE, abs=CLOSE)
    assert found.alpha == pytest.approx(empyrical.alpha(ours, theirs, **YEAR), rel=1e-8, abs=CLOSE)
    assert found.correlation == pytest.approx(np.corrcoef(ours, theirs)[0, 1], rel=CLOSE, abs=CLOSE)
