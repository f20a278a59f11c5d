"""Adding bars up into coarser bars, and laying one series over another."""

from collections.abc import Sequence

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray


def between(bars: Candles, start_ms: int, stop_ms: int) -> Candles:
    """Bars whose open time lies in `[start_ms, stop_ms)`, as views."""
    first, last = np.searchsorted(bars.time_ms, (start_ms, stop_ms))
    return bars.rows(int(first), int(last))


def resample(bars: Candles, length_ms: int, *, offset_ms: int = 0) -> Candles:
    """`bars` added up into bars of `length_ms` which open at multiples of it, moved by `offset_ms`.

    A coarse bar of which some parts are missing is the sum of those that are there.
    """
    if not len(bars):
        return bars
    opens = bars.time_ms - (bars.time_ms - offset_ms) % length_ms
    first = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1))
    last = np.append(first[1:], len(bars)) - 1
    return Candles(
        time_ms=opens[first],
        open=bars.open[first],
        high=np.maximum.reduceat(bars.high, first),
        low=np.minimum.reduceat(bars.low, first),
        close=bars.close[last],
        volume=np.add.reduceat(bars.volume, first),
    )


def overlay(upper: Candles, lower: Candles) -> Candles:
    """Both series in order of time; where both have a bar, the one of `upper`."""
    if not len(lower):
        return upper
    if not len(upper):
        return lower
    free = ~np.isin(lower.time_ms, upper.time_ms, assume_unique=True)
    times = np.concatenate((upper.time_ms, lower.time_ms[free]))
    order = np.argsort(times, kind="stable")

    def column(high: FloatArray, low: FloatArray) -> FloatArray:
        return np.concatenate((high, low[free]))[order]

    return Candles(
        time_ms=times[order],
        open=column(upper.open, lower.open),
        high=column(upper.high, lower.high),
        low=column(upper.low, lower.low),
        close=column(upper.close, lower.close),
        volume=column(upper.volume, lower.volume),
    )


def chain(parts: Sequence[Candles]) -> Candles:
    """Series that follow each other, as one."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return empty()
    return Candles(
        time_ms=np.concatenate([part.time_ms for part in parts]),
        open=np.concatenate([part.open for part in parts]),
        high=np.concatenate([part.high for part in parts]),
        low=np.concatenate([part.low for part in parts]),
        close=np.concatenate([part.close for part in parts]),
        volume=np.concatenate([part.volume for part in parts]),
    )


def pick(bars: Candles, rows: IntArray) -> Candles:
    """The bars at positions `rows`."""
    return Candles(
        time_ms=bars.time_ms[rows],
        open=bars.open[rows],
        high=bars.high[rows],
        low=bars.low[rows],
        close=bars.close[rows],
        volume=bars.volume[rows],
    )


def empty() -> Candles:
    """A series without bars."""
    none = np.empty(0)
    return Candles(
        time_ms=np.empty(0, dtype=np.int64), open=none, high=none, low=none, close=none, volume=none
    )
