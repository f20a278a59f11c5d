"""Falls: how deep, from when until when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.metrics.drawdown import Falls, falls, under_water
from tests.build.measured import OPENING, curve_of
from tests.build.recordings import DAY, JANUARY_MS


def of(equity: list[float]) -> Falls:
    curve = curve_of(equity)
    return falls(curve.time_ms, curve.equity, opening=OPENING, start_ms=JANUARY_MS)


def day(number: int) -> int:
    return JANUARY_MS + number * DAY


def test_a_fall_has_a_peak_a_trough_and_a_recovery() -> None:
    worst = of([1100, 1200, 900, 1000, 1200, 1150]).deepest
    assert worst is not None
    assert worst.depth == pytest.approx(0.25)
    assert (worst.peak_ms, worst.trough_ms, worst.recovered_ms) == (day(2), day(3), day(5))
    assert worst.length_ms == 3 * DAY


def test_a_fall_from_the_opening_that_is_not_over() -> None:
    worst = of([900, 800, 950]).deepest
    assert worst is not None
    assert (worst.peak_ms, worst.trough_ms, worst.recovered_ms) == (day(0), day(2), None)
    assert worst.length_ms == 3 * DAY


def test_the_longest_is_not_the_deepest() -> None:
    found = of([1100, 600, 1100, 1090, 1080, 1090, 1095, 1099])
    assert found.longest_ms == 5 * DAY
    assert [round(one.depth, 3) for one in found.worst(5)] == [0.455, 0.018]


def test_a_rising_account_has_none() -> None:
    found = of([1000, 1001, 1001, 1002])
    assert (found.deepest, found.longest_ms, found.worst(3)) == (None, 0, ())


@given(st.lists(st.floats(1, 5000), min_size=1, max_size=1500), st.integers(0, 2**31))
def test_blocks_change_nothing(equity: list[float], seed: int) -> None:
    """The same depth as from a running maximum over every row."""
    rng = np.random.default_rng(seed)
    worth = np.repeat(np.array(equity), 3) * np.exp(rng.normal(0, 0.01, 3 * len(equity)))
    deepest = of(worth.tolist()).deepest
    plain = -under_water(worth, OPENING).min()
    assert (deepest.depth if deepest else 0.0) == pytest.approx(plain, abs=1e-12)
