"""The hot indicators: one step for a history and for a bar, warm-up, odd markets, and what is kept."""

from itertools import pairwise
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators import hot
from engines.indicators.columns import HOT, PLACE
from engines.indicators.hot import HotState, push_all, run
from engines.indicators.kernel import plain
from tests.build.bars import a_walk, flat, joined, scaled
from tests.build.kernels import in_python

FIRST_DEFINED = {
    "ema9": 8,
    "ema21": 20,
    "ema50": 49,
    "ema200": 199,
    "macd": 25,
    "macd_signal": 33,
    "macd_hist": 33,
    "rsi14": 14,
    "stochrsi_k": 29,
    "stochrsi_d": 31,
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
}
SWINGS = ("support", "support_strength", "resistance", "resistance_strength")
IN_PRICE = {"ema9", "ema21", "ema50", "ema200", "macd", "macd_signal", "macd_hist", "vwap"} | {
    "bb_lower",
    "bb_middle",
    "bb_upper",
    "atr14",
    "atr_norm",
    "support",
    "resistance",
}
IN_COIN = {"obv", "obv_ema21", "volume_sma20"}


def assert_same_bits(found: FloatArray, expected: FloatArray) -> None:
    np.testing.assert_array_equal(found.view(np.int64), expected.view(np.int64))


def chopped(candles: Candles, cuts: list[int]) -> FloatArray:
    """The rows that come when the bars come in pieces, the state kept as bytes between them."""
    state, rows = HotState(), []
    for start, stop in pairwise([0, *sorted(cuts), len(candles)]):
        rows.append(state.push(candles.rows(start, stop)))
        state = HotState.load(state.dump())
    return np.concatenate(rows)


@given(st.integers(0, 1000), st.lists(st.integers(0, 320), max_size=8))
def test_a_bar_at_a_time_equals_the_history_to_the_last_bit(seed: int, cuts: list[int]) -> None:
    candles = a_walk(320, seed)
    assert_same_bits(chopped(candles, cuts), run(candles))


def test_every_single_bar_equals_the_history_to_the_last_bit() -> None:
    candles = a_walk(400, 7)
    assert_same_bits(chopped(candles, list(range(1, 400))), run(candles))


def test_python_equals_the_machine_code_to_the_last_bit() -> None:
    candles = a_walk(700, 3)
    bars = (candles.time_ms.astype(np.float64), *columns_of(candles))
    compiled, interpreted = np.zeros(hot.SIZE), np.zeros(hot.SIZE)
    rows = hot.over(compiled, *bars)
    np.testing.assert_array_equal(in_python(hot.over)(interpreted, *bars), rows)
    np.testing.assert_array_equal(interpreted, compiled)
    assert not np.isnan(rows[-1]).any()


@given(st.integers(0, 1000), st.integers(1, 319))
def test_what_comes_later_changes_nothing_before_it(seed: int, now: int) -> None:
    candles = a_walk(320, seed)
    later = scaled(candles.rows(now), prices=1.7, volumes=0.2)
    assert_same_bits(run(joined(candles.rows(0, now), later))[:now], run(candles)[:now])


def test_each_column_is_nan_until_its_first_row_and_defined_from_there_on() -> None:
    rows = run(a_walk(400, 5))
    assert FIRST_DEFINED.keys() | set(SWINGS) == set(HOT)
    for name, first in FIRST_DEFINED.items():
        column = rows[:, PLACE[name]]
        assert np.isnan(column[:first]).all(), name
        assert np.isfinite(column[first:]).all(), name
    assert np.isnan(rows[:14, [PLACE[name] for name in SWINGS]]).all()


def test_a_market_that_never_moves_is_neither_bought_nor_sold_too_far() -> None:
    last = dict(zip(HOT, run(flat(400, price=0.1, volume=3.0))[-1], strict=True))
    for name in ("ema9", "ema21", "ema50", "ema200", "bb_lower", "bb_middle", "bb_upper", "vwap"):
        assert last[name] == pytest.approx(0.1, rel=1e-14)
    for name in ("macd", "macd_signal", "macd_hist", "atr14", "atr_norm", "adx14", "di_plus", "di_minus"):
        assert last[name] == pytest.approx(0.0, abs=1e-15), name
    for name in ("rsi14", "stochrsi_k", "stochrsi_d"):
        assert last[name] == 50.0
    assert last["bb_upper"] == last["bb_lower"]
    assert (last["obv"], last["volume_sma20"]) == (0.0, 3.0)
    assert np.isnan([last[name] for name in SWINGS]).all()


def test_a_market_that_stops_moving_keeps_every_bound() -> None:
    moving = a_walk(300, 2)
    still = flat(30_000, price=float(moving.close[-1]))
    still = Candles(
        time_ms=moving.time_ms[-1] + (1 + np.arange(len(still))) * Timeframe.H1.ms,
        open=still.open,
        high=still.high,
        low=still.low,
        close=still.close,
        volume=still.volume,
    )
    rows = run(joined(moving, still))[200:]
    for name in ("rsi14", "stochrsi_k", "stochrsi_d", "adx14", "di_plus", "di_minus"):
        column = rows[:, PLACE[name]]
        assert column.min() >= -1e-12, name
        assert column.max() <= 100 + 1e-12, name
    assert rows[-1, PLACE["bb_lower"]] == rows[-1, PLACE["bb_upper"]]
    assert 0 <= rows[-1, PLACE["atr14"]] < 1e-12


def test_without_volume_there_is_no_vwap_until_somebody_trades() -> None:
    candles = scaled(a_walk(100, 4), volumes=0.0)
    traded = candles.volume.copy()
    traded[30] = 5.0
    candles = Candles(
        time_ms=candles.time_ms,
        open=candles.open,
        high=candles.high,
        low=candles.low,
        close=candles.close,
        volume=traded,
    )
    rows = run(candles)
    vwap = rows[:, PLACE["vwap"]]
    typical = (candles.high[30] + candles.low[30] + candles.close[30]) / 3
    assert np.isnan(vwap[:30]).all()
    np.testing.assert_allclose(vwap[30:48], typical, rtol=1e-15)  # the session of the second day
    assert np.isnan(vwap[48:]).all()
    assert np.isfinite(rows[40:, PLACE["rsi14"]]).all()
    assert rows[29, PLACE["obv"]] == 0.0
    assert abs(rows[-1, PLACE["obv"]]) == 5.0


def test_absent_bars_are_skipped_and_only_sessions_look_at_the_time() -> None:
    candles = a_walk(300, 6)
    later = candles.time_ms.copy()
    later[150:] += 40 * 86_400_000
    shifted = Candles(
        time_ms=later,
        open=candles.open,
        high=candles.high,
        low=candles.low,
        close=candles.close,
        volume=candles.volume,
    )
    rows, expected, vwap = run(shifted), run(candles), PLACE["vwap"]
    assert_same_bits(np.delete(rows, vwap, axis=1), np.delete(expected, vwap, axis=1))
    typical = (candles.high[150] + candles.low[150] + candles.close[150]) / 3
    assert rows[150, vwap] == pytest.approx(typical, rel=1e-15)  # a day of its own begins with it
    assert_same_bits(rows[168:, vwap].copy(), expected[168:, vwap].copy())


@pytest.mark.parametrize("power", [-60, -40, 40, 60])
def test_tiny_and_huge_prices_lose_no_digit(power: int) -> None:
    """A power of two changes no digit, so nothing may differ: prices of 1e-16 to 1e20."""
    candles, factor = a_walk(400, 8), 2.0**power
    rows = run(candles)
    for part, names in (
        (scaled(candles, prices=factor), IN_PRICE),
        (scaled(candles, volumes=factor), IN_COIN),
    ):
        scales = np.array([factor if name in names else 1.0 for name in HOT])
        np.testing.assert_array_equal(run(part), rows * scales)


def test_all_states_take_a_bar_in_one_call_as_each_would_alone() -> None:
    histories = [a_walk(120, seed) for seed in range(5)]
    together = [HotState() for _ in histories]
    for number in range(120):
        push_all(
            together, np.concatenate([rows_of(candles.rows(number, number + 1)) for candles in histories])
        )
    for state, candles in zip(together, histories, strict=True):
        alone = HotState()
        alone.push(candles)
        assert state.dump() == alone.dump()


def rows_of(candles: Candles) -> FloatArray:
    return plain(np.column_stack((candles.time_ms, *columns_of(candles))))


def columns_of(candles: Candles) -> tuple[FloatArray, ...]:
    return candles.open, candles.high, candles.low, candles.close, candles.volume


def test_of_many_bars_one_that_is_late_leaves_all_states_as_they_were() -> None:
    candles = a_walk(3)
    states = [HotState(), HotState()]
    push_all(states, np.concatenate([rows_of(candles.rows(0, 1)), rows_of(candles.rows(1, 2))]))
    before = [state.dump() for state in states]
    with pytest.raises(ValueError, match="row 1 does not follow"):
        push_all(states, np.concatenate([rows_of(candles.rows(2)), rows_of(candles.rows(1, 2))]))
    assert [state.dump() for state in states] == before


@pytest.mark.parametrize("shape", [(0, 6), (1, 5), (2, 6)])
def test_every_state_needs_a_row_of_six(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="rows of six"):
        push_all([HotState()], np.ones(shape))


def test_no_states_need_no_bars() -> None:
    push_all([], np.ones((0, 6)))


@pytest.mark.parametrize("rows", [slice(2, 4), slice(1, 2), slice(3, 4)])
def test_a_bar_that_does_not_follow_the_last_one_is_refused_and_changes_nothing(rows: slice) -> None:
    candles = a_walk(10)
    state = HotState()
    state.push(candles.rows(0, 4))
    before = state.dump()
    with pytest.raises(ValueError, match="does not follow"):
        state.push(candles.rows(rows.start, rows.stop))
    assert state.dump() == before


def test_bars_out_of_order_are_refused() -> None:
    first, second = a_walk(10).rows(0, 5), a_walk(10).rows(2)
    with pytest.raises(ValueError, match="in order of time"):
        HotState().push(joined(first, second))


def test_a_state_is_empty_before_its_first_bar() -> None:
    state = HotState()
    assert (state.bars, state.last_ms, state.frame(Timeframe.H1)) == (0, None, None)
    assert state.push(a_walk(5).rows(0, 0)).shape == (0, len(HOT))
    assert state.last_ms is None


def test_a_frame_shows_the_last_bar_and_the_one_before() -> None:
    candles = a_walk(260, 9)
    rows, state = run(candles), HotState()
    state.push(candles)
    frame = state.frame(Timeframe.H1)
    assert frame is not None
    assert (state.bars, state.last_ms) == (260, candles.time_ms[-1])
    assert (frame.time_ms, frame.timeframe) == (candles.time_ms[-1], Timeframe.H1)
    bar = [frame.open, frame.high, frame.low, frame.close, frame.volume]
    assert bar == [
        column[-1] for column in (candles.open, candles.high, candles.low, candles.close, candles.volume)
    ]
    assert frame.close_before == candles.close[-2]
    assert_same_bits(frame.now, rows[-1])
    assert_same_bits(frame.before, rows[-2])
    assert frame.value("rsi14") == rows[-1, PLACE["rsi14"]]
    assert frame.earlier("rsi14") == rows[-2, PLACE["rsi14"]]


def test_the_first_frame_has_nothing_before_it() -> None:
    state = HotState()
    state.push(a_walk(1))
    frame = state.frame(Timeframe.D1)
    assert frame is not None
    assert np.isnan(frame.close_before)
    assert np.isnan(frame.before).all()
    assert frame.swings.shape == (0, 3)


def test_a_frame_stays_as_it_was_when_bars_follow() -> None:
    candles = a_walk(300, 10)
    state = HotState()
    state.push(candles.rows(0, 250))
    frame = state.frame(Timeframe.H1)
    assert frame is not None
    now, swings = frame.now.copy(), frame.swings.copy()
    state.push(candles.rows(250))
    assert_same_bits(frame.now, now)
    assert_same_bits(frame.swings, swings)


def test_candles_whose_memory_is_read_only_are_taken() -> None:
    candles = a_walk(50)
    for column in (candles.open, candles.high, candles.low, candles.close, candles.volume):
        column.flags.writeable = False
    assert_same_bits(run(candles), run(scaled(candles)))


def kept() -> bytes:
    state = HotState()
    state.push(a_walk(30))
    return state.dump()


@pytest.mark.parametrize(
    ("bytes_", "told"),
    [
        (b"", "no state of indicators"),
        (b"HOT1", "no state of indicators"),
        (b"PNG!" + kept()[4:], "no state of indicators"),
        (kept()[:4] + b"\0\0\0\0" + kept()[8:], "other indicators"),
        (kept()[:-1], "damaged"),
        (kept()[:-1] + b"\x7f", "damaged"),
        (kept()[:8] + crc32(kept()[12:-8]).to_bytes(4, "little") + kept()[12:-8], "damaged"),
    ],
)
def test_bytes_that_are_no_state_of_today_are_refused(bytes_: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=rf"{told}.*make it|{told}.*made anew"):
        HotState.load(bytes_)


def test_warming_up_leaves_nothing_behind() -> None:
    hot.warm()
    assert HotState().bars == 0
