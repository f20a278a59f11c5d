"""Levels that a value reaches."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engines.alerts.alert import Way
from engines.alerts.levels import Levels
from tests.build.alerts import Counted


def test_levels_at_or_beyond_the_value_are_reached_once_the_nearest_first() -> None:
    levels = Levels()
    for number, level in enumerate((105, 101, 103, 110)):
        levels.add(Way.UP, Decimal(level), number)

    assert levels.reached(Decimal("100.9")) == []
    assert levels.reached(Decimal(105)) == [1, 2, 0]
    assert levels.reached(Decimal(105)) == []
    assert len(levels) == 1


def test_downward_levels_are_reached_from_above() -> None:
    levels = Levels()
    for number, level in enumerate((95, 99, 90)):
        levels.add(Way.DOWN, Decimal(level), number)

    assert levels.reached(Decimal("99.1")) == []
    assert levels.reached(Decimal(95)) == [1, 0]


def test_a_removed_level_is_never_reached_and_its_twin_still_is() -> None:
    levels = Levels()
    levels.add(Way.UP, Decimal(101), 1)
    levels.add(Way.UP, Decimal("101.0"), 2)
    levels.remove(Way.UP, Decimal(101), 1)
    levels.remove(Way.UP, Decimal(101), 7)

    assert levels.reached(Decimal(200)) == [2]


def test_of_equal_levels_the_lowest_number_is_first() -> None:
    levels = Levels()
    for number in (2, 1, 3):
        levels.add(Way.UP, Decimal(101), number)
        levels.add(Way.DOWN, Decimal(99), number)

    assert levels.reached(Decimal(101)) == [1, 2, 3]
    assert levels.reached(Decimal(99)) == [1, 2, 3]


def test_a_level_of_more_digits_than_arithmetic_keeps_is_not_rounded() -> None:
    fine = Decimal("1.00000000000000000000000000000001")
    levels = Levels()
    levels.add(Way.UP, fine, 1)

    assert levels.reached(Decimal(1)) == []
    assert levels.reached(fine) == [1]


prices = st.integers(1, 60).map(Decimal)
wishes = st.lists(st.tuples(st.sampled_from(Way), prices), max_size=40)


@given(wishes, st.lists(prices, max_size=20))
def test_it_agrees_with_a_look_at_every_level(wished: list[tuple[Way, Decimal]], path: list[Decimal]) -> None:
    levels = Levels()
    for number, (way, level) in enumerate(wished):
        levels.add(way, level, number)
    waiting = dict(enumerate(wished))

    for price in path:
        expected = {
            number
            for number, (way, level) in waiting.items()
            if (price >= level if way is Way.UP else price <= level)
        }
        assert set(levels.reached(price)) == expected
        waiting = {number: wish for number, wish in waiting.items() if number not in expected}


def test_a_look_costs_two_comparisons_among_ten_thousand_levels() -> None:
    levels = Levels()
    for number in range(5000):
        levels.add(Way.UP, Decimal(101 + number), number)
        levels.add(Way.DOWN, Decimal(99) - Decimal(number) / 100, -number)

    Counted.looks = 0
    assert levels.reached(Counted(100)) == []
    assert Counted.looks == 2

    Counted.looks = 0
    assert levels.reached(Counted(103)) == [0, 1, 2]
    assert Counted.looks == 5
