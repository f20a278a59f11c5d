"""Rows of calls beside what the strategy itself says, close by close."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from engines.core.candle import Candles, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.history import RecordedMarket
from engines.simulate.kernel import table
from engines.simulate.kernel.calls import SmaCrossCalls, lay_out, spans
from engines.simulate.kernel.prepare import Prepared, counted, prepared
from engines.strategies import sma_cross_rule as rule
from engines.strategies.sma_cross import ENTRY_SLIPPAGE, EXIT_SLIPPAGE, SideWanted, SmaCrossParams, crosses
from tests.build.kernels import in_python
from tests.build.recordings import some_bars
from tests.build.replaying import PERP, SPOT, START

H1, H4 = Timeframe.H1, Timeframe.H4
PARAMS = SmaCrossParams(fast=3, slow=8, adx_length=4, adx_least=15.0, atr_length=4)
BARS = some_bars(H1, 1_500, start_ms=START, price=1_000.0)
KEPT = np.random.default_rng(5).random(1_500) > 0.1
HOLED = Candles(
    **{name: getattr(BARS, name)[KEPT] for name in ("time_ms", "open", "high", "low", "close", "volume")}
)


def a_market(kind: MarketKind = MarketKind.PERP) -> Prepared:
    """Hours with holes, of which some before the start and some after the end are not played."""
    instrument = replace(PERP if kind is MarketKind.PERP else SPOT, tick=Decimal("0.01"))
    market = RecordedMarket(instrument=instrument, series={H1: HOLED})
    return prepared(market, START + 50 * H1.ms, START + 1_400 * H1.ms)


def told(market: Prepared, params: SmaCrossParams) -> Iterator[list[int]]:
    """The rows one by one, stops in decimals."""
    instrument, candles = market.instrument, market.series(params.timeframe)
    ranges = rule.ranges(candles.high, candles.low, candles.close, params.atr_length)
    for bar, code in zip(*(column.tolist() for column in crosses(candles, params)), strict=True):
        closed_ms, sign = int(candles.time_ms[bar]) + params.timeframe.ms, 1 if code > 0 else -1
        if not market.start_ms <= closed_ms < market.stop_ms:
            continue
        ticks = 1
        if ranges[bar] > 0:
            ticks = rule.stop_distance(ranges[bar], params.stop_atrs, float(instrument.tick))
        stop = instrument.price(Decimal(str(candles.close[bar]))) - instrument.price_of(ticks) * sign
        is_short_coin = instrument.kind is MarketKind.SPOT and sign < 0
        is_opening = abs(code) == rule.OPEN and stop > 0 and not is_short_coin
        row = [0] * table.CALL_SIZE
        row[table.NEXT] = int((market.closes_ms <= closed_ms).sum())
        row[table.UNTIL] = int((market.closes_ms <= closed_ms + params.timeframe.ms).sum())
        row[table.CODE] = (table.TURN if is_opening else table.CLOSE_ONLY) * sign
        row[table.STOP], row[table.DISTANCE] = int(stop / instrument.tick), ticks
        row[table.ENTRY_WORST], row[table.EXIT_WORST] = (
            counted("slippage", ENTRY_SLIPPAGE),
            counted("slippage", EXIT_SLIPPAGE),
        )
        row[table.NOTIONAL] = counted("notional", params.notional)
        row[table.RISK], row[table.SHARE] = counted("risk", params.risk), counted("most", params.most)
        if max(market.first, 1) <= row[table.NEXT] <= market.stop:
            yield row


@pytest.mark.parametrize("kind", [MarketKind.PERP, MarketKind.SPOT])
@pytest.mark.parametrize(
    "params",
    [
        PARAMS,
        replace(PARAMS, timeframe=H4, adx_least=0.0, notional=Decimal("777.7")),
        replace(PARAMS, stop_atrs=100.0, side=SideWanted.LONG),
        replace(PARAMS, atr_length=400, risk=Decimal("0.03"), most=Decimal(2)),
    ],
)
def test_rows_are_what_the_strategy_says(kind: MarketKind, params: SmaCrossParams) -> None:
    market = a_market(kind)
    wanted = list(told(market, params))
    assert len(wanted) > 20
    for is_shared in (True, False):
        assert SmaCrossCalls(market, is_shared=is_shared).rows(params).tolist() == wanted


def test_stops_below_all_prices_are_no_entries() -> None:
    codes = np.array([rule.OPEN, -rule.OPEN], np.int64)
    rows = laid_out(np.array([[1, 2], [3, 4]]), codes, [2_000, 2_000])
    assert rows[:, table.CODE].tolist() == [table.CLOSE_ONLY, -table.TURN]


def test_rows_are_the_same_without_the_compiler() -> None:
    rng = np.random.default_rng(8)
    codes = rng.choice([-2, -1, 1, 2], 200)
    distances = rng.choice([1, 30, 999, 1_000, 2_000], 200).tolist()
    bars = np.cumsum(rng.integers(1, 3, (200, 2)), axis=0)
    one, other = (laid_out(bars, codes, distances, is_compiled=each) for each in (True, False))
    assert len(one) > 50
    assert (one == other).all()


def laid_out(bars: IntArray, codes: IntArray, distances: list[int], *, is_compiled: bool = True) -> IntArray:
    """Rows of calls at a close of 100."""
    rows = np.zeros((len(codes), table.CALL_SIZE), np.int64)
    lay = lay_out if is_compiled else in_python(lay_out)
    closes, same = np.full(len(codes), 100.0), (1, 2, 3, 4, 5)
    count = lay(rows, bars, codes, closes, np.array(distances), 0.1, False, 1, 150, same)
    return rows[:count]


@pytest.mark.parametrize("count", [0, 1, 40])
def test_ended_bars_are_counted_as_a_search_counts_them(count: int) -> None:
    rng = np.random.default_rng(count)
    ends, closes = (np.cumsum(rng.integers(1, 9, size)) for size in (count, 60))
    found = [ends.searchsorted(moments, side="right") for moments in (closes, closes + 5)]
    for counted_by in (spans, in_python(spans)):
        assert np.array_equal(counted_by(ends, closes, 5), np.stack(found, axis=1))
