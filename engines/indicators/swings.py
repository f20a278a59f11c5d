"""Support and resistance: the prices at which the market turned, and how often.

A bar is a swing high when its high is above the highs of the 5 bars after it and not below those of the 5
bars before it; a swing low likewise. It is known only when those 5 bars have closed, and once the ATR is.
A swing within half an ATR of a known level touches it again: the level moves to the mean of its touches and
gains one in strength, else it is a new level of strength 1. Every close through a level costs it one, and at
none it is gone; so a strong resistance that breaks lives on as support. Of more than 24 levels the weakest
goes, of equals the one that was touched longest ago.
"""

import math

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import atr, window
from engines.indicators.kernel import bare, kernel, rare

SPAN = 5
MERGE_ATR = 0.5
CAPACITY = 24

_TURN, _AGE, _WINDOW = 0, 1, 2
_HIGHS = 0
_LOWS = _WINDOW + window.size(SPAN)
_CLOSE = 2 * _LOWS
_BELOW, _BELOW_STRENGTH, _ABOVE, _ABOVE_STRENGTH = range(_CLOSE + 1, _CLOSE + 5)
COUNT = _CLOSE + 5
PRICE = COUNT + 1
STRENGTH = PRICE + CAPACITY
SIDE = STRENGTH + CAPACITY
SIZE = SIDE + CAPACITY
"""For highs and for lows the price that may be a turn, its age and the last bars; the close before; the
levels next to it; then `COUNT` levels in three columns, the one touched last at the end. `SIDE` is +1 when a
high touched it last, -1 when a low did."""


@kernel
def is_swing(state: FloatArray, at: int, height: float) -> bool:
    """Whether the bar `SPAN` bars ago turned the market, now that the next bar is `height` high. Of equal
    bars it is the last. What is not below the bars before it may be a turn; if no such bar follows for
    `SPAN` bars, it is one."""
    before = state[at + _WINDOW + window.VALUES]
    for slot in range(at + _WINDOW + window.VALUES + 1, at + _WINDOW + window.VALUES + SPAN):
        before = max(before, state[slot])
    has_before = window.is_full(state, at + _WINDOW, SPAN)
    window.push(state, at + _WINDOW, height, SPAN)
    if height >= before or not has_before:
        state[at + _TURN] = height
        state[at + _AGE] = 0.0 if has_before else SPAN
        return False
    age: float = state[at + _AGE] + 1.0
    state[at + _AGE] = age
    return age == SPAN


@rare
def _remove(state: FloatArray, at: int, level: int) -> None:
    count = int(state[at + COUNT]) - 1
    for slot in range(level, count):
        for column in (PRICE, STRENGTH, SIDE):
            state[at + column + slot] = state[at + column + slot + 1]
    state[at + COUNT] = count


@rare
def _append(state: FloatArray, at: int, price: float, strength: float, side: float) -> None:
    count = int(state[at + COUNT])
    if count == CAPACITY:
        weakest = 0
        for level in range(1, count):
            if state[at + STRENGTH + level] < state[at + STRENGTH + weakest]:
                weakest = level
        _remove(state, at, weakest)
        count -= 1
    state[at + PRICE + count] = price
    state[at + STRENGTH + count] = strength
    state[at + SIDE + count] = side
    state[at + COUNT] = count + 1.0


@rare
def touch(state: FloatArray, at: int, price: float, side: float, tolerance: float) -> None:
    nearest, distance = -1, tolerance
    for level in range(int(state[at + COUNT])):
        if abs(state[at + PRICE + level] - price) <= distance:
            nearest, distance = level, abs(state[at + PRICE + level] - price)
    if nearest < 0:
        _append(state, at, price, 1.0, side)
        return
    strength = state[at + STRENGTH + nearest] + 1.0
    mean = state[at + PRICE + nearest] + (price - state[at + PRICE + nearest]) / strength
    _remove(state, at, nearest)
    _append(state, at, mean, strength, side)


@kernel
def _break(state: FloatArray, at: int, close: float) -> None:
    """Weaken what lies between the close before and this one."""
    low, high = min(state[at + _CLOSE], close), max(state[at + _CLOSE], close)
    for level in range(int(state[at + COUNT]) - 1, -1, -1):
        if low < state[at + PRICE + level] <= high:
            state[at + STRENGTH + level] -= 1.0
            if state[at + STRENGTH + level] < 1.0:
                _remove(state, at, level)


@kernel
def _find_nearest(state: FloatArray, at: int, close: float) -> None:
    state[at + _BELOW], state[at + _ABOVE] = -math.inf, math.inf
    for level in range(int(state[at + COUNT])):
        price, strength = state[at + PRICE + level], state[at + STRENGTH + level]
        if state[at + _BELOW] < price <= close:
            state[at + _BELOW], state[at + _BELOW_STRENGTH] = price, strength
        elif close < price < state[at + _ABOVE]:
            state[at + _ABOVE], state[at + _ABOVE_STRENGTH] = price, strength


@kernel
def _nearest(state: FloatArray, at: int) -> tuple[float, float, float, float]:
    below, below_strength = state[at + _BELOW], state[at + _BELOW_STRENGTH]
    above, above_strength = state[at + _ABOVE], state[at + _ABOVE_STRENGTH]
    if math.isinf(below):
        below, below_strength = math.nan, math.nan
    if math.isinf(above):
        above, above_strength = math.nan, math.nan
    return below, below_strength, above, above_strength


@kernel
def step(
    state: FloatArray, at: int, high: float, low: float, close: float, average_range: float
) -> tuple[float, float, float, float]:
    """The nearest level at or below the close with its strength, and the nearest above it with its own; NaN
    where there is none. `average_range` is the ATR of this bar, NaN while it warms up."""
    is_high = is_swing(state, at + _HIGHS, high)
    is_low = is_swing(state, at + _LOWS, -low)
    has_moved = not state[at + _BELOW] <= close < state[at + _ABOVE]
    if has_moved:
        _break(state, at, close)
    state[at + _CLOSE] = close
    if is_high and not math.isnan(average_range):
        touch(state, at, state[at + _HIGHS + _TURN], 1.0, MERGE_ATR * average_range)
        has_moved = True
    if is_low and not math.isnan(average_range):
        touch(state, at, -state[at + _LOWS + _TURN], -1.0, MERGE_ATR * average_range)
        has_moved = True
    if has_moved:
        _find_nearest(state, at, close)
    return _nearest(state, at)


@kernel
def over(
    ranges: FloatArray, state: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, length: int
) -> FloatArray:
    """One row of four a bar. `ranges` is the state of the ATR and `length` its length."""
    in_atr, cells, rows = bare(ranges), bare(state), np.empty((len(close), 4))
    for row in range(len(close)):
        average_range = atr.step(in_atr, 0, high[row], low[row], close[row], length)
        levels = step(cells, 0, high[row], low[row], close[row], average_range)
        rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3] = levels
    return rows


def levels(state: FloatArray, at: int) -> FloatArray:
    """A copy of the known levels, the one touched last at the end: price, strength and side a row."""
    begins = (at + PRICE, at + STRENGTH, at + SIDE)
    return np.column_stack([state[begin : begin + int(state[at + COUNT])] for begin in begins])
