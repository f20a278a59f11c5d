"""Support and resistance: what is a swing, what touches a level, what breaks it, and which are forgotten."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators import swings
from engines.indicators.columns import PLACE
from engines.indicators.hot import HotState, run
from engines.indicators.swings import CAPACITY, COUNT, PRICE, SPAN, STRENGTH
from tests.build.bars import a_walk, bars_of
from tests.build.kernels import in_python

AT = 0
KERNELS = pytest.mark.parametrize("is_compiled", [True, False], ids=["compiled", "python"])


def swing_highs(highs: FloatArray, *, is_compiled: bool) -> list[int]:
    """The bars that are told as swing highs, by their place."""
    is_swing = swings.is_swing if is_compiled else in_python(swings.is_swing)
    state = np.zeros(swings.SIZE)
    return [row - SPAN for row, high in enumerate(highs) if is_swing(state, AT, high)]


def expected_highs(highs: FloatArray) -> list[int]:
    """The definition, word by word."""
    return [
        row
        for row in range(SPAN, len(highs) - SPAN)
        if highs[row] > highs[row + 1 : row + SPAN + 1].max() and highs[row] >= highs[row - SPAN : row].max()
    ]


@KERNELS
@given(heights=st.lists(st.integers(1, 12), max_size=80))
def test_a_swing_is_above_what_follows_and_not_below_what_came(heights: list[int], is_compiled: bool) -> None:
    highs = np.array(heights, np.float64)
    assert swing_highs(highs, is_compiled=is_compiled) == expected_highs(highs)


def test_of_equal_highs_the_last_is_the_swing() -> None:
    highs = np.array([1.0] * 5 + [3.0, 2.0, 3.0] + [1.0] * 5)
    assert swing_highs(highs, is_compiled=True) == [7]


def test_a_line_has_no_swings() -> None:
    assert swing_highs(np.full(50, 7.0), is_compiled=True) == []


def a_zigzag(*turns: float, bars: int = 8) -> Candles:
    """Straight ways from turn to turn, each `bars` long, after a gentle rise that lets the ATR warm up. Each
    bar reaches 0.25 above and below its close."""
    path = [np.linspace(turns[0] - 10.0, turns[0], 20)]
    for start, end in pairwise(turns):
        path.append(np.linspace(start, end, bars + 1)[1:])
    closes = np.concatenate(path)
    return bars_of(closes + 0.25, closes - 0.25, closes)


def levels_after(candles: Candles) -> list[tuple[float, float, float]]:
    state = HotState()
    state.push(candles)
    frame = state.frame(Timeframe.H1)
    assert frame is not None
    return [tuple(round(number, 6) for number in level) for level in frame.swings.tolist()]


def test_turns_become_levels_with_their_side() -> None:
    """The last turn is not known yet: the bars after it are missing."""
    assert levels_after(a_zigzag(100, 120, 104, 118)) == [(120.25, 1, 1), (103.75, 1, -1)]


def test_a_swing_is_known_only_when_the_bars_after_it_have_closed() -> None:
    candles = a_zigzag(100, 120, 104)
    top = int(np.argmax(candles.high))
    resistance = run(candles)[:, PLACE["resistance"]]
    assert np.isnan(resistance[: top + SPAN]).all()
    assert (resistance[top + SPAN :] == 120.25).all()


def test_a_turn_near_a_level_touches_it_and_the_level_moves_to_the_mean() -> None:
    levels = levels_after(a_zigzag(100, 120, 104, 119.5, 104, 110))
    assert levels == [(120.0, 2, 1), (103.75, 2, -1)]


def test_a_turn_that_is_not_near_is_another_level() -> None:
    levels = levels_after(a_zigzag(100, 120, 104, 123, 112))
    assert [(price, strength) for price, strength, _ in levels] == [(103.75, 1), (123.25, 1)]


def test_a_close_through_a_level_of_one_touch_ends_it() -> None:
    assert (120.25, 1, 1) not in levels_after(a_zigzag(100, 120, 104, 121, 120.9))


def test_a_strong_resistance_that_breaks_is_support_with_one_touch_less() -> None:
    broken = a_zigzag(100, 120, 104, 120, 104, 129)
    rows, now = run(broken), len(broken) - 1
    before = int(np.flatnonzero(broken.close[:-1] > 120.25)[0]) - 1
    assert (rows[before, PLACE["resistance"]], rows[before, PLACE["resistance_strength"]]) == (120.25, 2)
    assert (rows[now, PLACE["support"]], rows[now, PLACE["support_strength"]]) == (120.25, 1)


def test_the_nearest_levels_on_both_sides_are_told() -> None:
    row = dict(zip(PLACE, run(a_zigzag(100, 140, 120, 134, 123, 129))[-1], strict=True))
    assert (row["support"], row["resistance"]) == (122.75, 134.25)


@given(st.integers(0, 500))
def test_every_level_is_sound_and_the_columns_are_the_nearest(seed: int) -> None:
    candles = a_walk(600, seed)
    state = HotState()
    rows = state.push(candles)
    frame = state.frame(Timeframe.H1)
    assert frame is not None
    prices, strengths, sides = frame.swings.T
    assert len(prices) <= CAPACITY
    assert (strengths >= 1).all()
    assert set(sides) <= {-1.0, 1.0}
    assert candles.low.min() <= prices.min() <= prices.max() <= candles.high.max()
    close = candles.close[-1]
    for name, side in (("support", prices[prices <= close]), ("resistance", prices[prices > close])):
        nearest = side[np.argmin(abs(side - close))] if len(side) else np.nan
        np.testing.assert_equal(rows[-1, PLACE[name]], nearest)
        strength = strengths[prices == nearest].max() if len(side) else np.nan
        np.testing.assert_equal(rows[-1, PLACE[f"{name}_strength"]], strength)


@KERNELS
def test_when_there_is_no_room_the_weakest_goes_and_of_equals_the_oldest(is_compiled: bool) -> None:
    state = np.zeros(swings.SIZE)
    touch = swings.touch if is_compiled else in_python(swings.touch)
    for number in range(CAPACITY):
        touch(state, AT, 100.0 + number, 1.0, 0.1)
    for number in (0, 2):
        touch(state, AT, 100.0 + number, -1.0, 0.1)
    touch(state, AT, 500.0, 1.0, 0.1)
    prices = state[PRICE : PRICE + CAPACITY].tolist()
    assert state[COUNT] == CAPACITY
    assert 101.0 not in prices
    assert prices[-3:] == [100.0, 102.0, 500.0]
    assert state[STRENGTH + CAPACITY - 3 : STRENGTH + CAPACITY].tolist() == [2.0, 2.0, 1.0]


@KERNELS
def test_a_touch_counts_for_the_nearest_of_the_levels_in_reach(is_compiled: bool) -> None:
    state = np.zeros(swings.SIZE)
    touch = swings.touch if is_compiled else in_python(swings.touch)
    for price in (100.0, 101.0, 100.6):
        touch(state, AT, price, 1.0, 0.5 if price == 100.6 else 0.1)
    assert swings.levels(state, AT).tolist() == [[100.0, 1.0, 1.0], [100.8, 2.0, 1.0]]


@KERNELS
def test_a_strong_level_stays_however_long_ago_it_was_touched(is_compiled: bool) -> None:
    state = np.zeros(swings.SIZE)
    touch = swings.touch if is_compiled else in_python(swings.touch)
    strong = [100.0 + number for number in range(CAPACITY - 1)]
    for price in (*strong, *strong, 500.0, 600.0):
        touch(state, AT, price, 1.0, 0.1)
    assert swings.levels(state, AT)[:, 0].tolist() == [*strong, 600.0]
