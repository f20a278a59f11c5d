"""Holdings: what buying at the start would have come to."""

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.metrics.benchmark import against, held, spread_evenly
from tests.build.measured import OPENING, curve_of
from tests.build.recordings import DAY, HOUR, JANUARY_MS


def days_at(prices: list[float], first: int = 0) -> Candles:
    closes = np.array(prices)
    opens = np.concatenate(([100.0], closes[:-1]))
    times = JANUARY_MS + (first + np.arange(len(closes), dtype=np.int64)) * DAY
    return Candles(time_ms=times, open=opens, high=closes, low=opens, close=closes, volume=closes)


def worth(candles: Candles, bars: int = 4, step_ms: int = DAY) -> list[float] | None:
    curve = curve_of([OPENING] * bars, step_ms=step_ms)
    found = held("coin", candles, DAY, time_ms=curve.time_ms, start_ms=JANUARY_MS, opening=OPENING)
    return None if found is None else found.equity.tolist()


def test_the_opening_is_bought_at_the_first_open() -> None:
    assert worth(days_at([110.0, 90.0, 120.0, 130.0])) == [1100.0, 900.0, 1200.0, 1300.0]


def test_candles_before_the_start_are_not_bought() -> None:
    assert worth(days_at([50.0, 50.0, 60.0, 70.0, 80.0, 90.0], first=-2)) == [1200.0, 1400.0, 1600.0, 1800.0]


def test_a_price_is_known_when_its_candle_has_closed() -> None:
    found = worth(days_at([110.0, 90.0]), bars=25, step_ms=HOUR)
    assert found is not None
    assert found[:23] == [1000.0] * 23
    assert found[23] == 1100.0


def test_a_coin_that_comes_later_is_bought_later_and_one_that_never_comes_is_not() -> None:
    assert worth(days_at([110.0, 120.0], first=2)) == [1000.0, 1000.0, 1100.0, 1200.0]
    assert worth(days_at([110.0], first=9)) is None


def test_equal_parts_are_left_alone() -> None:
    curve = curve_of([OPENING] * 2)
    parts = [
        held(
            str(price), days_at([price, price]), DAY, time_ms=curve.time_ms, start_ms=JANUARY_MS, opening=100
        )
        for price in (200.0, 50.0)
    ]
    together = spread_evenly("both", [part for part in parts if part is not None])
    assert together.equity.tolist() == [125.0, 125.0]


def test_an_account_that_does_not_move_has_nothing_in_common() -> None:
    curve = curve_of([OPENING] * 40)
    prices = (100 * np.cumprod(1 + np.random.default_rng(1).normal(0, 0.02, 40))).tolist()
    coin = held("coin", days_at(prices), DAY, time_ms=curve.time_ms, start_ms=JANUARY_MS, opening=OPENING)
    assert coin is not None
    found = against(curve, coin, opening=OPENING, start_ms=JANUARY_MS)
    assert (found.beta, found.alpha, found.correlation) == (0.0, 0.0, None)
    assert found.roi == pytest.approx(prices[-1] / 100 - 1)
    assert found.sharpe is not None
