"""What may be mended about recorded candles is mended, counted, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import pick
from engines.market.flaws import Flaw
from engines.market.gaps import Span
from engines.market.repair import (
    NOTHING,
    BadRepair,
    Conflicts,
    Gaps,
    Keep,
    Repair,
    filled,
    parsed,
    sound,
)
from tests.build.candles import rows_of, some_candles

M5 = Timeframe.M5


def shuffled(*rows: int) -> Candles:
    """Sound candles in that order, a row named twice being there twice."""
    return pick(some_candles(10), np.array(rows))


def with_nan(candles: Candles, row: int) -> Candles:
    high = candles.high.copy()
    high[row] = np.nan
    return replace(candles, high=high)


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ("", NOTHING),
        ("sort", Repair(sort=True)),
        ("sort, duplicates=last ,gaps=fill", Repair(sort=True, duplicates=Keep.LAST, gaps=Gaps.FILL)),
        ("duplicates=first,duplicates=last", Repair(duplicates=Keep.LAST)),
        ("BAD=drop,conflicts=fine", Repair(drop=True, conflicts=Conflicts.FINE)),
        ("conflicts=leave,gaps=leave", Repair(conflicts=Conflicts.LEAVE, gaps=Gaps.LEAVE)),
    ],
)
def test_repairs_are_read_from_words(text: str, repair: Repair) -> None:
    assert parsed(text) == repair


@pytest.mark.parametrize(
    ("text", "near"), [("sorted", "sort"), ("gaps=fil", "gaps=fill"), ("bad", "bad=drop"), ("dups=last", "")]
)
def test_other_words_are_refused_with_the_nearest(text: str, near: str) -> None:
    with pytest.raises(BadRepair, match=rf"{text}: did you mean {near}.*There are sort, duplicates=first"):
        parsed(text)


def test_sound_candles_need_nothing() -> None:
    found = sound(shuffled(*range(10)), M5, NOTHING)
    assert (found.rows.tolist(), found.refused, found.moved + found.repeated + found.dropped) == (
        list(range(10)),
        {},
        0,
    )


def test_rows_out_of_order_are_sorted_only_when_asked() -> None:
    table = shuffled(0, 2, 1, 3)
    assert sound(table, M5, NOTHING).refused == {2: Flaw.BACKWARD}
    found = sound(table, M5, Repair(sort=True))
    assert (found.rows.tolist(), found.refused, found.moved) == ([0, 2, 1, 3], {}, 1)


@pytest.mark.parametrize(("keep", "kept"), [(Keep.FIRST, [0, 1, 4]), (Keep.LAST, [0, 3, 4])])
def test_of_rows_with_one_time_the_first_or_the_last_is_kept(keep: Keep, kept: list[int]) -> None:
    table = shuffled(0, 1, 1, 1, 2)
    assert sound(table, M5, NOTHING).refused == {2: Flaw.REPEATED, 3: Flaw.REPEATED}
    found = sound(table, M5, Repair(duplicates=keep))
    assert (found.rows.tolist(), found.refused, found.repeated) == (kept, {}, 2)


def test_sorting_does_not_hide_that_a_time_is_there_twice() -> None:
    table = shuffled(0, 2, 3, 2)
    assert sound(table, M5, Repair(sort=True)).refused == {3: Flaw.REPEATED}
    found = sound(table, M5, Repair(sort=True, duplicates=Keep.FIRST))
    assert (found.rows.tolist(), found.refused) == ([0, 1, 2], {})


def test_rows_that_cannot_be_are_left_out_only_when_asked() -> None:
    table = with_nan(shuffled(0, 1, 2), 1)
    assert sound(table, M5, NOTHING).refused == {1: Flaw.NOT_A_NUMBER}
    found = sound(table, M5, Repair(drop=True))
    assert (found.rows.tolist(), found.refused, found.dropped) == ([0, 2], {}, 1)


def test_a_row_that_cannot_be_does_not_make_those_after_it_late() -> None:
    table = with_nan(shuffled(0, 9, 1, 2), 1)
    assert sound(table, M5, NOTHING).refused == {1: Flaw.NOT_A_NUMBER}


@given(rows=st.lists(st.integers(0, 9), min_size=1, max_size=30), keep=st.sampled_from(Keep))
def test_with_every_repair_any_order_becomes_a_series(rows: list[int], keep: Keep) -> None:
    table = shuffled(*rows)
    found = sound(table, M5, Repair(sort=True, duplicates=keep))
    assert found.refused == {}
    times = table.time_ms[found.rows]
    assert times.tolist() == sorted(set(table.time_ms.tolist()))
    assert found.repeated == len(rows) - len(set(rows))


def test_holes_are_filled_with_the_close_before_and_no_volume() -> None:
    whole = some_candles(10)
    there = pick(whole, np.array([0, 1, 4, 5, 7]))
    step, start = M5.ms, int(whole.time_ms[0])
    holes = [Span(start + 2 * step, start + 4 * step), Span(start + 6 * step, start + 7 * step)]
    made = filled(there, M5, holes)
    assert made.time_ms.tolist() == whole.time_ms[:8].tolist()
    assert rows_of(pick(made, np.array([0, 1, 4, 5, 7]))) == rows_of(there)
    for row, before in ((2, 1), (3, 1), (6, 5)):
        for column in (made.open, made.high, made.low, made.close):
            assert column[row] == whole.close[before]
        assert made.volume[row] == 0.0
    assert filled(there, M5, []) is there
