"""Indicators of the library of many, reckoned in a worker process.

Only functions that the library itself lists as indicators are called, by names from our own catalogue, with
numbers that it has checked. TA-Lib is told to stay out of it where the library would ask it: what else is
installed must not change a result.
"""

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pandas_ta_classic as library

from engines.core.candle import Candles, FloatArray
from engines.indicators.catalog import Spec

_PATTERN = "cdl_"
_FIXED: dict[str, dict[str, object]] = {
    "dpo": {"centered": False},  # the other way it is drawn where it will be known only later
    "ichimoku": {"include_chikou": False, "as_dataframe": True},  # that line is the close of later bars
}


def load() -> bytes:
    """Have the library loaded, and keep its warnings to itself."""
    warnings.simplefilter("ignore")
    return b""


def reckon(candles: Candles, spec: Spec) -> bytes:
    """The columns of `spec`, one after the other, as float64; NaN where undefined.

    Raises `ValueError` for an indicator that the library does not list, or that it reckons otherwise than
    the catalogue says.
    """
    function, options = _function(spec.kind)
    known = inspect.signature(function).parameters
    series = {name: one for name, one in _series(candles).items() if name in known}
    found = function(**series, **options, **_numbers(spec), **({"talib": False} if "talib" in known else {}))
    return _columns(found, len(candles), spec).tobytes()


def _function(kind: str) -> tuple[Callable[..., Any], dict[str, object]]:
    """The function of that kind, and what it is always told."""
    listed = {name for names in library.Category.values() for name in names}
    if kind in listed:
        return getattr(library, kind), _FIXED.get(kind, {})
    if kind.startswith(_PATTERN):
        return library.cdl_pattern, {"name": kind.removeprefix(_PATTERN)}
    raise ValueError(f"the library lists no {kind}")


def _series(candles: Candles) -> dict[str, "pd.Series[float]"]:
    at = pd.DatetimeIndex(candles.time_ms.astype("datetime64[ms]"))
    columns = {
        "open_": candles.open,
        "high": candles.high,
        "low": candles.low,
        "close": candles.close,
        "volume": candles.volume,
    }
    return {name: pd.Series(values, index=at) for name, values in columns.items()}


def _numbers(spec: Spec) -> dict[str, float]:
    pairs = zip(spec.about.parameters, spec.numbers, strict=True)
    return {name: number for parameter, number in pairs for name in parameter.names}


def _columns(found: Any, length: int, spec: Spec) -> FloatArray:
    """As many rows as `spec` has columns; the library's `None` means too few candles."""
    shape = len(spec.columns), length
    if found is None:
        return np.full(shape, np.nan)
    table = np.asarray(found, dtype=np.float64).reshape(length, -1).T
    if table.shape != shape:
        raise ValueError(f"{spec.name} came as {table.shape[0]} columns instead of {shape[0]}")
    return np.where(np.isfinite(table), table, np.nan)
