"""EMA: by hand, and the properties that any average keeps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import FloatArray
from engines.indicators.ema import ema

prices = st.lists(st.floats(1e-8, 1e6), min_size=1, max_size=60).map(np.array)
lengths = st.integers(1, 30)


def test_a_short_series_by_hand() -> None:
    np.testing.assert_allclose(ema(np.array([1.0, 2.0, 3.0, 7.0, 1.0]), 3), [np.nan, np.nan, 2.0, 4.5, 2.75])


def test_fewer_values_than_the_length_give_only_nan() -> None:
    assert np.isnan(ema(np.array([1.0, 2.0]), 3)).all()
    assert len(ema(np.array([]), 3)) == 0


def test_length_one_is_the_series_itself() -> None:
    values = np.array([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(ema(values, 1), values)


def test_a_length_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ema(np.array([1.0]), 0)


def test_a_nan_value_spoils_every_later_entry() -> None:
    assert np.isnan(ema(np.array([1.0, 2.0, np.nan, 4.0]), 2))[2:].all()


@given(values=prices, length=lengths)
def test_stays_within_the_values_seen(values: FloatArray, length: int) -> None:
    averages = ema(values, length)
    defined = averages[~np.isnan(averages)]
    assert len(defined) == max(0, len(values) - length + 1)
    rounding = values.max() * 1e-12
    assert (defined >= values.min() - rounding).all()
    assert (defined <= values.max() + rounding).all()


@given(values=prices, length=lengths, factor=st.floats(1e-3, 1e3))
def test_scales_with_the_values(values: FloatArray, length: int, factor: float) -> None:
    np.testing.assert_allclose(
        ema(values * factor, length),
        ema(values, length) * factor,
        rtol=1e-9,
        atol=values.max() * factor * 1e-12,
    )
