"""Every indicator of ours over a history: names, warm-up, no look-ahead, one step, bounds, no drift."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from engines.indicators.catalog import Spec
from engines.indicators.columns import HOT, PLACE
from engines.indicators.hot import run
from engines.indicators.kind import KINDS, Source
from engines.indicators.series import KERNELS, columns, compute
from tests.build.bars import a_walk, flat, joined, scaled
from tests.build.kernels import in_python


class Kernel(NamedTuple):
    """How `over` is called: the sizes of its states, the columns it reads, its numbers."""

    over: Callable[..., FloatArray]
    sizes: tuple[int, ...]
    reads: tuple[str, ...]
    numbers: tuple[float, ...]

    def states(self) -> list[FloatArray]:
        return [np.zeros(size) for size in self.sizes]

    def call(self, states: list[FloatArray], candles: Candles) -> FloatArray:
        read = [getattr(candles, name).astype(np.float64) for name in self.reads]
        return self.over(*states, *read, *self.numbers)


RANGES = ("high", "low", "close")
OVERS = {
    "ema": Kernel(ema.over, (ema.SIZE,), ("close",), (20,)),
    "sma": Kernel(sma.over, (sma.size(20),), ("close",), (20,)),
    "wma": Kernel(wma.over, (wma.size(20),), ("close",), (20,)),
    "dema": Kernel(dema.over, (dema.SIZE,), ("close",), (20,)),
    "macd": Kernel(macd.over, (macd.SIZE,), ("close",), (12, 26, 9)),
    "rsi": Kernel(rsi.over, (rsi.SIZE,), ("close",), (14,)),
    "stochrsi": Kernel(stochrsi.over, (rsi.SIZE, stochrsi.size(14, 3, 3)), ("close",), (14, 14, 3, 3)),
    "stoch": Kernel(stoch.over, (stoch.size(14, 3, 3),), RANGES, (14, 3, 3)),
    "stdev": Kernel(stdev.over, (stdev.size(20),), ("close",), (20,)),
    "stdev of an odd length": Kernel(stdev.over, (stdev.size(7),), ("close",), (7,)),
    "bb": Kernel(bollinger.over, (bollinger.size(20),), ("close",), (20, 2.0)),
    "atr": Kernel(atr.over, (atr.SIZE,), RANGES, (14,)),
    "adx": Kernel(adx.over, (adx.SIZE,), RANGES, (14,)),
    "obv": Kernel(obv.over, (obv.SIZE,), ("close", "volume"), ()),
    "vwap": Kernel(vwap.over, (vwap.SIZE,), ("time_ms", *RANGES, "volume"), (vwap.DAY_MS,)),
    "donchian": Kernel(donchian.over, (donchian.size(20),), ("high", "low"), (20,)),
    "supertrend": Kernel(supertrend.over, (supertrend.SIZE,), RANGES, (10, 3.0)),
    "swings": Kernel(swings.over, (atr.SIZE, swings.SIZE), RANGES, (14,)),
}
EACH_OVER = pytest.mark.parametrize("kernel", OVERS.values(), ids=OVERS)
EACH_KIND = pytest.mark.parametrize("kind", KERNELS)
FIRST_DEFINED = {
    "ema20": 19,
    "sma20": 19,
    "wma20": 19,
    "dema20": 19,
    "macd": 25,
    "macd_signal": 33,
    "macd_hist": 33,
    "rsi14": 14,
    "stochrsi_k": 29,
    "stochrsi_d": 31,
    "stoch_k": 15,
    "stoch_d": 17,
    "stdev20": 19,
    "bb_lower": 19,
    "bb_middle": 19,
    "bb_upper": 19,
    "atr14": 14,
    "atr_norm": 113,
    "adx14": 27,
    "di_plus": 14,
    "di_minus": 14,
    "obv": 0,
    "obv_ema21": 20,
    "volume_sma20": 19,
    "vwap": 0,
    "donchian_lower": 20,
    "donchian_middle": 20,
    "donchian_upper": 20,
    "supertrend": 10,
    "supertrend_direction": 10,
}
MAY_BE_ABSENT = {"supertrend_long", "supertrend_short", "support", "support_strength"} | {
    "resistance",
    "resistance_strength",
}


def usual(kind: str, candles: Candles) -> dict[str, FloatArray]:
    return dict(compute(kind, KINDS[kind].usual, candles))


def test_the_catalogue_and_the_kernels_name_the_same_kinds() -> None:
    assert set(KERNELS) == {kind.name for kind in KINDS.values() if kind.source is Source.KERNEL}


@EACH_OVER
def test_python_equals_the_machine_code_to_the_last_bit(kernel: Kernel) -> None:
    candles = a_walk(300, 11)
    interpreted = kernel._replace(over=in_python(kernel.over))
    found = interpreted.call(interpreted.states(), candles)
    np.testing.assert_array_equal(found, kernel.call(kernel.states(), candles))
    assert np.isfinite(found[-1]).all()


@EACH_OVER
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_in_pieces_as_at_once_to_the_last_bit(kernel: Kernel, cuts: list[int]) -> None:
    candles, states = a_walk(200, 12), kernel.states()
    parts = [kernel.call(states, candles.rows(*ends)) for ends in pairwise([0, *sorted(cuts), 200])]
    np.testing.assert_array_equal(np.concatenate(parts), kernel.call(kernel.states(), candles))


@EACH_KIND
@given(seed=st.integers(0, 100), now=st.integers(1, 249))
def test_what_comes_later_changes_nothing_before_it(kind: str, seed: int, now: int) -> None:
    candles = a_walk(250, seed)
    later = scaled(candles.rows(now), prices=0.6, volumes=9.0)
    changed = usual(kind, joined(candles.rows(0, now), later))
    for name, values in usual(kind, candles).items():
        np.testing.assert_array_equal(changed[name][:now], values[:now], err_msg=name)


def test_each_column_is_nan_until_its_first_row_and_defined_from_there_on() -> None:
    candles, seen = a_walk(300, 13), set()
    for kind in KERNELS:
        for name, values in usual(kind, candles).items():
            seen.add(name)
            if name not in MAY_BE_ABSENT:
                first = FIRST_DEFINED[name]
                assert np.isnan(values[:first]).all(), name
                assert np.isfinite(values[first:]).all(), name
    assert seen == set(FIRST_DEFINED) | MAY_BE_ABSENT


def test_the_hot_columns_are_the_same_numbers() -> None:
    candles = a_walk(400, 14)
    rows, found = run(candles), dict[str, FloatArray]()
    for kind in KERNELS:
        found |= usual(kind, candles)
    for length in (9, 21, 50, 200):
        found |= compute("ema", (length,), candles)
    assert found.keys() >= set(HOT)
    for name in HOT:
        np.testing.assert_array_equal(found[name], rows[:, PLACE[name]], err_msg=name)


@EACH_KIND
def test_any_history_however_short_is_taken(kind: str) -> None:
    for count in (0, 1, 2):
        assert {len(values) for values in usual(kind, a_walk(2).rows(0, count)).values()} == {count}


@EACH_KIND
def test_a_market_that_never_moves_and_never_trades_is_no_trouble(kind: str) -> None:
    for name, values in usual(kind, flat(300, price=0.3, volume=0.0)).items():
        assert not np.isinf(values).any(), name


@pytest.mark.parametrize(
    ("kind", "neutral"), [("rsi", 50.0), ("stochrsi", 50.0), ("stoch", 50.0), ("adx", 0.0)]
)
def test_without_a_range_an_oscillator_is_neutral(kind: str, neutral: float) -> None:
    assert {values[-1] for values in usual(kind, flat(100)).values()} == {neutral}


@pytest.mark.parametrize("kind", ["rsi", "stochrsi", "stoch", "adx"])
@given(seed=st.integers(0, 300))
def test_an_oscillator_stays_between_0_and_100(kind: str, seed: int) -> None:
    for name, values in usual(kind, a_walk(300, seed)).items():
        defined = values[~np.isnan(values)]
        assert defined.min() >= -1e-12, name
        assert defined.max() <= 100 + 1e-12, name


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("ema", (0,)),
        ("ema", (1.5,)),
        ("bb", (20, -1.0)),
        ("cci", (20,)),
        ("nothing", ()),
    ],
)
def test_what_has_no_kernel_is_refused(kind: str, numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="no kernel"):
        compute(kind, numbers, a_walk(5))


def test_length_one_is_the_series_itself() -> None:
    candles = a_walk(50)
    for kind in ("ema", "sma", "wma", "dema"):
        np.testing.assert_allclose(compute(kind, (1,), candles)[f"{kind}1"], candles.close, rtol=1e-15)


def test_columns_of_other_lengths_have_names_of_their_own() -> None:
    found = columns(Spec("bb", (50, 2.5)), a_walk(60))
    assert list(found) == ["bb50_2.5_lower", "bb50_2.5_middle", "bb50_2.5_upper"]


def a_long_wild_series(count: int) -> FloatArray:
    """Prices that wander between 1e-4 and 1e6 with jumps, so that a running sum would lose its digits."""
    rng = np.random.default_rng(15)
    steps = rng.normal(0, 0.01, count) + rng.choice([0.0, 4.0, -4.0], count, p=[0.998, 0.001, 0.001])
    values: FloatArray = np.exp(np.clip(np.cumsum(steps), -9.0, 14.0))
    return values


def exact(values: FloatArray) -> tuple[float, float]:
    """Mean and deviation with every digit."""
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))


HOSTILE = (0.0, -0.0, 5e-324, -1e-310, 1e15, 1e-15, -1e300, 1e308, math.inf, -math.inf, math.nan)


def hostile(count: int, seed: int, strange: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Three columns of a walk in which so large a part is none of the prices that a market has."""
    bars, rng = a_walk(count, seed), np.random.default_rng(seed)
    columns = np.array([bars.high, bars.low, bars.close])
    finite = HOSTILE[: rng.choice([8, len(HOSTILE)])]
    is_strange = rng.random(columns.shape) < strange
    columns[is_strange] = rng.choice(finite, columns.shape)[is_strange]
    high, low, close = columns
    return high, low, close


@given(
    length=st.integers(1, 40),
    count=st.integers(0, 120),
    seed=st.integers(0, 1_000),
    strange=st.sampled_from([0.0, 0.02, 0.5]),
)
def test_a_column_is_what_the_steps_say_to_the_last_bit(
    length: int, count: int, seed: int, strange: float
) -> None:
    high, low, close = hostile(count, seed, strange)
    pairs = [
        (sma.column(close, length), sma.over(np.zeros(sma.size(length)), close, length)),
        (atr.column(high, low, close, length), atr.over(np.zeros(atr.SIZE), high, low, close, length)),
        (adx.column(high, low, close, length), adx.over(np.zeros(adx.SIZE), high, low, close, length)[:, 0]),
    ]
    for column, steps in pairs:
        numbers = ~np.isnan(steps)
        np.testing.assert_array_equal(np.isnan(column), np.isnan(steps))
        assert column[numbers].tobytes() == steps[numbers].tobytes()


@pytest.mark.parametrize("length", [1, 2, 3, 20, 21])
def test_a_deviation_is_that_of_the_window_whatever_its_length(length: int) -> None:
    values = a_walk(60, 25).close
    found = stdev.over(np.zeros(stdev.size(length)), values, length)
    for row in range(length - 1, 60):
        deviation = exact(values[row + 1 - length : row + 1])[1]
        assert found[row] == pytest.approx(deviation, rel=1e-12, abs=1e-14)


def test_a_million_bars_do_not_make_averages_and_deviations_drift() -> None:
    count, length = 1_000_000, 20
    values = a_long_wild_series(count)
    averages = sma.over(np.zeros(sma.size(length)), values, length)
    deviations = stdev.over(np.zeros(stdev.size(length)), values, length)
    for row in (*range(length - 1, 2000, 7), *range(count - 2000, count, 7)):
        mean, deviation = exact(values[row + 1 - length : row + 1])
        assert averages[row] == pytest.approx(mean, rel=1e-14)
        assert deviations[row] == pytest.approx(deviation, rel=1e-13)


def test_a_giant_that_leaves_the_window_leaves_nothing_behind() -> None:
    values = np.array([1.0] * 30 + [1e15] + [1.0] * 30)
    for kernel in (OVERS["sma"], OVERS["stdev"]):
        found = kernel.over(*kernel.states(), values, 20)
        assert found[-1] == (1.0 if kernel is OVERS["sma"] else 0.0)


def test_vwap_begins_anew_at_midnight() -> None:
    candles = a_walk(100, 16)
    typical = (candles.high + candles.low + candles.close) / 3
    expected: list[Any] = []
    for row in range(100):
        part = slice(row - row % 24, row + 1)
        expected.append(np.average(typical[part], weights=candles.volume[part]))
    np.testing.assert_allclose(usual("vwap", candles)["vwap"], expected, rtol=1e-13)


def test_the_usual_range_is_the_average_of_the_last_hundred() -> None:
    candles = a_walk(300, 17)
    ranges = usual("atr", candles)["atr14"]
    expected = [ranges[row - 99 : row + 1].mean() for row in range(113, 300)]
    np.testing.assert_allclose(usual("atr_norm", candles)["atr_norm"][113:], expected, rtol=1e-14)


def test_a_channel_holds_the_bars_before_so_that_a_bar_can_leave_it() -> None:
    candles = a_walk(100, 18)
    found = usual("donchian", candles)
    for row in range(20, 100):
        assert found["donchian_upper"][row] == candles.high[row - 20 : row].max()
        assert found["donchian_lower"][row] == candles.low[row - 20 : row].min()


def test_a_supertrend_is_on_one_side_at_a_time() -> None:
    candles = a_walk(400, 19)
    found = usual("supertrend", candles)
    side, band = found["supertrend_direction"][10:], found["supertrend"][10:]
    assert set(side) == {1.0, -1.0}
    np.testing.assert_array_equal(side > 0, candles.close[10:] > band)
    np.testing.assert_array_equal(found["supertrend_long"][10:], np.where(side > 0, band, np.nan))
    np.testing.assert_array_equal(found["supertrend_short"][10:], np.where(side < 0, band, np.nan))
