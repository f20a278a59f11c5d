"""Points of a grid: what they share, what is refused, and what the compiler does not change."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.costs import Fees
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.kernel import book as account
from engines.simulate.kernel import table
from engines.simulate.kernel.curve import unfold
from engines.simulate.kernel.play import play
from engines.simulate.kernel.points import Point, points
from engines.simulate.kernel.prepare import Prepared, prepared, terms_row
from engines.simulate.kernel.runs import as_run
from engines.simulate.kernel.table import Table
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.sma_cross import SmaCrossParams
from tests.build.kernel_runs import Asked, by_kernel
from tests.build.kernels import in_python
from tests.build.recordings import some_bars
from tests.build.replaying import PERP, SPOT, START

D = Decimal
H1 = Timeframe.H1
OPEN = Terms(limits=OPEN_LIMITS)
PARAMS = SmaCrossParams(fast=5, slow=12, adx_length=4, adx_least=10.0, atr_length=4)
BARS = some_bars(H1, 1_500, start_ms=START, price=1_000.0)
TENTHS = replace(PERP, tick=D("0.01"))


def a_market(**changes: Any) -> RecordedMarket:
    return replace(RecordedMarket(instrument=TENTHS, series={H1: BARS}), **changes)


def of(market: RecordedMarket) -> Prepared:
    return prepared(market, START, START + 1_500 * H1.ms)


def a_point(params: SmaCrossParams = PARAMS, terms: Terms = OPEN) -> Point:
    (point,) = points(of(a_market()), "sma_cross", [params], terms)
    return point


def test_a_point_is_the_same_alone_and_in_a_grid() -> None:
    grid = [replace(PARAMS, fast=fast, slow=slow) for fast in (3, 5, 8) for slow in (12, 30)]
    together = list(points(of(a_market()), "sma_cross", grid, OPEN))
    alone = [a_point(params) for params in grid]
    assert [one.params for one in together] == grid
    assert [as_run(one).digest for one in together] == [as_run(one).digest for one in alone]
    assert len({one.equity for one in alone}) == len(grid)


def test_coarser_bars_are_added_up_and_found_the_same_way() -> None:
    grid = [replace(PARAMS, timeframe=Timeframe.H4, fast=fast) for fast in (3, 5)]
    together = list(points(of(a_market()), "sma_cross", grid, OPEN))
    assert [as_run(one).digest for one in together] == [as_run(a_point(params)).digest for params in grid]


def test_the_curve_ends_at_the_worth_and_moves_only_with_what_is_held() -> None:
    point = a_point()
    curve = point.curve
    assert len(curve.time_ms) == 1_500
    assert curve.equity[-1] == pytest.approx(float(point.equity), abs=1e-6)
    still = (curve.exposure[1:] == 0) & (curve.exposure[:-1] == 0)
    assert (np.diff(curve.equity)[still] == 0).all()


def test_the_curve_is_the_same_without_the_compiler() -> None:
    point = a_point()
    equity, net = np.empty(1_500), np.empty(1_500)
    in_python(unfold)(point.changes, point.prepared.close, point.prepared.unit, 0, equity, net)
    assert (equity == point.curve.equity).all()
    assert (net == point.curve.net).all()


def test_positions_add_up_to_what_was_earned() -> None:
    point = a_point()
    assert float(point.equity) - 10_000 == pytest.approx(point.rounds.net.sum(), abs=1e-6)
    run = as_run(point)
    assert sum((one.net for one in run.rounds), D(10_000)) == point.equity
    assert run.rounds[0].opened_at == run.executions[0].at


def test_two_runs_are_the_same_run() -> None:
    assert as_run(a_point()).digest == as_run(a_point()).digest


# What is refused.


def test_prices_off_the_grid_are_named_with_the_mend() -> None:
    market = a_market(instrument=PERP)
    with pytest.raises(ValueError, match=r"is no multiple of 0.1: name the tick"):
        of(market)


def test_a_price_that_is_none_is_off_the_grid() -> None:
    close = BARS.close.copy()
    close[7] = np.nan
    with pytest.raises(ValueError, match=f"close nan of bar {START + 7 * H1.ms}"):
        of(a_market(series={H1: replace(BARS, close=close)}))


def test_a_grid_finer_than_money_wants_a_coarser_lot() -> None:
    with pytest.raises(ValueError, match="take a coarser lot"):
        of(a_market(instrument=replace(TENTHS, lot=D("0.0000001"))))


def test_prices_that_cannot_be_counted_are_refused() -> None:
    huge = Candles(
        **{"time_ms": BARS.time_ms}
        | {name: getattr(BARS, name) * 1e12 for name in ("open", "high", "low", "close", "volume")}
    )
    with pytest.raises(ValueError, match="more than can be counted"):
        of(a_market(series={H1: huge}))


def test_no_bars_in_the_span_are_refused() -> None:
    with pytest.raises(ValueError, match="no bars"):
        prepared(a_market(), START + 9_000 * H1.ms, START + 9_001 * H1.ms)


@pytest.mark.parametrize(("rate", "why"), [(0.5, "beyond 0.09"), (0.00012345678912, "ten decimals")])
def test_funding_rates_that_cannot_be_are_refused(rate: float, why: str) -> None:
    fundings = Fundings(time_ms=np.array([START + H1.ms]), rate=np.array([rate]))
    with pytest.raises(ValueError, match=why):
        of(a_market(fundings=fundings))


def test_coins_have_no_funding() -> None:
    fundings = Fundings(time_ms=np.array([START + H1.ms]), rate=np.array([0.0001]))
    assert len(of(a_market(instrument=replace(SPOT, tick=D("0.01")), fundings=fundings)).fundings) == 0


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (replace(OPEN, participation=D("0.1")), "participation"),
        (replace(OPEN, slippage=D("0.000000001")), "eight decimals"),
        (replace(OPEN, fees=Fees(spot=D(0), maker=D(0), taker=D(-1))), "from 0 on"),
        (replace(OPEN, opening=D(100_000_000)), "90 million"),
    ],
)
def test_terms_that_kernels_cannot_count_are_refused(terms: Terms, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        a_point(terms=terms)


def test_a_strategy_without_kernels_is_sent_to_the_replay() -> None:
    with pytest.raises(ValueError, match="use the replay"):
        list(points(of(a_market()), "nothing", [PARAMS], OPEN))


def test_an_account_that_outgrows_the_kernels_says_so() -> None:
    params = replace(PARAMS, notional=D(80_000_000), leverage=100)
    with pytest.raises(ValueError, match="outgrew"):
        a_point(params, replace(OPEN, opening=D(50_000_000)))


def test_too_many_limits_at_once_are_refused() -> None:
    asked = [Asked(row=row, code=table.ADD, sign=1, notional=10, limit=90_000) for row in range(20)]
    span = START, START + 1_500 * H1.ms
    with pytest.raises(ValueError, match="limits at once"):
        by_kernel(a_market(), asked, OPEN, 1, span)


# The compiler changes nothing.


def a_room(market: Prepared, calls: list[Asked]) -> Table:
    """Arrays of a run that begins."""
    rows = np.zeros((len(calls), table.CALL_SIZE), np.int64)
    close = market.bars[table.CLOSE]
    for place, one in enumerate(calls):
        rows[place, table.NEXT], rows[place, table.CODE] = one.row + 1, one.code * one.sign
        rows[place, table.LIMIT] = close[one.row] - one.limit * one.sign if one.limit else 0
        rows[place, table.STOP] = close[one.row] - one.stop * one.sign
        rows[place, table.TRAIL] = one.trail
        rows[place, table.UNTIL] = one.row + 40
        rows[place, table.ENTRY_WORST] = rows[place, table.EXIT_WORST] = 5_000_000
        rows[place, table.RISK], rows[place, table.SHARE] = 1_000_000, 100_000_000
        rows[place, table.DISTANCE] = one.stop
        rows[place, table.TARGETS] = len(one.targets)
        for number, ticks in enumerate(one.targets):
            rows[place, table.PRICES + number] = close[one.row] + ticks * one.sign
            rows[place, table.SHARES + number] = 40_000_000
    terms = terms_row(market, OPEN, 5)
    terms[account.BARS], terms[account.CALLS] = market.bars.shape[1], len(calls)
    terms[account.FUNDINGS] = len(market.fundings)
    terms[account.MOST_FILLS] = terms[account.MOST_ROUNDS] = terms[account.MOST_CHANGES] = 400
    book = np.zeros(account.SIZE, np.int64)
    book[account.CASH] = 10**12
    return Table(
        book=book,
        terms=terms,
        bars=market.bars.ravel(),
        calls=rows.ravel(),
        fundings=market.fundings.ravel(),
        orders=np.zeros(table.MOST_RESTING * table.ORDER_SIZE, np.int64),
        fills=np.zeros(400 * table.FILL_SIZE, np.int64),
        rounds=np.zeros(400 * table.ROUND_SIZE, np.int64),
        changes=np.zeros(400 * table.CHANGE_SIZE, np.int64),
    )


@pytest.mark.parametrize("kind", [MarketKind.PERP, MarketKind.SPOT])
@pytest.mark.parametrize("is_delisted", [False, True])
def test_kernels_say_the_same_without_the_compiler(kind: MarketKind, is_delisted: bool) -> None:
    fundings = Fundings(
        time_ms=START + np.arange(1, 180) * 8 * H1.ms + 1, rate=np.where(np.arange(179) % 2, 2e-4, -1e-4)
    )
    market = a_market(
        instrument=replace(TENTHS, kind=kind),
        fundings=fundings,
        marks=replace(BARS, high=BARS.high + 2, low=BARS.low - 2),
        delisted_ms=START + 1_400 * H1.ms if is_delisted else None,
    )
    rng = np.random.default_rng(3)
    calls = [
        Asked(
            row=row,
            code=int(rng.choice([table.CLOSE_ONLY, table.TURN, table.ADD])),
            sign=1 if kind is MarketKind.SPOT else int(rng.choice([1, -1])),
            limit=int(rng.choice([0, 300])),
            stop=int(rng.choice([500, 2_500])),
            trail=int(rng.choice([0, 1_500])),
            targets=(int(rng.choice([400, 900])), 2_000),
        )
        for row in range(20, 1_390, 30)
    ]
    one, other = a_room(of(market), calls), a_room(of(market), calls)
    play(one, of(market).first, of(market).stop)
    in_python(play)(other, of(market).first, of(market).stop)
    assert one.book[account.FILLS] > 40
    for name in Table._fields:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
