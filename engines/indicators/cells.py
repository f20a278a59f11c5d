"""What is known at a close as one row of numbers: the form in which compiled rules read a `Frame`."""

from functools import lru_cache
from typing import Final

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import hot, swings
from engines.indicators.columns import HOT
from engines.indicators.frame import Frame
from engines.indicators.kernel import kernel

TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, CLOSE_BEFORE, KNOWN = range(8)
"""The open time of the bar (ms) and the bar; `KNOWN` is 1 where there is one, else 0."""
NOW: Final = 8
BEFORE: Final = NOW + len(HOT)
"""Where the indicators of the bar begin, and those of the bar before it, in the order of `HOT`."""
EARLIER: Final = BEFORE - NOW
"""From an indicator of the bar to that of the bar before."""
EMA9, EMA21, EMA50, EMA200, MACD, MACD_SIGNAL, MACD_HIST, RSI14, STOCHRSI_K, STOCHRSI_D = range(NOW, NOW + 10)
BB_LOWER, BB_MIDDLE, BB_UPPER, ATR14, ATR_NORM, ADX14, DI_PLUS, DI_MINUS = range(NOW + 10, NOW + 18)
OBV, OBV_EMA21, VOLUME_SMA20, VWAP = range(NOW + 18, NOW + 22)
SUPPORT, SUPPORT_STRENGTH, RESISTANCE, RESISTANCE_STRENGTH = range(NOW + 22, BEFORE)
COUNT: Final = BEFORE + len(HOT)
PRICE: Final = COUNT + 1
TOUCHES: Final = PRICE + swings.CAPACITY
SIDE: Final = TOUCHES + swings.CAPACITY
SIZE: Final = SIDE + swings.CAPACITY
"""`COUNT` levels at which the market turned, in three columns, the one touched last at the end."""

_BAR: Final = slice(OPEN, KNOWN)


@lru_cache(maxsize=64)
def cells_of(frame: Frame | None) -> FloatArray:
    """The cells of a frame, to be read only; all zero where there is none. They are kept for a while: the
    frame of a day is looked at on a hundred closes."""
    cells = np.zeros(SIZE)
    if frame is None:
        return cells
    cells[TIME], cells[KNOWN] = frame.time_ms, 1.0
    cells[_BAR] = frame.open, frame.high, frame.low, frame.close, frame.volume, frame.close_before
    cells[NOW:BEFORE], cells[BEFORE:COUNT] = frame.now, frame.before
    count = len(frame.swings)
    cells[COUNT] = count
    for number, column in enumerate((PRICE, TOUCHES, SIDE)):
        cells[column : column + count] = frame.swings[:, number]
    return cells


@kernel
def read(state: FloatArray, cells: FloatArray) -> None:
    """Write what a `HotState` knows at its last bar, which there must be, into `cells`."""
    cells[KNOWN] = 1.0
    for place in range(TIME, KNOWN):
        cells[place] = state[hot.TIME + place]
    now, before, has_before = hot.row(state), hot.row_before(state), state[hot.BARS] > 1.0
    for place in range(EARLIER):
        cells[NOW + place] = state[now + place]
        cells[BEFORE + place] = state[before + place] if has_before else np.nan
    count = int(state[hot.LEVELS + swings.COUNT])
    cells[COUNT] = count
    for level in range(count):
        cells[PRICE + level] = state[hot.LEVELS + swings.PRICE + level]
        cells[TOUCHES + level] = state[hot.LEVELS + swings.STRENGTH + level]
        cells[SIDE + level] = state[hot.LEVELS + swings.SIDE + level]
