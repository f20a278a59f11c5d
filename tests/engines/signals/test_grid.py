"""Whole ticks by floats are those that the decimals have."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.instrument import Toward
from engines.signals.grid import grid_of, level_at, nearest_tick, price_of, tick_below
from tests.build.kernels import in_python
from tests.build.markets import an_instrument

TICKS = [Decimal(each) for each in ("0.01", "0.1", "0.5", "0.05", "0.25", "1", "5", "0.00000001", "0.0003")]
KERNELS = pytest.mark.parametrize("is_compiled", [True, False])


def prices(tick: Decimal) -> st.SearchStrategy[float]:
    """Prices on the grid, half way between its ticks, next to those by one float, and anywhere."""
    halves = st.integers(1, 10**9).map(lambda count: float(count * tick / 2))
    steps = st.sampled_from([0, 1, -1])
    return st.one_of(
        st.builds(beside, halves, steps), st.floats(float(tick), float(tick) * 1e9, allow_subnormal=False)
    )


def beside(price: float, step: int) -> float:
    """The float next to a price."""
    return price + step * abs(price) * 2.0**-52


@KERNELS
@given(data=st.data(), tick=st.sampled_from(TICKS))
def test_a_price_is_moved_as_the_instrument_moves_it(
    is_compiled: bool, data: st.DataObject, tick: Decimal
) -> None:
    price, instrument = data.draw(prices(tick)), an_instrument(tick=tick)
    nearest = nearest_tick if is_compiled else in_python(nearest_tick)
    below = tick_below if is_compiled else in_python(tick_below)
    level = level_at if is_compiled else in_python(level_at)
    grid, exact = grid_of(instrument), Decimal(repr(price))
    assert nearest(price, grid) == instrument.ticks(exact)
    assert below(price, grid) == instrument.ticks(exact, Toward.DOWN)
    assert level(price, 1, grid) == instrument.ticks(exact, Toward.DOWN)
    assert level(price, -1, grid) == -instrument.ticks(exact, Toward.UP)


@KERNELS
@given(ticks=st.integers(1, 10**12), tick=st.sampled_from(TICKS))
def test_ticks_are_the_price_that_the_instrument_says(is_compiled: bool, ticks: int, tick: Decimal) -> None:
    instrument = an_instrument(tick=tick)
    price = price_of if is_compiled else in_python(price_of)
    assert price(ticks, grid_of(instrument)) == float(instrument.price_of(ticks))
