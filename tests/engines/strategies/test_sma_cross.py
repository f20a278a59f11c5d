"""The benchmark strategy: crosses, strength, stops, sizes; and that batch and bar by bar are one."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.moment import utc
from engines.core.side import Direction, Side
from engines.core.timeframe import Timeframe
from engines.orders.proposal import Proposal
from engines.strategies import keeping
from engines.strategies import sma_cross_rule as rule
from engines.strategies.catalog import STRATEGIES
from engines.strategies.params import BadParams, parsed
from engines.strategies.sma_cross import (
    SideWanted,
    SmaCross,
    SmaCrossParams,
    SmaCrossReading,
    SmaCrossState,
    called,
    crosses,
)
from engines.strategies.strategy import Position, Sight, Snapshot
from tests.build.kernels import in_python
from tests.build.orders import NOW, PERP, SPOT
from tests.build.recordings import some_bars

D = Decimal
H1 = Timeframe.H1
PARAMS = SmaCrossParams(fast=5, slow=12, adx_length=4, adx_least=30.0, atr_length=4)
SMA = SmaCross()


def bars_of(count: int, seed: int = 1) -> Candles:
    return some_bars(H1, count, price=10_000.0, seed=seed)


def reading_after(bars: Candles, params: SmaCrossParams = PARAMS) -> SmaCrossReading:
    reader = SMA.reader(params, H1)
    reader.push(bars)
    reading = reader.read()
    assert reading is not None
    return reading


def a_cross(code: int, params: SmaCrossParams = PARAMS) -> Candles:
    """Bars of which the last one calls for `code`."""
    bars = bars_of(900)
    rows, codes = crosses(bars, params)
    return bars.rows(0, int(rows[codes == code][0]) + 1)


def asked(
    bars: Candles,
    *,
    params: SmaCrossParams = PARAMS,
    kind: MarketKind = MarketKind.PERP,
    held: Direction | None = None,
    is_waiting: bool = False,
    capital: object = 10_000,
) -> tuple[Proposal, ...]:
    """What is wanted at the last close of `bars`."""
    instrument = replace(PERP if kind is MarketKind.PERP else SPOT, tick=D("0.01"))
    price = D(str(bars.close[-1]))
    sight = Sight(
        instrument=instrument,
        price=price,
        readings={H1: reading_after(bars, params)},
        closed=frozenset([H1]),
        position=None if held is None else a_position(held, price),
        is_waiting=is_waiting,
    )
    now = utc(int(bars.time_ms[-1]) + H1.ms)
    snapshot = Snapshot(now=now, capital=D(str(capital)), markets={instrument.key: sight})
    proposals, state = SMA.decide(snapshot, SMA.start(params), params)
    assert state == SmaCrossState()
    return proposals


def a_position(direction: Direction, price: Decimal, at: datetime = NOW) -> Position:
    return Position(direction=direction, quantity=D(1), entry_price=price, stop=None, opened_at=at)


def test_it_is_in_the_catalogue() -> None:
    assert STRATEGIES["sma_cross"].params is SmaCrossParams


def test_an_up_cross_with_strength_opens_a_long_with_its_stop() -> None:
    bars = a_cross(rule.OPEN)
    (opening,) = asked(bars)
    reading = reading_after(bars)
    assert (opening.side, opening.reduce_only, opening.leverage) == (Side.BUY, False, D(2))
    assert opening.stop is not None
    exact = reading.now.close - 3 * reading.now.atr
    assert exact - 0.01 - 1e-9 <= float(opening.stop) <= exact + 1e-9


def test_a_down_cross_mirrors_it() -> None:
    bars = a_cross(-rule.OPEN)
    (opening,) = asked(bars)
    reading = reading_after(bars)
    assert opening.side is Side.SELL
    assert opening.stop is not None
    exact = reading.now.close + 3 * reading.now.atr
    assert exact - 1e-9 <= float(opening.stop) <= exact + 0.01 + 1e-9


@pytest.mark.parametrize(("code", "held"), [(1, Direction.SHORT), (-1, Direction.LONG)])
def test_a_weak_cross_only_closes_what_lies_the_other_way(code: int, held: Direction) -> None:
    (closing,) = asked(a_cross(code), held=held)
    assert (closing.reduce_only, closing.side, closing.direction) == (True, held.exit, held)
    assert asked(a_cross(code)) == ()


def test_a_strong_cross_turns_a_position_around() -> None:
    closing, opening = asked(a_cross(rule.OPEN), held=Direction.SHORT)
    assert (closing.reduce_only, opening.reduce_only) == (True, False)
    assert closing.key != opening.key


def test_a_position_in_the_same_direction_is_kept_and_an_entry_under_way_waited_for() -> None:
    assert asked(a_cross(rule.OPEN), held=Direction.LONG) == ()
    assert asked(a_cross(rule.OPEN), is_waiting=True) == ()


def test_coins_are_not_sold_short() -> None:
    assert asked(a_cross(-rule.OPEN), kind=MarketKind.SPOT) == ()
    (opening,) = asked(a_cross(rule.OPEN), kind=MarketKind.SPOT)
    assert opening.leverage == 1


@pytest.mark.parametrize(("side", "code"), [(SideWanted.LONG, -rule.OPEN), (SideWanted.SHORT, rule.OPEN)])
def test_a_side_that_is_not_wanted_is_only_closed(side: SideWanted, code: int) -> None:
    bars, params = a_cross(code), replace(PARAMS, side=side)
    held = Direction.LONG if code < 0 else Direction.SHORT
    assert asked(bars, params=params) == ()
    assert [one.reduce_only for one in asked(bars, params=params, held=held)] == [True]


def test_a_size_by_risk_loses_its_part_of_the_capital_at_the_stop() -> None:
    bars = a_cross(rule.OPEN)
    (opening,) = asked(bars, params=replace(PARAMS, risk=D("0.001")))
    assert opening.quantity is not None
    assert opening.stop is not None
    loss = (D(str(bars.close[-1])) - opening.stop) * opening.quantity
    assert D(10) - (D(str(bars.close[-1])) - opening.stop) * PERP.lot < loss <= D(10)


def test_a_size_by_risk_ends_at_the_most() -> None:
    bars = a_cross(rule.OPEN)
    (opening,) = asked(bars, params=replace(PARAMS, risk=D(1), most=D("0.5")))
    assert opening.quantity is not None
    assert D(5_000) - D(str(bars.close[-1])) * PERP.lot < opening.quantity * D(str(bars.close[-1])) <= 5_000


def test_a_fixed_size_is_what_was_named() -> None:
    bars = a_cross(rule.OPEN)
    (opening,) = asked(bars, params=replace(PARAMS, notional=D(1_000)), capital=5)
    assert opening.quantity == PERP.quantity(1_000 / D(str(bars.close[-1])))


@pytest.mark.parametrize("capital", [0, -100, "0.01"])
def test_nothing_is_opened_with_too_little(capital: object) -> None:
    assert asked(a_cross(rule.OPEN), capital=capital) == ()


def test_nothing_is_asked_of_a_series_that_did_not_close() -> None:
    bars = a_cross(rule.OPEN)
    sight = Sight(instrument=PERP, price=D(1), readings={H1: reading_after(bars)}, closed=frozenset())
    snapshot = Snapshot(now=NOW, capital=D(10_000), markets={PERP.key: sight})
    assert SMA.decide(snapshot, SMA.start(PARAMS), PARAMS)[0] == ()


def test_it_wakes_where_something_is_called_for_and_nowhere_else() -> None:
    one, other = bars_of(400), bars_of(400, seed=2)
    closes = {PERP.key: {H1: one}, SPOT.key: {H1: other}}
    expected = sorted(
        int(bars.time_ms[row]) + H1.ms
        for row in range(400)
        if any(_is_called(bars.rows(0, row + 1)) for bars in (one, other))
        for bars in (one,)
    )
    assert SMA.wakes(closes, PARAMS).tolist() == expected
    assert len(expected) > 5


def _is_called(bars: Candles) -> bool:
    now, before = (reading := reading_after(bars)).now, reading.before
    columns = (now.fast, now.slow, now.adx, now.atr, before.fast, before.slow)
    return rule.call(*columns, PARAMS.adx_least, 0) != 0


@given(cuts=st.lists(st.integers(0, 120), max_size=6), seed=st.integers(0, 50))
def test_however_bars_are_cut_the_reading_is_that_of_the_batch(cuts: list[int], seed: int) -> None:
    bars, reader = bars_of(120, seed), SMA.reader(PARAMS, H1)
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), 120], strict=True):
        reader.push(bars.rows(start, stop))
    now = (reader.read() or reading_after(bars)).now
    expected = (
        rule.averages(bars.close, 5)[-1],
        rule.averages(bars.close, 12)[-1],
        rule.strengths(bars.high, bars.low, bars.close, 4)[-1],
        rule.ranges(bars.high, bars.low, bars.close, 4)[-1],
    )
    assert (now.fast, now.slow, now.adx, now.atr) == expected


def test_what_was_dumped_goes_on_where_it_was() -> None:
    bars, reader, other = bars_of(60), SMA.reader(PARAMS, H1), SMA.reader(PARAMS, H1)
    reader.push(bars.rows(0, 30))
    other.load(reader.dump())
    reader.push(bars.rows(30))
    other.push(bars.rows(30))
    assert other.read() == reader.read()


def test_damaged_or_other_states_and_late_bars_are_refused() -> None:
    bars, reader = bars_of(60), SMA.reader(PARAMS, H1)
    assert reader.read() is None
    reader.push(bars)
    kept = reader.dump()
    for wrong in (kept[:-8], kept[:-1] + b"x", b"", SMA.reader(replace(PARAMS, fast=6), H1).dump()):
        with pytest.raises(ValueError, match="anew"):
            reader.load(wrong)
    with pytest.raises(ValueError, match="order of time"):
        reader.push(bars.rows(59))


def test_params_are_read_and_refused() -> None:
    read = parsed(SmaCrossParams, {"fast": "20", "timeframe": "5m", "side": "long"})
    assert (read.fast, read.timeframe, read.side) == (20, Timeframe.M5, SideWanted.LONG)
    with pytest.raises(BadParams, match="below slow"):
        parsed(SmaCrossParams, {"fast": "200"})


def test_the_state_is_written_and_read() -> None:
    assert keeping.read(SmaCrossState, keeping.written(SmaCrossState())) == SmaCrossState()


@given(count=st.integers(0, 90), first=st.integers(0, 95), seed=st.integers(0, 1_000))
def test_from_some_row_on_the_same_is_called_for(count: int, first: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fast, slow = rng.choice([1.0, 2.0, 3.0, np.nan], (2, count), p=[0.4, 0.3, 0.25, 0.05])
    adx, atr = rng.choice([10.0, 40.0, np.nan], count), rng.choice([0.0, 1.0, np.nan], count)
    fast_before, slow_before = (np.append(np.nan, column)[:count] for column in (fast, slow))
    expected = []
    for row in range(count):
        one = (fast[row], slow[row], adx[row], atr[row], fast_before[row], slow_before[row])
        if code := rule.call(*one, PARAMS.adx_least, 0):
            expected.append((row, code))
    rows, codes = called(fast, slow, adx, atr, PARAMS, first=first)
    wanted = [one for one in expected if one[0] >= first]
    assert list(zip(rows.tolist(), codes.tolist(), strict=True)) == wanted


def test_the_kernels_say_the_same_without_the_compiler() -> None:
    bars = bars_of(80)
    state, plain = np.zeros(rule.size(5, 12)), np.zeros(rule.size(5, 12))
    columns = (bars.time_ms.astype(np.float64), bars.high, bars.low, bars.close, 5, 12, 4, 4)
    rule.push(state, *columns)
    in_python(rule.push)(plain, *columns)
    assert np.array_equal(state, plain, equal_nan=True)
    assert in_python(rule.stop_distance)(2.5, 3.0, 0.01) == rule.stop_distance(2.5, 3.0, 0.01) == 750
    rows = [
        kernel(bars.high, bars.low, bars.close, 4)
        for kernel in (in_python(rule.strengths), rule.strengths, in_python(rule.ranges), rule.ranges)
    ]
    assert np.array_equal(rows[0], rows[1], equal_nan=True)
    assert np.array_equal(rows[2], rows[3], equal_nan=True)
    fast, slow = in_python(rule.averages)(bars.close, 5), in_python(rule.averages)(bars.close, 12)
    spare = np.empty((2, 2, 80), np.int64)
    counts = [
        kernel(fast, slow, rows[0], rows[2], 30.0, 0, 0, *spare[place])
        for place, kernel in enumerate((in_python(rule.calls), rule.calls))
    ]
    assert counts[0] == counts[1] > 0
    assert (spare[0, :, : counts[0]] == spare[1, :, : counts[0]]).all()
