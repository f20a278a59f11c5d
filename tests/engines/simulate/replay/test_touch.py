"""The scan for the next bar that matters says what protection says, bar by bar."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engines.core.moment import utc
from engines.core.side import Direction
from engines.orders.protection import decide
from engines.orders.trade import Target, Trade, TradeState
from engines.simulate.replay.lane import Lane
from engines.simulate.replay.tape import taped
from engines.simulate.replay.touch import next_touch
from tests.build.replaying import PERP, START, a_history, a_market, bars

D = Decimal
MOVES = st.lists(st.integers(-12, 12), min_size=8, max_size=40)


def walked(moves: list[int], wick: int) -> list[tuple[float, float, float, float]]:
    """Bars on the grid, one after the other, with wicks of up to so many ticks."""
    at, rows = 1000, []
    for number, move in enumerate(moves):
        close = at + move
        high, low = max(at, close) + number % (wick + 1), min(at, close) - (number * 7) % (wick + 1)
        rows.append((at / 10, high / 10, low / 10, close / 10))
        at = close
    return rows


def a_lane(rows: list[tuple[float, float, float, float]]) -> Lane:
    market = a_market(bars(rows))
    history = a_history(market)
    return Lane(tape=taped(market, history.start_ms, history.stop_ms), row=0)


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    direction = draw(st.sampled_from(Direction))
    sign = direction.sign
    stop = draw(st.none() | st.integers(3, 60))
    trail = draw(st.none() | st.integers(2, 60))
    aims = sorted(draw(st.lists(st.integers(3, 80), max_size=3, unique=True)))
    fine = draw(st.sampled_from([D(0), D("0.03")]))  # off the grid
    return Trade(
        id=1,
        owner=-102,
        instrument=PERP,
        direction=direction,
        leverage=D(draw(st.sampled_from([1, 5, 20]))),
        state=TradeState.OPEN,
        wanted=D(2),
        quantity=D(2),
        entered=D(2),
        entry_cost=D(200),
        margin=D(200) / draw(st.sampled_from([1, 5, 20])),
        stop=None if stop is None else D(100) - D(stop) / 10 * sign + fine,
        trail_distance=None if trail is None else D(trail) / 10 + fine,
        targets=tuple(Target(price=D(100) + D(one) / 10 * sign + fine, share=D("0.5")) for one in aims),
        best_price=D(100),
        created_at=utc(START),
        opened_at=utc(START),
        seen_at=utc(START),
    )


@settings(max_examples=300, deadline=None)
@given(MOVES, st.integers(0, 6), trades())
def test_a_bar_is_passed_over_exactly_where_protection_does_nothing(
    moves: list[int], wick: int, trade: Trade
) -> None:
    lane = a_lane(walked(moves, wick))
    lane.trade = trade
    touch = lane.touch(is_skipping=True)
    assert touch is not None
    row, is_touched = touch
    expected = trade
    for before in range(row if is_touched else row + 1):
        decision = decide(expected, lane.tape.move(before))
        assert decision.exits == ()
        assert decision.events == ()
        expected = decision.trade
    lane.pass_to(row)
    carried = lane.trade
    if is_touched and trade.trail_distance is not None:
        assert (carried.stop, carried.best_price) == (expected.stop, expected.best_price)
    if is_touched:
        decision = decide(replace(carried, seen_at=lane.tape.move(row).since), lane.tape.move(row))
        assert decision.exits != ()


@given(MOVES, st.integers(0, 6), trades(), st.integers(-30, 30), st.integers(-30, 30))
def test_the_python_original_says_the_same(
    moves: list[int], wick: int, trade: Trade, buys: int, sells: int
) -> None:
    lane = a_lane(walked(moves, wick))
    tape, sign = lane.tape, trade.direction.sign
    columns = (tape.open, tape.high, tape.low, tape.close, tape.mark_high, tape.mark_low)
    stop = 0 if trade.stop is None else int(trade.stop * 10)
    trail = 0 if trade.trail_distance is None else int(trade.trail_distance * 10)
    target = 1000 + 40 * sign if trade.targets else 0
    numbers = (0, len(moves), sign, stop, trail, 1000, target, 1000 - 90 * sign, 1000 + buys, 1000 + sells)
    original = cast(Callable[..., Any], cast(Any, next_touch).py_func)
    assert original(*columns, *numbers) == next_touch(*columns, *numbers)


@pytest.mark.parametrize("sign", [1, -1])
def test_nothing_is_touched_without_levels(sign: int) -> None:
    column = np.arange(5, dtype=np.int64) + 100
    found = next_touch(column, column, column, column, column, column, 1, 5, sign, 0, 0, 0, 0, 0, 0, 0)
    assert found == (5, 0, 0)


@given(st.integers(90, 110), st.integers(90, 110))
def test_limits_are_touched_where_the_market_trades_through(buys: int, sells: int) -> None:
    assume(buys < sells)
    high = np.array([100, 101, 108, 100], np.int64)
    low = np.array([100, 99, 100, 92], np.int64)
    row, *_ = next_touch(low, high, low, high, high, low, 0, 4, 0, 0, 0, 0, 0, 0, buys, sells)
    through = [place for place in range(4) if low[place] < buys or high[place] > sells]
    assert row == (through[0] if through else 4)
