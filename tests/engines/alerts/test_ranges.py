"""The range of a moving window, and of the last days."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engines.alerts.alert import Way
from engines.alerts.daily_range import MOST_DAYS, DailyRange, DayRange
from engines.alerts.moving_range import MovingRange
from tests.build.clock import NOON

MINUTE = timedelta(minutes=1)
STEPS = st.lists(st.tuples(st.integers(3, 400), st.integers(50, 150)), min_size=1, max_size=60)


@given(STEPS)
def test_rise_and_fall_are_those_of_every_price_in_the_window(steps: list[tuple[int, int]]) -> None:
    """Three seconds are a grain of a quarter of an hour: nothing is rounded away."""
    window = timedelta(minutes=15)
    moving, seen, at = MovingRange(window), [], NOON
    for wait_s, price in steps:
        at += timedelta(seconds=wait_s)
        seen.append((at, Decimal(price)))
        moving.push(Decimal(price), at)
        inside = [one for when, one in seen if when >= at - window]

        assert moving.rise == Decimal(price) / min(inside) - 1
        assert moving.fall == 1 - Decimal(price) / max(inside)


def test_before_the_first_price_nothing_has_moved() -> None:
    moving = MovingRange(MINUTE)

    assert moving.rise == 0
    assert moving.fall == 0


def test_a_day_of_a_steady_fall_at_ten_prices_a_second_stays_small() -> None:
    moving = MovingRange(timedelta(days=1))
    for number in range(95_000):
        moving.push(Decimal(1_000_000 - number), NOON + number * timedelta(seconds=0.9))

    assert len(moving) < 310
    assert moving.fall == 1 - Decimal(905_001) / Decimal(1_000_000)


def days(*ranges: tuple[int, int], first: date = date(2026, 3, 1)) -> list[DayRange]:
    return [
        DayRange(first + timedelta(days=number), Decimal(high), Decimal(low))
        for number, (high, low) in enumerate(ranges)
    ]


def test_the_extreme_of_some_days_counts_from_the_latest() -> None:
    known = DailyRange(days((300, 1), (200, 90), (150, 95)))

    assert [known.extreme(Way.UP, count) for count in (1, 2, 3, 30)] == [150, 200, 300, 300]
    assert [known.extreme(Way.DOWN, count) for count in (1, 2, 3, 30)] == [95, 90, 1, 1]


def test_today_counts_as_far_as_it_went_and_becomes_a_closed_day() -> None:
    known = DailyRange(days((150, 95)))
    today = date(2026, 3, 2)
    known.push(Decimal(160), today)
    known.push(Decimal(155), today)
    assert known.extreme(Way.UP, 1) == 160
    assert known.extreme(Way.DOWN, 1) == 95

    assert known.turn(today + timedelta(days=1))
    assert not known.turn(today + timedelta(days=1))

    assert known.extreme(Way.DOWN, 1) == 155
    assert known.extreme(Way.DOWN, 2) == 95


def test_a_price_of_a_day_gone_is_left_out() -> None:
    known = DailyRange([])
    assert known.extreme(Way.UP, 5) is None
    known.push(Decimal(100), date(2026, 3, 2))
    known.push(Decimal(500), date(2026, 3, 1))

    assert known.extreme(Way.UP, 5) == 100


def test_no_more_days_are_kept_than_anybody_may_ask_for() -> None:
    known = DailyRange(days(*[(100 + number, 1) for number in range(500)]))

    assert len(known) == MOST_DAYS
