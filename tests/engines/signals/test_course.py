"""Entry, targets, stop and expiry of a signal, in single stretches and along whole paths."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.core.side import Direction
from engines.signals.course import Costs, CourseEvent, advance, begin, expected_costs
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, SignalState
from engines.signals.stretch import Stretch
from tests.build.clock import NOON
from tests.build.signals import a_proposal

NOON_MS = int(NOON.timestamp() * 1000)
MINUTE = 60_000
FREE = Costs(fee=0.0, slippage=0.0)
LONG = a_proposal()  # in at 99.50 to 100.50, stop 96, targets 104, 108, 112: R is 4
SHORT = a_proposal(
    direction=Direction.SHORT, stop=Decimal(104), targets=(Decimal(96), Decimal(92), Decimal(88))
)


def a_stretch(
    open_: float, high: float, low: float, close: float, *, minute: int = 0, minutes: int = 1
) -> Stretch:
    """From that minute after noon on."""
    start_ms = NOON_MS + minute * MINUTE
    at_ms = start_ms + minutes * MINUTE
    return Stretch(start_ms=start_ms, at_ms=at_ms, open=open_, high=high, low=low, close=close)


def along(
    proposal: Proposal, stretches: Sequence[Stretch], costs: Costs = FREE
) -> tuple[Course, list[CourseEvent]]:
    course = begin(proposal)
    events: list[CourseEvent] = []
    for stretch in stretches:
        course, new = advance(proposal, course, stretch, costs)
        events += new
    return course, events


def walked(proposal: Proposal, *prices: float, costs: Costs = FREE) -> tuple[Course, list[CourseEvent]]:
    """A minute from each price to the next."""
    steps = [
        a_stretch(first, max(first, last), min(first, last), last, minute=minute)
        for minute, (first, last) in enumerate(pairwise(prices))
    ]
    return along(proposal, steps, costs)


def states(events: Sequence[CourseEvent]) -> list[str]:
    return [event.state.value for event in events]


# entry


def test_a_new_signal_has_seen_its_own_bar_and_no_more() -> None:
    late = a_proposal(created_at=NOON + timedelta(seconds=2))
    assert begin(late) == Course(state=SignalState.NEW, seen_ms=NOON_MS, stop=96.0)


def test_the_entry_fills_at_the_worse_edge_of_its_zone() -> None:
    course, events = walked(LONG, 101, 99.7)
    assert (course.state, course.entry_price, course.entered_at) == (
        SignalState.ACTIVE,
        100.5,
        NOON + timedelta(minutes=1),
    )
    assert events == [CourseEvent(state=SignalState.ACTIVE, at=NOON + timedelta(minutes=1), price=100.5)]
    assert walked(SHORT, 99, 99.7)[0].entry_price == 99.5


def test_without_a_price_of_the_zone_it_waits() -> None:
    course, events = walked(LONG, 101, 103, 100.51)
    assert (course.state, course.seen_ms, events) == (SignalState.NEW, NOON_MS + 2 * MINUTE, [])


def test_a_jump_over_the_zone_and_the_stop_ends_it_unentered() -> None:
    course, events = along(LONG, [a_stretch(95.0, 95.5, 94.0, 95.0)])
    assert (course.state, course.result_r, course.entry_price) == (SignalState.EXPIRED, None, None)
    assert course.ended_at == NOON + timedelta(minutes=1)
    assert [(event.state, event.price) for event in events] == [(SignalState.EXPIRED, None)]


def test_a_jump_into_the_room_between_zone_and_stop_waits() -> None:
    assert along(LONG, [a_stretch(98.0, 98.5, 97.0, 98.0)])[0].state is SignalState.NEW


# one stretch


def test_inside_one_stretch_the_stop_comes_before_the_targets() -> None:
    course, events = along(LONG, [a_stretch(100.0, 115.0, 95.0, 110.0)])
    assert states(events) == ["active", "stopped"]
    assert course.result_r == pytest.approx(-4.5 / 4)
    assert (course.exit_price, course.left) == (96.0, 0.0)


def test_several_targets_in_one_stretch() -> None:
    course, events = along(LONG, [a_stretch(100.0, 113.0, 99.0, 111.0)])
    assert states(events) == ["active", "tp1", "tp2", "tp3"]
    assert course.result_r == pytest.approx((0.5 * 3.5 + 0.3 * 7.5 + 0.2 * 11.5) / 4)
    assert (course.left, len(course.hit_at), course.exit_price) == (0.0, 3, 112.0)


def test_an_extreme_that_may_lie_before_the_entry_hits_no_target() -> None:
    course, events = along(LONG, [a_stretch(101.0, 105.0, 100.0, 102.0)])
    assert states(events) == ["active"]
    assert course.left == 1.0


def test_a_close_beyond_a_target_lies_after_the_entry() -> None:
    assert states(along(LONG, [a_stretch(101.0, 105.0, 100.0, 104.5)])[1]) == ["active", "tp1"]


def test_of_a_stretch_that_was_seen_in_part_only_the_close_hits_targets() -> None:
    course, _ = walked(LONG, 100, 101)
    overlapping = a_stretch(100.0, 105.0, 99.0, 102.0, minute=0, minutes=5)
    assert advance(LONG, course, overlapping, FREE)[1] == ()


def test_a_close_beneath_the_entry_meets_the_stop_that_the_target_moved() -> None:
    entered, _ = walked(LONG, 100, 101)
    course, events = advance(LONG, entered, a_stretch(101.0, 104.0, 100.2, 100.3, minute=1), FREE)
    assert states(events) == ["tp1", "stopped"]
    assert course.result_r == pytest.approx(0.5 * 3.5 / 4)
    assert course.exit_price == 100.5


# along a path


def test_after_the_first_target_the_stop_stands_at_the_entry() -> None:
    course, events = walked(LONG, 100, 104, 102)
    assert (course.state, course.stop, course.left) == (SignalState.TP1, 100.5, 0.5)
    course, events = walked(LONG, 100, 104, 102, 99)
    assert states(events) == ["active", "tp1", "stopped"]
    assert course.result_r == pytest.approx(0.5 * 3.5 / 4)


def test_a_gap_through_the_stop_gives_the_open() -> None:
    entered, _ = walked(LONG, 100, 101)
    course, _ = advance(LONG, entered, a_stretch(94.0, 97.0, 93.0, 96.5, minute=1), FREE)
    assert course.exit_price == 94.0
    assert course.result_r == pytest.approx(-6.5 / 4)


def test_a_gap_over_a_target_gives_the_target() -> None:
    entered, _ = walked(LONG, 100, 101)
    course, _ = advance(LONG, entered, a_stretch(106.0, 107.0, 105.0, 106.0, minute=1), FREE)
    assert course.gross_r == pytest.approx(0.5 * 3.5 / 4)


def test_expiry_leaves_at_the_close() -> None:
    short_lived = replace(LONG, expires_at=NOON + timedelta(minutes=2))
    course, events = walked(short_lived, 100, 101, 102)
    assert states(events) == ["active", "expired"]
    assert course.exit_price == 102.0
    assert course.result_r == pytest.approx(1.5 / 4)


def test_a_stop_in_the_last_stretch_comes_before_the_expiry() -> None:
    short_lived = replace(LONG, expires_at=NOON + timedelta(minutes=2))
    assert states(walked(short_lived, 100, 101, 95)[1]) == ["active", "stopped"]


def test_what_happens_after_the_expiry_does_not_count() -> None:
    short_lived = replace(LONG, expires_at=NOON + timedelta(minutes=2))
    entered, _ = walked(short_lived, 100, 101)
    course, events = advance(short_lived, entered, a_stretch(101.5, 120.0, 90.0, 119.0, minute=2), FREE)
    assert (states(events), course.exit_price) == (["expired"], 101.5)


def test_one_that_was_never_entered_expires_without_a_result() -> None:
    short_lived = replace(LONG, expires_at=NOON + timedelta(minutes=2))
    course, events = walked(short_lived, 102, 103, 102)
    assert (states(events), events[0].price, course.result_r) == (["expired"], None, None)


def test_costs_are_paid_on_both_sides_of_every_part() -> None:
    costs = Costs(fee=0.001, slippage=0.0005)
    course, _ = walked(LONG, 100, 104, 108, 112, costs=costs)
    sold = 0.5 * 104 + 0.3 * 108 + 0.2 * 112
    assert course.result_r == pytest.approx(course.gross_r - 0.0015 * (100.5 + sold) / 4)


def test_what_a_signal_costs_in_r_is_known_before_it_is_traded() -> None:
    costs = Costs(fee=0.001, slippage=0.0005)
    assert expected_costs(LONG, costs) == pytest.approx(2 * 0.0015 * 100 / 4)
    assert expected_costs(SHORT, costs) == expected_costs(LONG, costs)
    near = a_proposal(stop=Decimal(99))
    assert expected_costs(near, costs) == pytest.approx(0.3)
    out_at_its_entry, _ = walked(LONG, 100, 104, 100, costs=costs)
    paid = out_at_its_entry.gross_r - (out_at_its_entry.result_r or 0.0)
    assert paid == pytest.approx(expected_costs(LONG, costs), rel=0.03)


@pytest.mark.parametrize("minute", [0, 1])
def test_what_was_seen_before_changes_nothing(minute: int) -> None:
    course, _ = walked(LONG, 100, 101, 102)
    again = a_stretch(100.0, 120.0, 90.0, 100.0, minute=minute)
    assert advance(LONG, course, again, FREE) == (course, ())


def test_after_the_end_nothing_happens() -> None:
    course, _ = walked(LONG, 100, 95)
    assert course.state is SignalState.STOPPED
    assert advance(LONG, course, a_stretch(100.0, 120.0, 90.0, 100.0, minute=9), FREE) == (course, ())


# properties

PRICES = st.lists(st.floats(90, 115), min_size=2, max_size=30)


@st.composite
def bars(draw: st.DrawFn) -> list[Stretch]:
    """Bars that follow each other without gaps."""
    closes = draw(PRICES)
    wicks = draw(st.lists(st.floats(0, 3), min_size=2 * len(closes), max_size=2 * len(closes)))
    return [
        a_stretch(
            first,
            max(first, last) + wicks[2 * minute],
            min(first, last) - wicks[2 * minute + 1],
            last,
            minute=minute,
        )
        for minute, (first, last) in enumerate(pairwise(closes))
    ]


@given(stretches=bars(), proposal=st.sampled_from([LONG, SHORT]))
def test_shares_add_up_and_results_are_bounded(stretches: list[Stretch], proposal: Proposal) -> None:
    course = begin(proposal)
    for stretch in stretches:
        before = course
        course, events = advance(proposal, course, stretch, FREE)
        assert 0.0 <= course.left <= before.left
        assert before.seen_ms < course.seen_ms or not before.state.is_live
        assert bool(events) == (course.state is not before.state)
    if course.result_r is not None:
        assert course.left == 0.0
        assert -4.5 / 4 <= course.result_r <= (0.5 * 3.5 + 0.3 * 7.5 + 0.2 * 11.5) / 4 + 1e-12


@given(stretches=bars())
def test_a_short_is_the_mirror_of_a_long(stretches: list[Stretch]) -> None:
    mirrored = [
        replace(
            stretch,
            open=200 - stretch.open,
            high=200 - stretch.low,
            low=200 - stretch.high,
            close=200 - stretch.close,
        )
        for stretch in stretches
    ]
    left, right = along(LONG, stretches), along(SHORT, mirrored)
    assert states(left[1]) == states(right[1])
    assert left[0].gross_r == pytest.approx(right[0].gross_r)


def coarse(stretches: Sequence[Stretch]) -> Stretch:
    return Stretch(
        start_ms=stretches[0].start_ms,
        at_ms=stretches[-1].at_ms,
        open=stretches[0].open,
        high=max(stretch.high for stretch in stretches),
        low=min(stretch.low for stretch in stretches),
        close=stretches[-1].close,
    )


@given(stretches=bars())
def test_finer_candles_never_end_worse_than_the_coarse_one_that_meets_the_stop(
    stretches: list[Stretch],
) -> None:
    """What the coarse candle takes for the worst cannot come out worse when more is known."""
    whole, _ = along(LONG, [coarse(stretches)])
    assume(whole.state is SignalState.STOPPED and not whole.hit_at)
    fine, _ = along(LONG, stretches)
    assert whole.result_r is not None
    assert fine.result_r is None or fine.result_r >= whole.result_r - 1e-12


@given(stretches=bars(), data=st.data())
def test_a_stretch_told_twice_is_told_once(stretches: list[Stretch], data: Any) -> None:
    place = data.draw(st.integers(0, len(stretches) - 1))
    twice = [*stretches[: place + 1], stretches[place], *stretches[place + 1 :]]
    assert along(LONG, twice) == along(LONG, stretches)
