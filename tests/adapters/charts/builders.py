"""Charts to draw in tests."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from engines.core.candle import Candles, FloatArray
from ports.charts import CandleChart, EquityChart

HOUR_MS = 3_600_000
START_MS = 1_751_241_600_000  # 30 June 2025, 00:00 UTC


def some_candles(count: int = 60, *, first: float = 100.0, step_ms: int = HOUR_MS) -> Candles:
    """A seeded random walk."""
    rng = np.random.default_rng(7)
    close = first * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    opened = np.concatenate([[first], close[:-1]])
    return Candles(
        time_ms=START_MS + np.arange(count) * step_ms,
        open=opened,
        high=np.maximum(opened, close) * 1.004,
        low=np.minimum(opened, close) * 0.996,
        close=close,
        volume=rng.uniform(1, 50, count),
    )


def flat_candles(count: int, price: float, volume: float = 0.0) -> Candles:
    """A price that never moved."""
    prices: FloatArray = np.full(count, price)
    return Candles(
        time_ms=START_MS + np.arange(count) * HOUR_MS,
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=np.full(count, volume),
    )


def a_chart(candles: Candles | None = None, **changes: Any) -> CandleChart:
    """An hourly chart; `changes` are fields of `CandleChart`."""
    fields: dict[str, Any] = {
        "title": "BTC/USDT · 1h",
        "subtitle": "▲ +1.2 %",
        "candles": some_candles() if candles is None else candles,
        "timeframe_ms": HOUR_MS,
        "digits": 2,
        "drawn_at": datetime(2025, 7, 2, 12, tzinfo=UTC),
    }
    return CandleChart(**fields | changes)


def a_curve(equity: list[float] | None = None, **changes: Any) -> EquityChart:
    """An hourly curve of an account of 1000; `changes` are fields of `EquityChart`."""
    rng = np.random.default_rng(5)
    walked = 1000 * np.exp(np.cumsum(rng.normal(0, 0.004, 200)))
    values = walked if equity is None else np.array(equity)
    fields: dict[str, Any] = {
        "title": "Equity · PAPER",
        "subtitle": "USDT",
        "time_ms": START_MS + np.arange(len(values)) * HOUR_MS,
        "equity": values,
        "opening": 1000.0,
        "opening_name": "Start",
        "drawn_at": datetime(2025, 7, 12, 12, tzinfo=UTC),
    }
    return EquityChart(**fields | changes)
