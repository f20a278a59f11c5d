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
NOW: Final = 8
"""Numbers of a state: the bars counted, the last bar, the close before it, the row of its indicators. The row
of the bar before follows, then what each indicator remembers."""

_WIDTH = len(HOT)
_BEFORE = NOW + _WIDTH
_EMA9 = _BEFORE + _WIDTH
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
_SWINGS = _VWAP + vwap.SIZE
SIZE = _SWINGS + swings.SIZE

_VERSION: Final = 1
"""To be raised when a formula changes while the layout stays: what was kept of an older one is of no use."""
_LAYOUT: Final = crc32(repr((_VERSION, SIZE, HOT)).encode())
_HEADER: Final = struct.Struct("<4sII")
_MAGIC: Final = b"HOT1"

AddressArray = npt.NDArray[np.uintp]


@kernel
def _step_prices(state: FloatArray, close: float) -> None:
    state[NOW] = ema.step(state, _EMA9, close, 9)
    state[NOW + 1] = ema.step(state, _EMA21, close, 21)
    state[NOW + 2] = ema.step(state, _EMA50, close, 50)
    state[NOW + 3] = ema.step(state, _EMA200, close, 200)
    state[NOW + 4], state[NOW + 5], state[NOW + 6] = macd.step(state, _MACD, close, 12, 26, 9)
    strength = rsi.step(state, _RSI, close, 14)
    state[NOW + 7] = strength
    state[NOW + 8], state[NOW + 9] = stochrsi.step(state, _STOCHRSI, strength, 14, 3, 3)
    lower, middle, upper = bollinger.step(state, _BOLLINGER, close, 20, 2.0)
    state[NOW + 10], state[NOW + 11], state[NOW + 12] = lower, middle, upper


@kernel
def _step_ranges(state: FloatArray, high: float, low: float, close: float) -> None:
    average = atr.step(state, _ATR, high, low, close, 14)
    state[NOW + 13] = average
    state[NOW + 14] = math.nan if math.isnan(average) else sma.step(state, _ATR_NORM, average, 100)
    state[NOW + 15], state[NOW + 16], state[NOW + 17] = adx.step(state, _ADX, high, low, close, 14)
    support, its_strength, resistance, strength = swings.step(state, _SWINGS, high, low, close, average)
    state[NOW + 22], state[NOW + 23] = support, its_strength
    state[NOW + 24], state[NOW + 25] = resistance, strength


@kernel
def _step_volumes(
    state: FloatArray, time_ms: float, high: float, low: float, close: float, volume: float
) -> None:
    balance = obv.step(state, _OBV, close, volume)
    state[NOW + 18] = balance
    state[NOW + 19] = ema.step(state, _OBV_EMA, balance, 21)
    state[NOW + 20] = sma.step(state, _VOLUME, volume, 20)
    state[NOW + 21] = vwap.step(state, _VWAP, time_ms, high, low, close, volume, vwap.DAY_MS)


@kernel
def _remember(state: FloatArray) -> None:
    """Count the bar; what was now is before."""
    if state[BARS] == 0.0:
        state[CLOSE] = math.nan
        for column in range(_WIDTH):
            state[NOW + column] = math.nan
    state[BARS] += 1.0
    state[CLOSE_BEFORE] = state[CLOSE]
    for column in range(_WIDTH):
        state[_BEFORE + column] = state[NOW + column]


@kernel
def step(state: FloatArray, bars: FloatArray, number: int) -> None:
    """Take one closed bar in: row `number` of open time (ms), open, high, low, close, volume."""
    _remember(state)
    for column in range(6):
        state[TIME + column] = bars[number, column]
    high, low, close = state[HIGH], state[LOW], state[CLOSE]
    _step_prices(state, close)
    _step_ranges(state, high, low, close)
    _step_volumes(state, state[TIME], high, low, close, state[VOLUME])


@kernel
def over(state: FloatArray, bars: FloatArray) -> FloatArray:
    """Take closed bars in, oldest first. One row of the hot columns a bar."""
    cells, rows = bare(state), np.empty((len(bars), _WIDTH))
    for number in range(len(bars)):
        step(cells, bars, number)
        for column in range(_WIDTH):
            rows[number, column] = cells[NOW + column]
    return rows


@kernel
def _step_each(addresses: AddressArray, bars: FloatArray) -> int:
    """The first row whose bar is late, and nothing done; -1 when all were taken in."""
    for number in range(len(addresses)):
        state = at_address(addresses[number])
        if state[BARS] > 0.0 and bars[number, 0] <= state[TIME]:
            return number
    for number in range(len(addresses)):
        step(at_address(addresses[number]), bars, number)
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
        return over(self._numbers, np.column_stack((candles.time_ms, *columns)))

    def frame(self, timeframe: Timeframe) -> Frame | None:
        """What is known at the last bar, as copies; `None` before the first."""
        if not self.bars:
            return None
        last = [float(number) for number in self._numbers[OPEN:NOW]]
        return Frame(
            timeframe=timeframe,
            time_ms=int(self._numbers[TIME]),
            open=last[0],
            high=last[1],
            low=last[2],
            close=last[3],
            volume=last[4],
            close_before=last[5],
            now=self._numbers[NOW:_BEFORE].copy(),
            before=self._numbers[_BEFORE:_EMA9].copy(),
            swings=swings.levels(self._numbers, _SWINGS),
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
    over(state._numbers, np.ones((1, 6)))
    push_all([state], np.full((1, 6), 2.0))
