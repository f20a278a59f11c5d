"""The sliding window: never more than so many in any span."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.window import Window


def test_a_full_window_waits_until_its_oldest_event_leaves() -> None:
    window = Window(limit=2, span_s=60)
    for now in (0.0, 10.0):
        assert window.wait_s(now) == 0
        window.take(now)
    assert window.wait_s(15) == 45
    assert window.wait_s(60) == 0


@pytest.mark.parametrize(
    ("count", "span_s", "window"),
    [(30, 1, (30, 1)), (20, 60, (20, 60)), (0.5, 1, (1, 2)), (2.5, 1, (2, 0.8))],
)
def test_a_rate_becomes_a_whole_number_in_a_fitting_span(
    count: float, span_s: float, window: tuple[int, float]
) -> None:
    made = Window.per(span_s, count)
    assert (made.limit, made.span_s) == pytest.approx(window)


@given(
    limit=st.integers(1, 5),
    steps=st.lists(st.floats(0, 3, allow_nan=False), max_size=60),
)
def test_no_span_ever_holds_more_than_the_limit(limit: int, steps: list[float]) -> None:
    window, now, taken = Window(limit=limit, span_s=4), 0.0, list[float]()
    for step in steps:
        now += step
        if window.wait_s(now) == 0:
            window.take(now)
            taken.append(now)
    for first, last in zip(taken, taken[limit:], strict=False):
        assert last >= first + 4
