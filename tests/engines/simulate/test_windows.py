"""Windows of a walk-forward: nothing of a test is in any training before it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.simulate.windows import Anchor, Plan, Window, windows

DAY = 86_400_000


def a_plan(anchor: Anchor = Anchor.ROLLING, **days: float) -> Plan:
    lengths = {"train": 100.0, "test": 20.0, "purge": 5.0, "embargo": 2.0} | days
    return Plan(anchor=anchor, **{f"{name}_ms": round(count * DAY) for name, count in lengths.items()})


def test_rolling_windows_keep_their_length_and_follow_the_tests() -> None:
    first, second, *rest = windows(0, 200 * DAY, a_plan())
    assert first == Window(
        number=1, train_start_ms=0, train_stop_ms=100 * DAY, test_start_ms=105 * DAY, test_stop_ms=125 * DAY
    )
    assert (second.number, second.train_start_ms, second.test_start_ms) == (2, 22 * DAY, 127 * DAY)
    assert [window.test_stop_ms // DAY for window in rest] == [169, 191]


def test_anchored_windows_all_begin_at_the_start() -> None:
    found = windows(7, 200 * DAY, a_plan(Anchor.ANCHORED))
    assert {window.train_start_ms for window in found} == {7}
    lengths = [window.train_stop_ms - window.train_start_ms for window in found]
    assert lengths == sorted(set(lengths))


@given(
    anchor=st.sampled_from(Anchor),
    train=st.integers(1, 50),
    test=st.integers(1, 50),
    purge=st.integers(0, 20),
    embargo=st.integers(0, 20),
    total=st.integers(130, 1000),
    start=st.integers(-(10**12), 10**12),
)
def test_purged_bars_are_in_neither_part_and_tests_never_overlap(
    anchor: Anchor, train: int, test: int, purge: int, embargo: int, total: int, start: int
) -> None:
    plan = Plan(anchor=anchor, train_ms=train, test_ms=test, purge_ms=purge, embargo_ms=embargo)
    found = windows(start, start + total, plan)
    for window in found:
        assert start <= window.train_start_ms < window.train_stop_ms
        assert window.test_start_ms - window.train_stop_ms == purge
        assert window.test_stop_ms - window.test_start_ms == test
        assert window.train_stop_ms - window.train_start_ms >= train
        assert window.test_stop_ms <= start + total
    for before, after in pairwise(found):
        assert after.test_start_ms - before.test_stop_ms == embargo
    assert found[-1].test_stop_ms + embargo + test > start + total  # no further one fits


def test_what_cannot_be_cut_is_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match=r"take 125 days, but there are 124 days.*take shorter ones"):
        windows(0, 124 * DAY, a_plan())
    with pytest.raises(ValueError, match="longer than nothing"):
        a_plan(test=0)
    with pytest.raises(ValueError, match="cannot be negative"):
        a_plan(purge=-1)
