"""How closely two assets move together."""

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.risk.correlation import correlation

DAY_MS = 86_400_000


def daily(close: FloatArray, *, first: int = 0) -> Candles:
    count = len(close)
    return Candles(
        time_ms=(np.arange(count, dtype=np.int64) + first) * DAY_MS,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=np.ones(count),
    )


def walk(seed: int, count: int = 100) -> FloatArray:
    steps = np.random.default_rng(seed).normal(0, 0.03, count)
    return np.asarray(100 * np.exp(np.cumsum(steps)), dtype=np.float64)


def test_the_same_moves_are_one_whatever_the_price() -> None:
    close = walk(1)
    value = correlation(daily(close), daily(close**1.5))
    assert value is not None
    assert abs(value - 1) < 1e-9


def test_opposite_moves_are_minus_one() -> None:
    close = walk(1)
    value = correlation(daily(close), daily(1 / close))
    assert value is not None
    assert abs(value + 1) < 1e-9


def test_it_is_that_of_the_last_sixty_days_both_have() -> None:
    one, other = walk(1), walk(2)
    expected = np.corrcoef(np.diff(np.log(one[-61:])), np.diff(np.log(other[-61:])))[0, 1]
    value = correlation(daily(one), daily(other[20:], first=20))
    assert value is not None
    assert abs(value - expected) < 1e-12


def test_too_short_a_history_and_a_price_that_stands_still_say_nothing() -> None:
    assert correlation(daily(walk(1, 60)), daily(walk(2, 60))) is None
    assert correlation(daily(walk(1, 61)), daily(walk(2, 61))) is not None
    assert correlation(daily(walk(1)), daily(walk(2), first=200)) is None
    assert correlation(daily(walk(1)), daily(np.full(100, 5.0))) is None
