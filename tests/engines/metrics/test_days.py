"""Days and months of an account."""

import numpy as np
import pytest

from engines.metrics.days import daily, monthly
from tests.build.measured import OPENING, curve_of, grown
from tests.build.recordings import DAY, HOUR, JANUARY_MS

FIRST_DAY = JANUARY_MS // DAY


def test_a_bar_that_closes_at_midnight_ends_the_day_before() -> None:
    curve = curve_of([1000.0 + hour for hour in range(1, 50)], step_ms=HOUR)
    days = daily(curve.time_ms, curve.equity, OPENING)
    assert days.number.tolist() == [FIRST_DAY, FIRST_DAY + 1, FIRST_DAY + 2]
    assert days.equity.tolist() == [1024.0, 1048.0, 1049.0]
    assert days.returns[0] == pytest.approx(0.024)


def test_a_day_without_bars_carries_what_was_there() -> None:
    times = JANUARY_MS + np.array([1, 4]) * DAY
    days = daily(times, np.array([1100.0, 1210.0]), OPENING)
    assert days.equity.tolist() == [1100.0, 1100.0, 1100.0, 1210.0]
    assert days.returns.tolist() == pytest.approx([0.1, 0.0, 0.0, 0.1])


def test_months_multiply_up_to_the_whole() -> None:
    equity = grown(np.random.default_rng(1).normal(0, 0.02, 100))
    curve = curve_of(equity)
    months = monthly(daily(curve.time_ms, curve.equity, OPENING), OPENING)
    assert [(one.year, one.month) for one in months] == [(2025, 1), (2025, 2), (2025, 3), (2025, 4)]
    assert months[0].value == pytest.approx(equity[30] / OPENING - 1)
    assert np.prod([1 + one.value for one in months]) == pytest.approx(equity[-1] / OPENING)
