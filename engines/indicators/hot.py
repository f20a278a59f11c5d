"""The hot indicators of one market and timeframe, kept up to date bar by bar.

All of them are one step over one row of numbers, made of the steps of the single indicators: nothing is
computed here in another way. A whole history and a bar at a time give the same to the last bit.
"""

import math
import struct
from collections.abc import Sequence
from typing import Final, Self
from zlib import crc32

import numpy as np
import numpy.typing as npt

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators import adx, atr, bollinger, ema, macd, obv, rsi, sma, stochrsi, swings, vwap
from engines.indicators.columns import HOT
from engines.indicators.frame import Frame
from engines.indicators.kernel import at_address, bare, kernel, plain

BARS: Final = 0
TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, CLOSE_BEFORE = range(1, 8)
_ROWS: Final = 8
"""Numbers of a state: the bars counted, the last bar, the close before it, two rows of indicators (the last
bar's and that of the one before), then what each indicator remembers."""

_WIDTH = len(HOT)
_EMA9 = _ROWS + 2 * _WIDTH
_EMA21 = _EMA9 + ema.SIZE
_EMA50 = _EMA21 + ema.SIZE
_EMA200 = _EMA50 + ema.SIZE
_MACD = _EMA200 + ema.SIZE
_RSI = _MACD + macd.SIZE
_STOCHRSI = _RSI + rsi.SIZE
_BOLLINGER = _STOCHRSI + stochrsi.size(14, 3, 3)
_ATR = _BOLLINGER + bollinger.size(20)
_ATR_NORM = _ATR + atr.SIZE
_ADX = _ATR_NORM + sma.size(100)
_OBV = _ADX + adx.SIZE
_OBV_EMA = _OBV + obv.SIZE
_VOLUME = _OBV_EMA + ema.SIZE
_VWAP = _VOLUME + sma.size(20)
LEVELS = _VWAP + vwap.SIZE
"""Where the levels begin at which the market turned."""
SIZE = LEVELS + swings.SIZE

_VERSION: Final = 1
"""To be raised when a formula changes while the layout stays: what was kept of an older one is of no use."""
_LAYOUT: Final = crc32(repr((_VERSION, SIZE, HOT)).encode())
_HEADER: Final = struct.Struct("<4sII")
_MAGIC: Final = b"HOT1"

AddressArray = npt.NDArray[np.uintp]


@kernel
def row(state: FloatArray) -> int:
    """Where the row of the last bar begins. It and the row of the bar before take turns."""
    return _ROWS + _WIDTH * (int(state[BARS]) & 1)


@kernel
def row_before(state: FloatArray) -> int:
    """Where the row of the bar before the last begins."""
    return _ROWS + _WIDTH * (int(state[BARS]) + 1 & 1)


@kernel
def _step_prices(state: FloatArray, row: int, close: float) -> None:
    state[row] = ema.step(state, _EMA9, close, 9)
    state[row + 1] = ema.step(state, _EMA21, close, 21)
    state[row + 2] = ema.step(state, _EMA50, close, 50)
    state[row + 3] = ema.step(state, _EMA200, close, 200)
    state[row + 4], state[row + 5], state[row + 6] = macd.step(state, _MACD, close, 12, 26, 9)
    strength = rsi.step(state, _RSI, close, 14)
    state[row + 7] = strength
    state[row + 8], state[row + 9] = stochrsi.step(state, _STOCHRSI, strength, 14, 3, 3)
    lower, middle, upper = bollinger.step(state, _BOLLINGER, close, 20, 2.0)
    state[row + 10], state[row + 11], state[row + 12] = lower, middle, upper


@kernel
def _step_ranges(state: FloatArray, row: int, high: float, low: float, close: float) -> None:
    average = atr.step(state, _ATR, high, low, close, 14)
    state[row + 13] = average
    state[row + 14] = math.nan if math.isnan(average) else sma.step(state, _ATR_NORM, average, 100)
    state[row + 15], state[row + 16], state[row + 17] = adx.step(state, _ADX, high, low, close, 14)
    support, its_strength, resistance, strength = swings.step(state, LEVELS, high, low, close, average)
    state[row + 22], state[row + 23] = support, its_strength
    state[row + 24], state[row + 25] = resistance, strength


@kernel
def _step_volumes(
    state: FloatArray, row: int, time_ms: float, high: float, low: float, close: float, volume: float
) -> None:
    balance = obv.step(state, _OBV, close, volume)
    state[row + 18] = balance
    state[row + 19] = ema.step(state, _OBV_EMA, balance, 21)
    state[row + 20] = sma.step(state, _VOLUME, volume, 20)
    state[row + 21] = vwap.step(state, _VWAP, time_ms, high, low, close, volume, vwap.DAY_MS)


@kernel
def step(
    state: FloatArray, time_ms: float, opened: float, high: float, low: float, close: float, volume: float
) -> None:
    """Take one closed bar in."""
    state[CLOSE_BEFORE] = state[CLOSE] if state[BARS] > 0.0 else math.nan
    state[BARS] += 1.0
    state[TIME], state[OPEN], state[HIGH] = time_ms, opened, high
    state[LOW], state[CLOSE], state[VOLUME] = low, close, volume
    now = row(state)
    _step_prices(state, now, close)
    _step_ranges(state, now, high, low, close)
    _step_volumes(state, now, time_ms, high, low, close, volume)


@kernel
def over(
    state: FloatArray,
    times: FloatArray,
    opened: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
) -> FloatArray:
    """Take closed bars in, oldest first. One row of the hot columns a bar."""
    cells, rows = bare(state), np.empty((len(close), _WIDTH))
    for number in range(len(close)):
        step(cells, times[number], opened[number], high[number], low[number], close[number], volume[number])
        now = row(cells)
        for column in range(_WIDTH):
            rows[number, column] = cells[now + column]
    return rows


@kernel
def _step_each(addresses: AddressArray, bars: FloatArray) -> int:
    """The first row whose bar is late, and nothing done; -1 when all were taken in."""
    for number in range(len(addresses)):
        state = at_address(addresses[number])
        if state[BARS] > 0.0 and bars[number, 0] <= state[TIME]:
            return number
    for number in range(len(addresses)):
        state, bar = at_address(addresses[number]), bars[number]
        step(state, bar[0], bar[1], bar[2], bar[3], bar[4], bar[5])
    return -1


class HotState:
    """The hot indicators of one series of closed bars. A mutable value with one owner."""

    __slots__ = ("_address", "_numbers")

    def __init__(self) -> None:
        self._own(np.zeros(SIZE))

    def _own(self, numbers: FloatArray) -> None:
        self._numbers = numbers
        self._address = numbers.ctypes.data

    @property
    def bars(self) -> int:
        """How many bars came."""
        return int(self._numbers[BARS])

    @property
    def last_ms(self) -> int | None:
        """Open time of the last bar (UTC ms), `None` before the first."""
        return int(self._numbers[TIME]) if self.bars else None

    def push(self, candles: Candles) -> FloatArray:
        """Take closed bars in, oldest first. One row of the hot columns a bar; `HOT` names them.

        Missing bars are simply absent: an average over 20 is over the 20 that there are. Raises `ValueError`
        when a bar is not later than the one before it; then nothing was taken in.
        """
        self._check_times(candles)
        columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
        return over(self._numbers, candles.time_ms.astype(np.float64), *map(plain, columns))

    def frame(self, timeframe: Timeframe) -> Frame | None:
        """What is known at the last bar, as copies; `None` before the first."""
        if not self.bars:
            return None
        last = [float(number) for number in self._numbers[OPEN:_ROWS]]
        before, now = self._rows()
        return Frame(
            timeframe=timeframe,
            time_ms=int(self._numbers[TIME]),
            open=last[0],
            high=last[1],
            low=last[2],
            close=last[3],
            volume=last[4],
            close_before=last[5],
            now=now,
            before=before,
            swings=swings.levels(self._numbers, LEVELS),
        )

    def dump(self) -> bytes:
        """Everything, to go on from later, with the number of its layout and a checksum."""
        numbers = self._numbers.astype("<f8").tobytes()
        return _HEADER.pack(_MAGIC, _LAYOUT, crc32(numbers)) + numbers

    @classmethod
    def load(cls, kept: bytes) -> Self:
        """What `dump` gave. Raises `ValueError` when that is damaged, or of other indicators than today's: it
        is to be made anew from candles then."""
        if len(kept) < _HEADER.size or not kept.startswith(_MAGIC):
            raise ValueError("these bytes are no state of indicators: make it anew from candles")
        _, layout, checksum = _HEADER.unpack_from(kept)
        numbers = kept[_HEADER.size :]
        if layout != _LAYOUT:
            raise ValueError("this state is of other indicators than today's: make it anew from candles")
        if len(numbers) != 8 * SIZE or crc32(numbers) != checksum:
            raise ValueError("this state of indicators is damaged: make it anew from candles")
        state = cls()
        state._own(np.frombuffer(numbers, "<f8").astype(np.float64))
        return state

    def _rows(self) -> tuple[FloatArray, FloatArray]:
        """Copies of the row of the bar before the last one and of the last one's."""
        rows = self._numbers[_ROWS:_EMA9].reshape(2, _WIDTH)[[self.bars - 1 & 1, self.bars & 1]]
        return (np.full(_WIDTH, np.nan) if self.bars < 2 else rows[0]), rows[1]

    def _check_times(self, candles: Candles) -> None:
        times = candles.time_ms
        if len(times) and self.bars and times[0] <= self._numbers[TIME]:
            raise ValueError(f"a bar of {times[0]} ms does not follow one of {int(self._numbers[TIME])} ms")
        if not (times[1:] > times[:-1]).all():
            raise ValueError("bars must be in order of time, each once")


def run(candles: Candles) -> FloatArray:
    """The hot columns of a whole history, one row a bar."""
    return HotState().push(candles)


def push_all(states: Sequence[HotState], bars: FloatArray) -> None:
    """Take one closed bar into each of `states`, all in one call. `bars` has a row for each: open time (ms),
    open, high, low, close, volume.

    Raises `ValueError` when there is not one row of six for each state, or a bar is not later than the last
    one of its state; then nothing was taken in.
    """
    if bars.shape != (len(states), 6):
        raise ValueError(f"{len(states)} states need as many rows of six, not {bars.shape}")
    addresses = np.array([state._address for state in states], np.uintp)
    late = _step_each(addresses, plain(bars))
    if late >= 0:
        raise ValueError(f"the bar of row {late} does not follow the last one of its state")


def warm() -> None:
    """Have everything compiled, or read from disk, that states need: 10 seconds the first time, then 0.3."""
    state = HotState()
    one = np.ones(1)
    over(state._numbers, one, one, one, one, one, one)
    push_all([state], np.full((1, 6), 2.0))
