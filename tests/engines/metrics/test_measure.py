"""Figures of odd accounts: those that hardly lived, never moved, or lost everything."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.metrics.measure import measure
from tests.build.measured import OPENING, curve_of, measured, rounds_of
from tests.build.recordings import DAY, HOUR, JANUARY_MS


def numbers(value: object) -> Iterator[float]:
    """Every number in a value, however deep."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, int | float):
        yield value


@given(
    st.lists(st.floats(-5000, 50_000), min_size=1, max_size=60),
    st.lists(st.floats(-500, 500), max_size=8),
    st.sampled_from([HOUR, DAY, 9 * DAY]),
)
def test_every_figure_is_a_number_or_none(equity: list[float], net: list[float], step_ms: int) -> None:
    curve = curve_of(equity, step_ms=step_ms, exposure=np.abs(equity))
    rounds = rounds_of(net, fee=1.0, traded=100.0, risk=[0.0] * len(net))
    assert all(math.isfinite(number) for number in numbers(measured(curve, rounds)))


def test_one_bar() -> None:
    found = measured(curve_of([1010.0], step_ms=HOUR))
    assert found.roi == pytest.approx(0.01)
    assert (found.days, found.max_drawdown) == (1, 0.0)
    assert found.best_day == pytest.approx(0.01)
    assert (found.cagr, found.sharpe, found.volatility, found.calmar) == (None, None, None, None)


def test_an_account_that_never_traded() -> None:
    found = measured(curve_of([OPENING] * 100))
    assert (found.roi, found.cagr, found.max_drawdown, found.drawdown) == (0.0, 0.0, 0.0, None)
    assert (found.sharpe, found.sortino, found.calmar, found.turnover) == (None, None, None, 0.0)
    assert (found.exposure_time, found.exposure, found.longest_drawdown_ms) == (0.0, 0.0, 0)
    assert (found.rounds.win_rate, found.rounds.expectancy, found.rounds.average_r) == (None, None, None)


def test_an_account_that_lost_everything_has_no_returns_afterwards() -> None:
    found = measured(curve_of([900.0, -100.0, 500.0] + [500.0] * 40))
    assert found.days == 2
    assert found.worst_day == pytest.approx(-1.111111, abs=1e-6)
    assert found.max_drawdown == pytest.approx(1.1)


def test_debts_do_not_compound() -> None:
    assert measured(curve_of([900.0] * 99 + [-100.0])).cagr is None
    assert measured(curve_of([900.0] * 99 + [0.0])).cagr == -1.0


@pytest.mark.parametrize(
    ("equity", "opening", "start_ms"),
    [([], OPENING, JANUARY_MS), ([1.0], 0.0, JANUARY_MS), ([1.0], OPENING, JANUARY_MS + DAY)],
)
def test_what_is_no_account_is_refused(equity: list[float], opening: float, start_ms: int) -> None:
    with pytest.raises(ValueError):
        measure(curve_of(equity), rounds_of(), opening=opening, start_ms=start_ms)


def test_exposure_is_told_in_time_and_in_size() -> None:
    found = measured(curve_of([1000.0] * 4, exposure=[0.0, 0.0, 500.0, 1500.0]))
    assert (found.exposure_time, found.exposure) == (0.5, 0.5)


def test_turnover_and_fees_are_shares_of_the_mean_equity() -> None:
    found = measured(curve_of([500.0, 1500.0] * 50), rounds_of([1.0, 1.0], fee=5.0, traded=2000.0))
    assert (found.turnover, found.fee_share) == (4.0, 0.01)
    assert found.turnover_a_year == pytest.approx(4.0 * 365 / 100)
