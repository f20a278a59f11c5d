"""Missing candles are found, all of them and nothing else, and asked for in pages."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.timeframe import Timeframe
from engines.market.gaps import Span, is_whole, missing

H1 = Timeframe.H1
HOUR = H1.ms


def times(*hours: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([hour * HOUR for hour in hours], dtype=np.int64)


def hours(start: int, stop: int) -> Span:
    return Span(start * HOUR, stop * HOUR)


@pytest.mark.parametrize(
    ("there", "gaps"),
    [
        ([], [hours(10, 20)]),
        (list(range(10, 20)), []),
        (list(range(5, 30)), []),
        ([10, 11, 14, 15, 16, 17, 18, 19], [hours(12, 14)]),
        ([12, 13, 14, 15, 16, 17], [hours(10, 12), hours(18, 20)]),
        ([0, 5, 25, 30], [hours(10, 20)]),
        ([10, 12, 14, 16, 18], [hours(11, 12), hours(13, 14), hours(15, 16), hours(17, 18), hours(19, 20)]),
    ],
)
def test_holes_and_missing_ends_are_found(there: list[int], gaps: list[Span]) -> None:
    assert missing(times(*there), H1, hours(10, 20)) == gaps
    assert is_whole(times(*there), H1, hours(10, 20)) == (not gaps)


def test_only_candles_that_open_in_the_span_are_wanted() -> None:
    wanted = Span(10 * HOUR + 1, 12 * HOUR + 1)
    assert missing(times(), H1, wanted) == [hours(11, 13)]
    assert missing(times(11, 12), H1, wanted) == []


@pytest.mark.parametrize("wanted", [hours(10, 10), hours(10, 5), Span(1, HOUR)])
def test_nothing_is_missing_from_a_span_in_which_nothing_opens(wanted: Span) -> None:
    assert missing(times(), H1, wanted) == []
    assert wanted.count(H1) == 0


@given(st.sets(st.integers(0, 60)), st.integers(0, 60), st.integers(0, 60))
def test_what_is_there_and_what_is_missing_make_the_whole(there: set[int], start: int, stop: int) -> None:
    gaps = missing(times(*sorted(there)), H1, hours(start, stop))
    found = [at // HOUR for gap in gaps for at in range(gap.start_ms, gap.stop_ms, HOUR)]
    assert found == [hour for hour in range(start, stop) if hour not in there]
    assert sum(gap.count(H1) for gap in gaps) == len(found)
    assert all(left.stop_ms < right.start_ms for left, right in pairwise(gaps))


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 1000))
def test_pages_cover_a_span_once_and_none_is_too_long(start: int, length: int, most: int) -> None:
    span = hours(start, start + length)
    pages = list(span.pages(H1, most))
    assert sum(page.count(H1) for page in pages) == length
    assert all(page.count(H1) <= most for page in pages)
    assert [page.stop_ms for page in pages[1:]] == [page.start_ms for page in pages[:-1]]
    assert pages == sorted(pages, reverse=True)


def test_a_span_that_is_not_aligned_has_pages_too() -> None:
    assert list(Span(HOUR + 5, 4 * HOUR + 5).pages(H1, 2)) == [
        Span(3 * HOUR, 4 * HOUR + 5),
        Span(HOUR + 5, 3 * HOUR),
    ]
