"""The grid of a market is read off its prices, and prices are put on a grid exactly."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.timeframe import Timeframe
from engines.market.grid import on_grid, step_of
from tests.build.candles import rows_of, some_candles
from tests.build.recordings import some_bars


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([100.0, 250.0], "1"),
        ([107112.76, 4261.4], "0.01"),
        ([0.00001234, 0.00001235], "1E-8"),
        ([71289585409.0, 3.0], "1"),
        ([1 / 3], "1E-10"),
        ([0.0], "1"),
        ([0.1 + 0.2, 0.7], "0.1"),
        ([], "1"),
    ],
)
def test_the_step_is_the_coarsest_that_fits_all(values: list[float], step: str) -> None:
    assert step_of(np.array(values)) == Decimal(step)


@given(
    ticks=st.lists(st.integers(1, 10**9), min_size=1, max_size=30),
    decimals=st.integers(min_value=0, max_value=8),
)
def test_every_decimal_is_seen_as_the_multiple_that_it_is(ticks: list[int], decimals: int) -> None:
    step = Decimal(1).scaleb(-decimals)
    found = step_of(np.array([float(tick * step) for tick in ticks]))
    assert found >= step
    assert all((tick * step) % found == 0 for tick in ticks)


def test_prices_off_the_grid_move_to_the_nearest_and_are_counted() -> None:
    candles = some_candles(200)
    moved, count = on_grid(candles, Decimal("0.5"))
    assert count == 200
    for name in ("open", "high", "low", "close"):
        column, before = getattr(moved, name), getattr(candles, name)
        assert (column % 0.5 == 0).all()
        assert (np.abs(column - before) <= 0.25).all()
    assert (moved.high >= np.maximum(moved.open, moved.close)).all()
    assert (moved.low <= np.minimum(moved.open, moved.close)).all()


def test_prices_on_the_grid_stay_to_the_last_bit() -> None:
    bars = some_bars(Timeframe.H1, 300)
    kept, count = on_grid(bars, Decimal("0.01"))
    assert (rows_of(kept), count) == (rows_of(bars), 0)


def test_no_price_falls_to_nothing() -> None:
    moved, _ = on_grid(some_candles(20, price=0.2), Decimal(1))
    assert moved.low.min() == 1.0
