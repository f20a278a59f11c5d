"""The rule of `sma_cross` as kernels: one step a bar, and what a row of numbers calls for.

The reader of the live desk, the batch over a history and the sweeps call the same steps, so they agree to the
last bit.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from engines.core.candle import FloatArray, IntArray
from engines.indicators import adx, atr, sma
from engines.indicators.kernel import bare, kernel

BARS: Final = 0
TIME: Final = 1
NOW: Final = 2
WIDTH: Final = 5
BEFORE: Final = NOW + WIDTH
"""Numbers of a state: the bars counted, the open time of the last (ms), its row and that of the bar before
(fast, slow, ADX, ATR, close), then what each indicator remembers."""
_ADX: Final = BEFORE + WIDTH
_ATR: Final = _ADX + adx.SIZE
_FAST: Final = _ATR + atr.SIZE

OPEN: Final = 2
"""A call of this size opens a position, the sign says which way; one of size 1 only closes the opposite."""

ByteArray = npt.NDArray[np.int8]
_EIGHT_TIMES: Final = 0x0101010101010101
"""A byte times this is the byte eight times over."""


def size(fast: int, slow: int) -> int:
    """Numbers of state."""
    return _FAST + sma.size(fast) + sma.size(slow)


@kernel
def step(
    state: FloatArray,
    high: float,
    low: float,
    close: float,
    fast: int,
    slow: int,
    adx_length: int,
    atr_length: int,
) -> None:
    """Take one closed bar in."""
    for column in range(WIDTH):
        state[BEFORE + column] = state[NOW + column] if state[BARS] > 0.0 else math.nan
    state[BARS] += 1.0
    state[NOW] = sma.step(state, _FAST, close, fast)
    state[NOW + 1] = sma.step(state, _FAST + sma.RING + fast, close, slow)
    state[NOW + 2] = adx.step(state, _ADX, high, low, close, adx_length)[0]
    state[NOW + 3] = atr.step(state, _ATR, high, low, close, atr_length)
    state[NOW + 4] = close


@kernel
def push(
    state: FloatArray,
    times: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    fast: int,
    slow: int,
    adx_length: int,
    atr_length: int,
) -> None:
    """Take closed bars in, oldest first."""
    cells = bare(state)
    for row in range(len(close)):
        step(cells, high[row], low[row], close[row], fast, slow, adx_length, atr_length)
        cells[TIME] = times[row]


@kernel
def call(
    fast: float,
    slow: float,
    adx_now: float,
    atr_now: float,
    fast_before: float,
    slow_before: float,
    adx_least: float,
    side: int,
) -> int:
    """What a bar calls for: 0 nothing, +1 or -1 an end to what lies the other way, +2 or -2 a new position.

    `side` is +1 where only longs may be opened, -1 where only shorts, 0 where both. Nothing is called for
    while the averages warm up, and nothing is opened without ADX and ATR.
    """
    if fast_before <= slow_before and fast > slow:
        sign = 1
    elif fast_before >= slow_before and fast < slow:
        sign = -1
    else:
        return 0
    return sign * OPEN if adx_now > adx_least and atr_now > 0.0 and side * sign >= 0 else sign


@kernel
def stop_distance(atr_now: float, stop_atrs: float, tick: float) -> int:
    """How far the stop lies from the close, in whole ticks, rounded away from the price."""
    return max(math.ceil(stop_atrs * atr_now / tick), 1)


@kernel
def stop_distances(ranges_there: FloatArray, stop_atrs: float, tick: float) -> IntArray:
    """The same of many ATRs; a tick where one still warms up."""
    distances = np.ones(len(ranges_there), np.int64)
    for place in range(len(ranges_there)):
        if ranges_there[place] > 0.0:
            distances[place] = stop_distance(ranges_there[place], stop_atrs, tick)
    return distances


@kernel
def averages(close: FloatArray, length: int) -> FloatArray:
    """The averages of a whole history, one entry a bar."""
    return sma.column(close, length)


@kernel
def strengths(high: FloatArray, low: FloatArray, close: FloatArray, length: int) -> FloatArray:
    """The ADX of a whole history, one entry a bar."""
    return adx.column(high, low, close, length)


@kernel
def ranges(high: FloatArray, low: FloatArray, close: FloatArray, length: int) -> FloatArray:
    """The ATR of a whole history, one entry a bar."""
    return atr.column(high, low, close, length)


@kernel
def calls(
    fast: FloatArray,
    slow: FloatArray,
    adx_rows: FloatArray,
    atr_rows: FloatArray,
    adx_least: float,
    side: int,
    first: int,
    rows: IntArray,
    codes: IntArray,
) -> int:
    """Write down the rows from `first` on that call for something, and what; how many there are. `rows` and
    `codes` have room for as many as there are bars."""
    sides, count, lay = _sides(fast[first:], slow[first:]), 0, 0
    eights = sides.view(np.int64)
    for eighth in range(len(eights)):
        if eights[eighth] == lay * _EIGHT_TIMES:
            continue
        for row in range(first + eighth * 8, min(first + eighth * 8 + 8, len(fast))):
            if sides[row - first] == lay:
                continue
            lay, before = int(sides[row - first]), max(row - 1, 0)
            code = call(
                fast[row],
                slow[row],
                adx_rows[row],
                atr_rows[row],
                fast[before],
                slow[before],
                adx_least,
                side,
            )
            if code != 0:
                rows[count], codes[count] = row, code
                count += 1
    return count


@kernel
def calls_over(
    state: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    fast: int,
    slow: int,
    adx_length: int,
    atr_length: int,
    adx_least: float,
    side: int,
    rows: IntArray,
    codes: IntArray,
    ranges_there: FloatArray,
) -> int:
    """The same in one pass, without columns: for one point it is quicker. Also the ATR at each call."""
    cells, count = bare(state), 0
    for row in range(len(close)):
        step(cells, high[row], low[row], close[row], fast, slow, adx_length, atr_length)
        code = call(
            cells[NOW],
            cells[NOW + 1],
            cells[NOW + 2],
            cells[NOW + 3],
            cells[BEFORE],
            cells[BEFORE + 1],
            adx_least,
            side,
        )
        if code != 0:
            rows[count], codes[count], ranges_there[count] = row, code, cells[NOW + 3]
            count += 1
    return count


@kernel
def _sides(fast: FloatArray, slow: FloatArray) -> ByteArray:
    """On which side the fast average lies, one byte a bar, 0 while one warms up or they are equal. There are
    some more bytes at the end, so that eight can be read at once."""
    sides = np.zeros((len(fast) + 7) // 8 * 8, np.int8)
    for row in range(len(fast)):
        sides[row] = (fast[row] > slow[row]) * 2 + (fast[row] < slow[row]) * 1
    return sides
