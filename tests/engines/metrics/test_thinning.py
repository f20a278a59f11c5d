"""Fewer points of the same shape."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines.metrics.thinning import thinned


@given(st.integers(1, 5000), st.integers(1, 4), st.integers(10, 600), st.integers(0, 99))
def test_both_ends_and_every_extreme_are_kept(count: int, columns: int, most: int, seed: int) -> None:
    values = list(np.random.default_rng(seed).normal(size=(columns, count)))
    rows = thinned(values, most)
    assert len(rows) <= most
    assert (rows[0], rows[-1]) == (0, count - 1)
    assert (np.diff(rows) > 0).all()
    for column in values:
        assert column[rows].min() == column.min()
        assert column[rows].max() == column.max()


def test_few_points_are_all_kept() -> None:
    assert thinned([np.arange(5.0)], 5).tolist() == [0, 1, 2, 3, 4]
