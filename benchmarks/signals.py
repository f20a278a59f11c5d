"""What it costs to have every indicator of every market, and a new bar of each."""

from collections.abc import Callable, Sequence
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import pandas_ta_classic as pandas_ta
import talib

import benchmarks.cold_start
import benchmarks.looks
import benchmarks.signalling  # noqa: F401 - all three are rows of this family with needs of their own
from benchmarks.frame import Measure, cpu_s, measures
from engines.core.candle import Candles, FloatArray
from engines.indicators.columns import HOT
from engines.indicators.hot import HotState, push_all, run, warm

FRAMES, BARS = 250, 1000
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_SAMPLE = 25  # frames for what is too slow to have all


@measures("signals.full_250x1000_ms")
def whole_histories() -> Measure:
    """All hot indicators of 250 histories of 1000 bars."""
    histories = _histories()
    value = cpu_s(lambda: _each(run, histories))
    reference = cpu_s(lambda: _each(_by_talib, histories), runs=7)
    library = cpu_s(lambda: _each(_by_pandas, histories[:_SAMPLE]), runs=3)
    note = (
        f"CPU, {len(HOT)} columns; reference: TA-Lib without the 4 columns of swings; pandas-ta-classic with "
        f"TA-Lib {library * FRAMES / _SAMPLE * 1000:.0f} ms (from {_SAMPLE} frames)"
    )
    return Measure(value * 1000, reference * 1000, note)


@measures("signals.new_bar_250_ms")
def a_bar_of_each() -> Measure:
    """One closed bar more on each of 250 histories, in one call."""
    warm()
    histories = _histories()
    states = [HotState() for _ in histories]
    for state, candles in zip(states, histories, strict=True):
        state.push(candles.rows(0, BARS - 200))
    value = median(_push(states, _bars_at(histories, row)) for row in range(BARS - 200, BARS))
    reference = cpu_s(lambda: _each(_by_talib, histories), runs=7)
    one = _one_by_one(histories)
    note = (
        f"CPU, {FRAMES} series in one call, median of 200 bars; each in a call of its own "
        f"{one * FRAMES * 1000:.3g} ms; reference: TA-Lib over the whole history anew"
    )
    return Measure(value * 1000, reference * 1000, note)


def _each(reckon: Callable[[Candles], object], histories: Sequence[Candles]) -> None:
    """One after the other; what comes out is dropped, so that no new memory is asked for."""
    for candles in histories:
        reckon(candles)


def _push(states: Sequence[HotState], bars: FloatArray) -> float:
    start = process_time()
    push_all(states, bars)
    return process_time() - start


def _one_by_one(histories: Sequence[Candles]) -> float:
    """CPU seconds of one bar of one series, pushed alone."""
    state, bars = HotState(), [histories[0].rows(row, row + 1) for row in range(BARS)]
    start = process_time()
    for bar in bars:
        state.push(bar)
    return (process_time() - start) / BARS


def _bars_at(histories: Sequence[Candles], row: int) -> FloatArray:
    return np.array(
        [
            (it.time_ms[row], it.open[row], it.high[row], it.low[row], it.close[row], it.volume[row])
            for it in histories
        ],
        np.float64,
    )


def _histories() -> list[Candles]:
    return [_history(seed) for seed in range(FRAMES)]


def _history(seed: int) -> Candles:
    rng = np.random.default_rng(seed)
    path = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, BARS + 1)))
    opened, close = path[:-1].copy(), path[1:].copy()
    return Candles(
        time_ms=1_700_006_400_000 + np.arange(BARS) * _HOUR_MS,
        open=opened,
        high=np.maximum(opened, close) * (1 + 0.003 * rng.random(BARS)),
        low=np.minimum(opened, close) * (1 - 0.003 * rng.random(BARS)),
        close=close,
        volume=rng.lognormal(3, 0.6, BARS),
    )


def _by_talib(candles: Candles) -> list[FloatArray]:
    """The hot columns but the swings, which TA-Lib does not know; VWAP by numpy."""
    high, low, close, volume = candles.high, candles.low, candles.close, candles.volume
    average_range, balance = talib.ATR(high, low, close, 14), talib.OBV(close, volume)
    quick = talib.STOCHRSI(close, 14, 14, 3)[1]
    return [
        *(talib.EMA(close, length) for length in (9, 21, 50, 200)),
        *talib.MACD(close, 12, 26, 9),
        talib.RSI(close, 14),
        quick,
        talib.SMA(quick, 3),
        *talib.BBANDS(close, 20, 2.0, 2.0),
        average_range,
        talib.SMA(average_range, 100),
        *(reckon(high, low, close, 14) for reckon in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)),
        balance,
        talib.EMA(balance, 21),
        talib.SMA(volume, 20),
        _vwap(candles),
    ]


def _vwap(candles: Candles) -> FloatArray:
    typical = (candles.high + candles.low + candles.close) / 3
    money, volume = np.cumsum(typical * candles.volume), np.cumsum(candles.volume)
    day = candles.time_ms // _DAY_MS
    first = np.searchsorted(day, day)  # the first bar of each bar's day
    before = np.maximum(first - 1, 0)
    has_before = first > 0
    averages: FloatArray = (money - has_before * money[before]) / (volume - has_before * volume[before])
    return averages


def _by_pandas(candles: Candles) -> list[Any]:
    """The same by pandas-ta-classic, which uses TA-Lib where it can."""
    times = pd.to_datetime(candles.time_ms, unit="ms")
    high, low, close, volume = (
        pd.Series(column, index=times)
        for column in (candles.high, candles.low, candles.close, candles.volume)
    )
    average_range, balance = pandas_ta.atr(high, low, close, 14), pandas_ta.obv(close, volume)
    return [
        *(pandas_ta.ema(close, length) for length in (9, 21, 50, 200)),
        pandas_ta.macd(close, 12, 26, 9),
        pandas_ta.rsi(close, 14),
        pandas_ta.stochrsi(close, 14, 14, 3, 3),
        pandas_ta.bbands(close, 20, 2.0),
        average_range,
        pandas_ta.sma(average_range, 100),
        pandas_ta.adx(high, low, close, 14),
        balance,
        pandas_ta.ema(balance, 21),
        pandas_ta.sma(volume, 20),
        pandas_ta.vwap(high, low, close, volume),
    ]
