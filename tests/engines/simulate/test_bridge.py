"""The bridge adds nothing to a bar and takes nothing away."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import Candles
from engines.market.aggregation import resample
from engines.simulate.bridge import draw_path_noise, draw_split_noise, paths, split

HOUR = 3_600_000
DECIMALS = 2
LOTS = 3


@st.composite
def bars(draw: st.DrawFn) -> Candles:
    rows = draw(
        st.lists(st.tuples(*[st.integers(1, 10_000_000)] * 4, st.integers(0, 10**12)), min_size=1, max_size=6)
    )
    quoted = [(opened, *sorted(others), volume) for opened, *others, volume in rows]
    table = np.array(
        [(o, max(o, c, h), min(o, low), c, volume) for o, low, c, h, volume in quoted], dtype=np.float64
    )
    prices = table[:, :4] / 10**DECIMALS
    return Candles(
        time_ms=np.arange(len(table), dtype=np.int64) * HOUR,
        open=prices[:, 0],
        high=prices[:, 1],
        low=prices[:, 2],
        close=prices[:, 3],
        volume=table[:, 4] / 10**LOTS,
    )


@given(bars(), st.integers(0, 2**32), st.sampled_from([3, 4, 6, 60]))
def test_a_path_starts_at_the_open_ends_at_the_close_and_reaches_high_and_low(
    whole: Candles, seed: int, steps: int
) -> None:
    noise = draw_path_noise(np.random.default_rng(seed), len(whole), steps)
    path = paths(whole, noise, price_decimals=DECIMALS)
    np.testing.assert_array_equal(path[:, 0], whole.open)
    np.testing.assert_array_equal(path[:, -1], whole.close)
    np.testing.assert_array_equal(path.max(axis=1), whole.high)
    np.testing.assert_array_equal(path.min(axis=1), whole.low)
    np.testing.assert_array_equal(np.round(path, DECIMALS), path)


@given(bars(), st.integers(0, 2**32), st.sampled_from([2, 3, 4, 12, 60]))
def test_the_parts_of_a_bar_add_up_to_it(whole: Candles, seed: int, parts: int) -> None:
    noise = draw_split_noise(np.random.default_rng(seed), len(whole), parts)
    fine = split(whole, noise, length_ms=HOUR, price_decimals=DECIMALS, volume_decimals=LOTS)
    assert len(fine) == parts * len(whole)
    again = resample(fine, HOUR)
    for column in ("time_ms", "open", "high", "low", "close"):
        np.testing.assert_array_equal(getattr(again, column), getattr(whole, column))
    printed = [f"{volume:.{LOTS}f}" for volume in again.volume]
    assert printed == [f"{volume:.{LOTS}f}" for volume in whole.volume]
    assert (fine.volume >= 0).all()


def test_a_bar_has_the_same_inside_whichever_bars_stand_beside_it() -> None:
    rng = np.random.default_rng(5)
    level = np.array([10.0, 11.0, 12.0])
    three = Candles(
        time_ms=np.arange(3, dtype=np.int64) * HOUR,
        open=level,
        high=level + 2,
        low=level - 2,
        close=level + 1,
        volume=level,
    )
    noise = draw_split_noise(rng, 3, 4)
    alone = split(
        three.rows(1, 2),
        noise.rows(np.array([1])),
        length_ms=HOUR,
        price_decimals=2,
        volume_decimals=2,
    )
    together = split(three, noise, length_ms=HOUR, price_decimals=2, volume_decimals=2)
    for field in fields(Candles):
        np.testing.assert_array_equal(getattr(alone, field.name), getattr(together.rows(4, 8), field.name))


def test_a_path_of_two_steps_is_refused() -> None:
    one = np.array([1.0])
    bar = Candles(time_ms=np.array([0]), open=one, high=one, low=one, close=one, volume=one)
    with pytest.raises(ValueError, match="at least 3 steps"):
        paths(bar, draw_path_noise(np.random.default_rng(1), 1, 2), price_decimals=2)
