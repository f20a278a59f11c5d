"""Bars for indicators: out of a walk, out of prices that a test names, with one thing about them changed."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from tests.build.recordings import JANUARY_MS, some_bars


def a_walk(count: int, seed: int = 1, timeframe: Timeframe = Timeframe.H1) -> Candles:
    """A seeded walk of sound bars."""
    return some_bars(timeframe, count, seed=seed)


def bars_of(
    high: Sequence[float] | FloatArray,
    low: Sequence[float] | FloatArray,
    close: Sequence[float] | FloatArray,
    volume: Sequence[float] | FloatArray | None = None,
) -> Candles:
    """Hourly bars of those prices; what opens them does not matter."""
    closes = np.array(close, np.float64)
    return Candles(
        time_ms=JANUARY_MS + np.arange(len(closes), dtype=np.int64) * Timeframe.H1.ms,
        open=closes,
        high=np.array(high, np.float64),
        low=np.array(low, np.float64),
        close=closes,
        volume=np.ones(len(closes)) if volume is None else np.array(volume, np.float64),
    )


def flat(count: int, price: float = 100.0, volume: float = 1.0) -> Candles:
    """Bars in which nothing moves."""
    prices = np.full(count, price)
    return bars_of(prices, prices, prices, np.full(count, volume))


def scaled(candles: Candles, prices: float = 1.0, volumes: float = 1.0) -> Candles:
    """The same bars in other units of money and coin."""
    return Candles(
        time_ms=candles.time_ms,
        open=candles.open * prices,
        high=candles.high * prices,
        low=candles.low * prices,
        close=candles.close * prices,
        volume=candles.volume * volumes,
    )


def joined(first: Candles, second: Candles) -> Candles:
    """One history after the other."""
    names = ("time_ms", "open", "high", "low", "close", "volume")
    return Candles(**{name: np.concatenate((getattr(first, name), getattr(second, name))) for name in names})


def columns_of(path: Path, *names: str) -> list[FloatArray]:
    """Columns of a compressed table, NaN where a field is empty."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(row[name] or "nan") for row in rows]) for name in names]


def recorded(path: Path, rows: slice = slice(None)) -> Candles:
    """Candles of a recording."""
    times, *columns = columns_of(path, "timestamp_ms", "open", "high", "low", "close", "volume")
    names = ("open", "high", "low", "close", "volume")
    return Candles(
        time_ms=times[rows].astype(np.int64),
        **{name: column[rows] for name, column in zip(names, columns, strict=True)},
    )
