"""The technical signals as a strategy: what the rules say of a close is what is traded."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from engines.market.plan import COARSE
from engines.orders.order import ExecutionStyle
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.signals.proposal import LEAST_PUSHED
from engines.signals.proposal import Proposal as Idea
from engines.strategies import keeping
from engines.strategies.strategy import Sight, Snapshot
from engines.strategies.technical import Technical, TechnicalParams, TechnicalState
from engines.strategies.technical_orders import order_of
from tests.build.candles import JANUARY_MS
from tests.build.expected_signals import expected_signals
from tests.build.markets import an_instrument
from tests.build.signals import a_proposal
from tests.build.trends import a_trend

D = Decimal
PAST_DAYS, DAYS = 40, 8
START_MS = JANUARY_MS + PAST_DAYS * Timeframe.D1.ms
STOP_MS = START_MS + DAYS * Timeframe.D1.ms
CAPITAL = D(10_000)
SPOT = an_instrument("BTC")
PERP = replace(SPOT, kind=MarketKind.PERP, tick=D("0.1"))
STRATEGY = Technical()


@cache
def fives() -> Candles:
    return a_trend(PAST_DAYS + DAYS, start_ms=JANUARY_MS)


@cache
def ideas() -> Sequence[Idea]:
    """What the rules alone make of it."""
    return expected_signals(fives(), SPOT, START_MS, STOP_MS)


def played(
    *instruments: Instrument, params: TechnicalParams, state: TechnicalState | None = None
) -> tuple[list[Proposal], TechnicalState]:
    """What the strategy wants in these markets, which all go the same way; and the state at the end."""
    whole = {one: resample(fives(), one.ms) for one in COARSE}
    readers = {one: STRATEGY.reader(params, one) for one in STRATEGY.timeframes(params)}
    heard = dict.fromkeys(readers, 0)
    state = state or STRATEGY.start(params)
    wanted: list[Proposal] = []
    for close_ms in range(JANUARY_MS + Timeframe.M15.ms, STOP_MS + 1, Timeframe.M15.ms):
        for one, reader in readers.items():
            closed = len(whole[one].closed_before(close_ms, one.ms))
            reader.push(whole[one].rows(heard[one], closed))
            heard[one] = closed
        if close_ms > START_MS:
            snapshot = Snapshot(
                now=utc(close_ms),
                capital=CAPITAL,
                markets={
                    instrument.key: Sight(
                        instrument=instrument,
                        price=price_at(close_ms),
                        readings={one: frame for one, each in readers.items() if (frame := each.read())},
                        closed=frozenset(one for one in readers if close_ms % one.ms == 0),
                    )
                    for instrument in instruments
                },
            )
            proposals, state = STRATEGY.decide(snapshot, state, params)
            wanted += proposals
    return wanted, state


def price_at(close_ms: int) -> Decimal:
    row = int((close_ms - JANUARY_MS) // Timeframe.M5.ms) - 1
    return D(repr(float(fives().close[row])))


def orders_of(made: Sequence[Idea], instrument: Instrument) -> list[Proposal]:
    return [
        order_of(one, instrument, capital=CAPITAL, price=price_at(round(one.created_at.timestamp() * 1000)))
        for one in made
    ]


def test_it_wants_what_the_rules_say_and_are_sure_enough_of() -> None:
    wanted, state = played(SPOT, params=TechnicalParams())
    pushed = [one for one in ideas() if one.confidence >= LEAST_PUSHED]
    assert 0 < len(pushed) < len(ideas())
    assert wanted == orders_of(pushed, SPOT)
    assert state.last_signal_ms == {"BTCUSDT": round(ideas()[-1].created_at.timestamp() * 1000)}


def test_coins_are_looked_at_and_their_perpetual_is_traded() -> None:
    wanted, _ = played(PERP, SPOT, params=TechnicalParams(least_traded=0.5))
    assert wanted == orders_of(ideas(), PERP)
    assert {one.stop % PERP.tick for one in wanted if one.stop is not None} == {D(0)}


def test_signals_that_are_not_traded_make_others_wait_as_well() -> None:
    """No signal is sure enough, so that nothing is traded; the state is the same."""
    wanted, state = played(SPOT, params=TechnicalParams(least_traded=1))
    assert wanted == []
    assert state == played(SPOT, params=TechnicalParams(least_traded=0.5))[1]


def test_a_state_is_kept_as_text() -> None:
    waiting = TechnicalState(last_signal_ms={"BTCUSDT": START_MS + 15 * 60_000})
    again = keeping.read(TechnicalState, keeping.written(waiting))
    assert again == waiting
    held, _ = played(SPOT, params=TechnicalParams(cool_down_h=24 * DAYS + 1), state=again)
    assert held == []


def test_its_reader_goes_on_from_what_it_kept() -> None:
    params, bars = TechnicalParams(), fives()
    whole, first, second = (STRATEGY.reader(params, Timeframe.M5) for _ in range(3))
    whole.push(bars)
    first.push(bars.rows(0, 5_000))
    second.load(first.dump())
    second.push(bars.rows(5_000, len(bars)))
    assert second.dump() == whole.dump()
    with pytest.raises(ValueError, match="damaged"):
        first.load(whole.dump()[:-1])


@pytest.mark.parametrize(
    ("price", "limit", "style"),
    [
        ("100", None, ExecutionStyle.GUARDED_MARKET),
        ("99.49", "99.50", ExecutionStyle.SINGLE),
        ("100.51", "100.50", ExecutionStyle.SINGLE),
    ],
)
def test_inside_its_zone_a_signal_is_taken_at_the_market_and_outside_it_waits_at_the_edge(
    price: str, limit: str | None, style: ExecutionStyle
) -> None:
    order = order_of(a_proposal(), SPOT, capital=CAPITAL, price=D(price))
    assert (order.limit_price, order.style) == (None if limit is None else D(limit), style)


def test_an_order_has_the_size_levels_and_name_of_its_signal() -> None:
    idea = a_proposal(size=0.125)
    order = order_of(idea, PERP, capital=CAPITAL, price=D(100))
    assert (order.engine, order.instrument, order.notional) == (EngineName.SIGNALS, PERP, D(1250))
    assert (order.stop, order.expires_at) == (D(96), idea.expires_at)
    assert [(one.price, one.share) for one in order.targets] == [
        (D(104), D("0.5")),
        (D(108), D("0.3")),
        (D(112), D("0.2")),
    ]
    idea = replace(idea, created_at=idea.created_at + timedelta(minutes=15))
    later = order_of(idea, PERP, capital=CAPITAL, price=D(100))
    assert order.key != later.key
    assert order.reason == "BTC/USDT 1h · 78% · R:R 2.0"


def test_it_wakes_at_every_close_with_a_signal_and_seldom_else() -> None:
    series = {one: resample(fives(), one.ms) for one in COARSE}
    params = TechnicalParams(cool_down_h=0)
    wakes = STRATEGY.wakes({SPOT.key: series, PERP.key: {}}, params).tolist()
    _, state = played(SPOT, params=params)
    assert {round(one.created_at.timestamp() * 1000) for one in ideas()} <= set(wakes)
    assert state.last_signal_ms["BTCUSDT"] in wakes
    assert len(wakes) < 0.3 * len(series[Timeframe.M15])
    assert wakes == sorted(set(wakes))


def test_without_any_market_it_never_wakes() -> None:
    assert STRATEGY.wakes({}, TechnicalParams()).tolist() == []


def test_it_wakes_for_both_markets_of_a_pair() -> None:
    """The coin is listed when the perpetual has long been traded: until then that is looked at."""
    params = TechnicalParams()
    both = {one: resample(fives(), one.ms) for one in COARSE}
    young = {one: each.rows(len(each), len(each)) for one, each in both.items()}
    alone = STRATEGY.wakes({PERP.key: both}, params)
    assert len(alone) > 0
    assert STRATEGY.wakes({SPOT.key: young, PERP.key: both}, params).tolist() == alone.tolist()
