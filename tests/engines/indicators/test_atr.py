"""ATR: by hand, and the properties that any measure of range keeps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.indicators.atr import atr
from tests.build.recordings import some_bars


def bars(rows: list[tuple[float, float, float]]) -> Candles:
    """Candles of (high, low, close); what opens them does not matter."""
    high, low, close = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    times = np.arange(len(rows), dtype=np.int64) * Timeframe.H1.ms
    return Candles(time_ms=times, open=close, high=high, low=low, close=close, volume=close)


def test_a_short_series_by_hand() -> None:
    series = bars([(10, 8, 9), (11, 9, 10), (15, 12, 14), (14, 13, 13), (13, 4, 5)])
    np.testing.assert_array_equal(atr(series, 1), [np.nan, 2, 5, 1, 9])
    np.testing.assert_array_equal(atr(series, 2), [np.nan, np.nan, 3.5, 2.25, 5.625])


def test_no_more_bars_than_the_length_give_only_nan() -> None:
    series = bars([(10, 8, 9)] * 14)
    assert np.isnan(atr(series)).all()
    assert len(atr(series.rows(0, 0))) == 0


def test_a_length_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        atr(bars([(10, 8, 9)]), 0)


@given(st.integers(0, 1000), st.integers(1, 20), st.floats(1e-3, 1e3))
def test_is_positive_and_scales_with_prices(seed: int, length: int, factor: float) -> None:
    series = some_bars(Timeframe.H1, 60, seed=seed)
    rows = list(zip(series.high * factor, series.low * factor, series.close * factor, strict=True))
    ranges, scaled = atr(series, length), atr(bars(rows), length)
    assert (ranges[length:] > 0).all()
    assert ranges[length:].max() <= atr(series, 1)[1:].max() * (1 + 1e-12)
    np.testing.assert_allclose(scaled, ranges * factor, rtol=1e-9)
