"""Adding bars up and laying series over each other."""

import numpy as np

from engines.core.candle import Candles
from engines.market.aggregation import between, chain, empty, overlay, pick, resample


def series(times: list[int], close: float = 1.0) -> Candles:
    columns = np.full(len(times), close)
    return Candles(
        time_ms=np.array(times, dtype=np.int64),
        open=columns,
        high=columns + np.arange(len(times)),
        low=columns - np.arange(len(times)) / 10,
        close=columns,
        volume=columns,
    )


def test_a_coarse_bar_is_the_sum_of_the_parts_there_are() -> None:
    coarse = resample(series([0, 10, 30, 50]), 20)
    assert coarse.time_ms.tolist() == [0, 20, 40]
    assert coarse.volume.tolist() == [2.0, 1.0, 1.0]
    assert coarse.high.tolist() == [2.0, 3.0, 4.0]
    assert coarse.low.tolist() == [0.9, 0.8, 0.7]


def test_coarse_bars_may_open_beside_the_multiples() -> None:
    assert resample(series([0, 10, 20]), 20, offset_ms=10).time_ms.tolist() == [-10, 10]


def test_nothing_adds_up_to_nothing() -> None:
    assert len(resample(empty(), 20)) == 0
    assert len(chain([])) == 0


def test_the_upper_series_wins_where_both_have_a_bar() -> None:
    both = overlay(series([10, 30], 5.0), series([10, 20], 7.0))
    assert both.time_ms.tolist() == [10, 20, 30]
    assert both.close.tolist() == [5.0, 7.0, 5.0]


def test_an_empty_series_changes_nothing() -> None:
    one = series([1, 2])
    assert overlay(one, empty()) is one
    assert overlay(empty(), one) is one


def test_series_are_chained_picked_and_cut() -> None:
    whole = chain([series([0, 10]), series([20])])
    assert whole.time_ms.tolist() == [0, 10, 20]
    assert pick(whole, np.array([2, 0])).time_ms.tolist() == [20, 0]
    assert between(whole, 10, 20).time_ms.tolist() == [10]
