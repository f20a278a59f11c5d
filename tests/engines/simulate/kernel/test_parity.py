"""Kernel and replay are one run: every fill, fee, funding and position to the last digit."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.orders.trade import CloseReason
from engines.simulate.costs import Fees
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.kernel import table
from engines.simulate.kernel.points import points
from engines.simulate.kernel.prepare import prepared
from engines.simulate.kernel.runs import as_run
from engines.simulate.replay.replay import play
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.sma_cross import SideWanted, SmaCross, SmaCrossParams
from tests.build.bars import columns_of, recorded
from tests.build.kernel_runs import Asked, by_kernel, differences, history_of, of_reason
from tests.build.replaying import START, NoParams, Scripted, an_instrument, bars, flat

D = Decimal
M5, H1, H4 = Timeframe.M5, Timeframe.H1, Timeframe.H4
OPEN = Terms(limits=OPEN_LIMITS)


def a_perp(folder: Path, symbol: str, tick: str, rows: slice) -> RecordedMarket:
    """Recorded hours of a perpetual with its funding and, where they are recorded, its marks."""
    derivatives = folder / "derivatives"
    times, rates = columns_of(
        derivatives / f"binance_{symbol}_perp_funding.csv.gz", "timestamp_ms", "funding_rate"
    )
    return RecordedMarket(
        instrument=an_instrument(symbol, tick=D(tick)),
        series={H1: recorded(derivatives / f"binance_{symbol}_perp_1h.csv.gz", rows)},
        fundings=Fundings(time_ms=times.astype(np.int64), rate=rates),
        marks=recorded(derivatives / f"binance_{symbol}_perp_mark_1h.csv.gz"),
    )


def a_coin(folder: Path, symbol: str, timeframe: Timeframe, rows: slice) -> RecordedMarket:
    """Recorded bars of a coin."""
    return RecordedMarket(
        instrument=an_instrument(symbol, MarketKind.SPOT, tick=D("0.01"), lot=D("0.00001")),
        series={timeframe: recorded(folder / "ohlcv" / f"binance_{symbol}_{timeframe}.csv.gz", rows)},
    )


def span_of(market: RecordedMarket, warm: int = 300) -> tuple[int, int]:
    candles = market.series[market.finest]
    return int(candles.time_ms[warm]), int(candles.time_ms[-1]) + market.finest.ms


def checked(market: RecordedMarket, params: SmaCrossParams, terms: Terms = OPEN) -> list[str]:
    """How positions ended, where both played the same."""
    span = span_of(market)
    (point,) = points(prepared(market, *span), "sma_cross", [params], terms)
    replayed = play(history_of(market, span), SmaCross(), params, terms)
    assert differences(point, replayed) == []
    return of_reason(replayed.run.rounds)


@pytest.mark.parametrize(("symbol", "tick"), [("BTCUSDT", "0.1"), ("ETHUSDT", "0.01")])
def test_recorded_perpetuals_with_funding_and_marks(shared_data: Path, symbol: str, tick: str) -> None:
    market = a_perp(shared_data, symbol, tick, slice(16_000, None))
    ends = checked(market, SmaCrossParams(fast=20, slow=60, adx_least=15.0))
    assert {"stop", "person"} <= set(ends)


def test_recorded_perpetuals_that_are_liquidated(shared_data: Path) -> None:
    market = a_perp(shared_data, "ETHUSDT", "0.01", slice(18_000, None))
    params = SmaCrossParams(
        fast=8,
        slow=30,
        adx_least=0.0,
        stop_atrs=60.0,
        risk=D(1),
        most=D(2),
        leverage=25,
        side=SideWanted.LONG,
    )
    assert "liquidated" in checked(market, params)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
def test_recorded_five_minutes_and_their_hours(shared_data: Path, symbol: str) -> None:
    market = a_coin(shared_data, symbol, M5, slice(60_000, 84_000))
    assert len(checked(market, SmaCrossParams(timeframe=M5))) > 10
    assert len(checked(market, SmaCrossParams(timeframe=H1, fast=10, slow=30, adx_least=10.0))) > 3


def test_recorded_hours_of_a_coin_with_all_that_can_be_paid(shared_data: Path) -> None:
    market = a_coin(shared_data, "BTCUSDT", H1, slice(0, 6_000))
    params = SmaCrossParams(timeframe=H4, fast=5, slow=20, adx_least=5.0, risk=D(1), most=D(10))
    assert len(checked(market, params)) > 10


def test_a_fixed_size_and_other_costs(shared_data: Path) -> None:
    market = a_perp(shared_data, "BTCUSDT", "0.1", slice(19_000, None))
    terms = replace(
        OPEN, fees=Fees(spot=D(0), maker=D(0), taker=D("0.0006")), slippage=D(0), opening=D("1234.56789012")
    )
    params = SmaCrossParams(fast=10, slow=40, notional=D("777.7"), side=SideWanted.SHORT)
    assert len(checked(market, params, terms)) > 3


# Made-up bars, settlements where there are none.

MORE = Asked(row=7, code=table.ADD, sign=1, notional=20_000)
TURN = Asked(row=7, code=table.TURN, sign=-1, notional=40_000)


@pytest.mark.parametrize(
    ("asked", "hole", "settled", "stop"),
    [
        ([], range(0), [50, 60], 50),  # beyond the end, and the bars are over too
        ([], range(0), [51, 52, 53], 52),  # in a bar that the end cuts off
        ([], range(8, 16), [45, 60], 50),  # the end lies in a hole
        ([MORE], range(8, 12), [50], 100),  # after the decision, in a hole before it is acted on
        ([TURN], range(8, 12), [50], 100),
    ],
)
def test_settlements_in_holes_and_around_the_end(
    asked: list[Asked], hole: range, settled: list[int], stop: int
) -> None:
    market = RecordedMarket(
        instrument=an_instrument("BTCUSDT"),
        series={M5: bars(flat(20 if stop != 50 or hole else 10), without=hole)},
        fundings=Fundings(
            time_ms=START + np.array(settled, np.int64) * 60_000, rate=np.full(len(settled), 0.001)
        ),
    )
    first = Asked(row=1, code=table.TURN, sign=1, notional=20_000)
    assert unlike(market, [first, *asked], OPEN, 3, (START, START + stop * 60_000)) == []


@pytest.mark.parametrize("limit", [0, 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_trail_that_is_added_hangs_on_the_best_price_since_the_position_is_held(
    sign: int, limit: int
) -> None:
    left = 100.0 + 4 * sign
    entered = (100.0, 100.0 + 0.3 * (sign < 0), 100.0 - 0.3 * (sign > 0), 100.0)
    moved = (100.0, 108.0, 100.0, left) if sign > 0 else (100.0, 100.0, 92.0, left)
    candles = bars([*flat(2), entered, moved, *flat(8, left)])
    market = RecordedMarket(instrument=an_instrument("BTCUSDT"), series={M5: candles})
    asked = [
        Asked(row=1, code=table.TURN, sign=sign, limit=limit),
        Asked(row=5, code=table.ADD, sign=sign, trail=10),
    ]
    span = START, START + 60 * 60_000
    assert unlike(market, asked, OPEN, 3, span) == []
    (held,) = as_run(by_kernel(market, asked, OPEN, 3, span)).rounds
    assert (held.reason, held.exit_price) == (CloseReason.TRAIL, D(str(left)))


# Made-up bars, everything that a call can ask for.


@st.composite
def calls(draw: st.DrawFn, row: int) -> Asked:
    has_targets = draw(st.integers(0, 3))
    steps = draw(st.lists(st.integers(1, 25), min_size=has_targets, max_size=has_targets))
    code = draw(st.sampled_from([table.CLOSE_ONLY, table.TURN, table.TURN, table.ADD, table.ADD]))
    return Asked(
        row=row,
        code=code,
        sign=draw(st.sampled_from([1, -1])),
        notional=draw(st.sampled_from([100, 1_000, 7_777, 40_000])),
        limit=draw(st.sampled_from([0, 0, 1, 5, 20])),
        stop=draw(st.sampled_from([0, 21, 30, 60])),
        trail=draw(st.sampled_from([0, 0, 10, 40])),
        targets=tuple(int(one) + 3 for one in np.cumsum(steps)),
        until=draw(st.sampled_from([0, 1, 2, 10])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[RecordedMarket, Sequence[Asked], Terms, int]:
    count = draw(st.integers(8, 60))
    candles = draw_bars(draw, count)
    kind = draw(st.sampled_from([MarketKind.PERP, MarketKind.PERP, MarketKind.SPOT]))
    rows = sorted(draw(st.sets(st.integers(0, len(candles) - 1), min_size=1, max_size=10)))
    asked = [draw(calls(row)) for row in rows]
    if kind is MarketKind.SPOT:
        asked = [one for one in asked if one.sign > 0 or one.code == table.CLOSE_ONLY]
    market = RecordedMarket(
        instrument=an_instrument("BTCUSDT", kind),
        series={M5: candles},
        fundings=draw_fundings(draw, count) if kind is MarketKind.PERP else None,
        marks=draw_marks(draw, candles) if kind is MarketKind.PERP else None,
        delisted_ms=draw(st.sampled_from([None, None, int(candles.time_ms[len(candles) // 2]) + M5.ms])),
    )
    terms = replace(
        OPEN,
        fees=Fees(spot=D("0.001"), maker=D("0.0002"), taker=D("0.00055")),
        slippage=draw(st.sampled_from([D(0), D("0.0002"), D("0.003")])),
    )
    return market, asked, terms, draw(st.sampled_from([1, 3, 10, 50]))


def draw_bars(draw: st.DrawFn, count: int) -> Candles:
    """A walk around 1,000 ticks with wicks and gaps; some bars are missing."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    size = draw(st.sampled_from([3, 12]))
    close = np.maximum(1_000 + np.cumsum(rng.integers(-size, size + 1, count)), 50)
    opened = np.maximum(np.append(1_000, close[:-1]) + rng.integers(-3, 4, count), 50)
    high = np.maximum(opened, close) + rng.integers(0, size + 1, count)
    low = np.maximum(np.minimum(opened, close) - rng.integers(0, size + 1, count), 1)
    kept = np.flatnonzero(rng.random(count) > draw(st.sampled_from([0.0, 0.1])))
    columns = [np.round(column[kept] / 10, 1) for column in (opened, high, low, close)]
    return Candles(
        time_ms=START + kept.astype(np.int64) * M5.ms,
        open=columns[0],
        high=columns[1],
        low=columns[2],
        close=columns[3],
        volume=np.ones(len(kept)),
    )


def draw_fundings(draw: st.DrawFn, count: int) -> Fundings:
    """Settlements, some of them inside bars."""
    steps = sorted(draw(st.sets(st.integers(0, count * 5), max_size=6)))
    rates = draw(st.lists(st.integers(-9_999, 9_999), min_size=len(steps), max_size=len(steps)))
    return Fundings(
        time_ms=START + np.array(steps, np.int64) * 60_000, rate=np.array([rate / 10**6 for rate in rates])
    )


def draw_marks(draw: st.DrawFn, candles: Candles) -> Candles | None:
    """Marks that reach further than what was traded, or none."""
    reach = draw(st.sampled_from([0.0, 0.0, 3.0]))
    if reach == 0.0:
        return None
    return replace(candles, high=candles.high + reach, low=np.maximum(candles.low - reach, 0.1))


@given(world=worlds())
def test_whatever_is_asked_on_made_up_bars(
    world: tuple[RecordedMarket, Sequence[Asked], Terms, int],
) -> None:
    market, asked, terms, leverage = world
    candles = market.series[M5]
    span = START, int(candles.time_ms[-1]) + M5.ms
    assert unlike(market, asked, terms, leverage, span) == []


def unlike(
    market: RecordedMarket, asked: Sequence[Asked], terms: Terms, leverage: int, span: tuple[int, int]
) -> list[str]:
    """Where kernel and replay of the same wishes differ."""
    candles = market.series[M5]
    script = {
        round((int(candles.time_ms[one.row]) + M5.ms - START) / 60_000): one.wants(leverage, market)
        for one in asked
    }
    replayed = play(history_of(market, span), Scripted(script), NoParams(), terms)
    return differences(by_kernel(market, asked, terms, leverage, span), replayed)
