"""Any of our own indicators, of any length, over a whole history."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.indicators import (
    adx,
    atr,
    bollinger,
    dema,
    donchian,
    ema,
    macd,
    obv,
    rsi,
    sma,
    stdev,
    stoch,
    stochrsi,
    supertrend,
    swings,
    vwap,
    wma,
)
from engines.indicators.catalog import Spec, spec
from engines.indicators.kernel import plain

_ATR_LENGTH, _NORM_LENGTH = 14, 100


def compute(kind: str, numbers: tuple[float, ...], candles: Candles) -> Mapping[str, FloatArray]:
    """The outputs of an indicator by their names (`Spec.columns`), one entry a bar, NaN while it warms up.

    The same compiled steps as those of the hot indicators. Raises `ValueError` for a kind that is none of
    ours, or numbers that it cannot have.
    """
    wanted = spec(kind, numbers)
    if wanted is None or kind not in KERNELS:
        raise ValueError(f"no kernel for {kind} with the numbers {numbers}")
    return columns(wanted, candles)


def columns(wanted: Spec, candles: Candles) -> Mapping[str, FloatArray]:
    """The same for a `Spec` that is known to be one of ours."""
    rows = KERNELS[wanted.kind](candles, *wanted.numbers)
    outputs = [rows] if rows.ndim == 1 else [np.ascontiguousarray(column) for column in rows.T]
    return dict(zip(wanted.columns, outputs, strict=True))


def _ranges(candles: Candles) -> tuple[FloatArray, FloatArray, FloatArray]:
    return plain(candles.high), plain(candles.low), plain(candles.close)


def _sma(values: FloatArray, length: int) -> FloatArray:
    return sma.over(np.zeros(sma.size(length)), plain(values), length)


def _bands(candles: Candles, length: int, width: float) -> FloatArray:
    return bollinger.over(np.zeros(bollinger.size(length)), plain(candles.close), length, width)


def _stochrsi(candles: Candles, length: int, lookback: int, k: int, d: int) -> FloatArray:
    state = np.zeros(stochrsi.size(lookback, k, d))
    return stochrsi.over(np.zeros(rsi.SIZE), state, plain(candles.close), length, lookback, k, d)


def _stoch(candles: Candles, lookback: int, d: int, k: int) -> FloatArray:
    return stoch.over(np.zeros(stoch.size(lookback, k, d)), *_ranges(candles), lookback, k, d)


def _wma(candles: Candles, length: int) -> FloatArray:
    return wma.over(np.zeros(wma.size(length)), plain(candles.close), length)


def _stdev(candles: Candles, length: int) -> FloatArray:
    return stdev.over(np.zeros(stdev.size(length)), plain(candles.close), length)


def _donchian(candles: Candles, length: int) -> FloatArray:
    state = np.zeros(donchian.size(length))
    return donchian.over(state, plain(candles.high), plain(candles.low), length)


def _supertrend(candles: Candles, length: int, multiplier: float) -> FloatArray:
    """The band, its side, and the band once more for each side alone."""
    rows = supertrend.over(np.zeros(supertrend.SIZE), *_ranges(candles), length, multiplier)
    band, side = rows[:, 0], rows[:, 1]
    return np.column_stack((rows, np.where(side > 0, band, np.nan), np.where(side < 0, band, np.nan)))


def _atr_norm(candles: Candles) -> FloatArray:
    """The average of the ATR over its last 100 values."""
    ranges = atr.atr(candles, _ATR_LENGTH)
    norms = np.full(len(ranges), np.nan)
    norms[_ATR_LENGTH:] = _sma(ranges[_ATR_LENGTH:], _NORM_LENGTH)
    return norms


def _obv(candles: Candles) -> FloatArray:
    return obv.over(np.zeros(obv.SIZE), plain(candles.close), plain(candles.volume))


def _vwap(candles: Candles) -> FloatArray:
    times = candles.time_ms.astype(np.float64)
    return vwap.over(np.zeros(vwap.SIZE), times, *_ranges(candles), plain(candles.volume), vwap.DAY_MS)


def _levels(candles: Candles) -> FloatArray:
    return swings.over(np.zeros(atr.SIZE), np.zeros(swings.SIZE), *_ranges(candles), _ATR_LENGTH)


KERNELS: Final[Mapping[str, Callable[..., FloatArray]]] = {
    "ema": lambda candles, length: ema.ema(candles.close, length),
    "sma": lambda candles, length: _sma(candles.close, length),
    "wma": _wma,
    "dema": lambda candles, length: dema.over(np.zeros(dema.SIZE), plain(candles.close), length),
    "macd": lambda candles, *lengths: macd.over(np.zeros(macd.SIZE), plain(candles.close), *lengths),
    "rsi": lambda candles, length: rsi.over(np.zeros(rsi.SIZE), plain(candles.close), length),
    "stochrsi": _stochrsi,
    "stoch": _stoch,
    "stdev": _stdev,
    "bb": _bands,
    "atr": atr.atr,
    "atr_norm": _atr_norm,
    "adx": lambda candles, length: adx.over(np.zeros(adx.SIZE), *_ranges(candles), length),
    "obv": _obv,
    "obv_ema": lambda candles, length: ema.ema(_obv(candles), length),
    "volume_sma": lambda candles, length: _sma(candles.volume, length),
    "vwap": _vwap,
    "donchian": _donchian,
    "supertrend": _supertrend,
    "support": lambda candles: _levels(candles)[:, :2],
    "resistance": lambda candles: _levels(candles)[:, 2:],
}
"""Every kind that has a kernel."""
