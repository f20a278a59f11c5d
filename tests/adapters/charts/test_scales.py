"""Axes: round prices, readable numbers, true distances in time, labels apart."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.charts.price_scale import PriceScale, price_text, prices_in_view
from adapters.charts.stack import spread
from adapters.charts.time_labels import TimeLabel, time_labels
from adapters.charts.timeline import timeline
from ports.charts import ENGLISH_MONTHS
from tests.adapters.charts.builders import HOUR_MS, START_MS, flat_candles, some_candles

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("price", "digits", "text"),
    [
        (105234.5, 2, "105 234.50"),
        (0.00001234, 8, "0.00001234"),
        (1234567, 0, "1 234 567"),
        (-12.5, 1, "-12.5"),
        (-0.001, 2, "0.00"),
    ],
)
def test_prices_read_well(price: float, digits: int, text: str) -> None:
    assert price_text(price, digits).replace("\N{NARROW NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("low", "high", "digits", "decimals", "first"),
    [(101.2, 109.9, 2, 0, 102.0), (9.1e-6, 1.04e-5, 8, 7, 9.2e-6), (100.0, 100.03, 2, 2, 100.0)],
)
def test_ticks_are_round_prices_with_the_decimals_they_need(
    low: float, high: float, digits: int, decimals: int, first: float
) -> None:
    prices, needed = PriceScale(low=low, high=high, bottom=0, top=900).ticks(digits, 128)
    assert needed == decimals
    assert prices[0] == pytest.approx(first)


@given(low=st.floats(1e-7, 1e6), span=st.floats(1e-6, 10), digits=st.integers(0, 10), gap=st.floats(60, 200))
def test_ticks_are_in_view_apart_and_told_apart(low: float, span: float, digits: int, gap: float) -> None:
    scale = PriceScale(low=low, high=low * (1 + span), bottom=0, top=900)
    prices, decimals = scale.ticks(digits, gap)
    heights = [scale.y(price) for price in prices]
    assert all(-1e-3 <= y <= 900.001 for y in heights)
    assert all(b - a >= gap * 0.999 for a, b in pairwise(heights))
    assert decimals <= digits
    assert len({price_text(price, decimals) for price in prices}) == len(prices)


def test_near_marks_are_in_view_and_far_ones_do_not_squeeze_the_candles() -> None:
    candles = some_candles()
    top, span = candles.high.max(), candles.high.max() - candles.low.min()
    low, high = prices_in_view(candles, [top + span / 2, top * 50, float("nan")], 2)
    assert top + span / 2 < high < top + span
    assert candles.low.min() - span / 4 < low < candles.low.min()


@pytest.mark.parametrize("price", [0.0, 1e-8, 1.0, 105_000.0, 1e12])
def test_a_flat_price_stands_in_the_middle(price: float) -> None:
    low, high = prices_in_view(flat_candles(5, price), [], 2)
    scale = PriceScale(low=low, high=high, bottom=0, top=100)
    assert scale.y(price) == pytest.approx(50, abs=0.1)


def test_labels_that_would_touch_are_moved_apart_in_their_order() -> None:
    assert spread([50, 52, 10], 10, 0, 100) == [50, 60, 10]
    assert spread([99, 98], 10, 0, 100) == [95, 85]
    assert spread([-20.0], 10, 0, 100) == [5]
    assert spread([], 10, 0, 100) == []


@given(st.lists(st.floats(-500, 1500), max_size=20))
def test_labels_never_overlap_nor_leave_the_axis(wanted: list[float]) -> None:
    centres = spread(wanted, 50, 0, 1000)
    ordered = sorted(centres)
    assert all(24.99 <= centre <= 975.01 for centre in ordered)
    assert all(b - a >= 49.99 for a, b in pairwise(ordered))
    assert [centres[i] for i in np.argsort(wanted, kind="stable")] == ordered


def test_candles_stand_evenly_and_gaps_keep_their_length() -> None:
    times = np.array([0, 1, 2, 5, *range(6, 30)], dtype=np.int64) * HOUR_MS
    line = timeline(times, HOUR_MS, left=0, right=1000)
    steps = np.diff(line.x) / line.slot
    np.testing.assert_allclose(steps, [1, 1, 3] + [1] * 24)
    assert line.gaps.tolist() == [3]
    assert len(line.cuts) == 0
    assert 0 <= line.x[0] < line.x[-1] < 1000


def test_a_hole_of_months_is_cut() -> None:
    times = np.array([*range(50), *range(5000, 5050)], dtype=np.int64) * HOUR_MS
    line = timeline(times, HOUR_MS, left=0, right=1000)
    assert line.x[49] < line.cuts[0] < line.x[50]
    assert line.x[49] > 400


def test_few_candles_stand_at_the_right_edge() -> None:
    line = timeline(np.array([0]), HOUR_MS, left=0, right=1000)
    assert line.x[0] > 900
    assert line.slot < 50


def labels(count: int, step_ms: int, zone: str = "UTC", start_ms: int = START_MS) -> list[TimeLabel]:
    times = start_ms + np.arange(count) * step_ms
    line = timeline(times, step_ms, left=0, right=1800)
    return time_labels(
        times,
        line.x,
        pixels_per_minute=line.slot * MINUTE_MS / step_ms,
        zone=ZoneInfo(zone),
        months=ENGLISH_MONTHS,
        size=44,
        left=32,
        right=1800,
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240, 1440])
@pytest.mark.parametrize("count", [10, 60, 150, 500])
def test_every_timeframe_has_a_few_labels(minutes: int, count: int, zone: str) -> None:
    assert (1 if count == 10 else 2) <= len(labels(count, minutes * MINUTE_MS, zone)) <= 10


def test_days_begin_where_the_person_lives() -> None:
    shown = sorted(labels(24, HOUR_MS, "Asia/Tokyo"), key=lambda label: label.x)
    assert [label.text for label in shown if label.is_major] == ["1 Jul"]
    assert any(":00" in label.text for label in shown)


def test_a_day_that_the_clocks_change_on_still_begins_once() -> None:
    start = int(datetime(2025, 3, 29, 12, tzinfo=UTC).timestamp() * 1000)
    shown = labels(40, HOUR_MS, "Europe/Berlin", start)
    assert [label.text for label in shown if label.is_major].count("30 Mar") == 1


def test_a_new_year_is_named() -> None:
    start = int(datetime(2024, 10, 1, tzinfo=UTC).timestamp() * 1000)
    shown = labels(200, 24 * HOUR_MS, start_ms=start)
    assert {"2025", "Nov", "Dec", "Feb"} <= {label.text for label in shown}


def test_a_single_candle_says_its_time() -> None:
    assert [label.text for label in labels(1, HOUR_MS)] == ["00:00"]
    assert [label.text for label in labels(1, 24 * HOUR_MS)] == ["30 Jun"]
