"""What is held and under way, and what a move of the market would touch."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.order import OrderKind, OrderState, Terms
from engines.risk.exposure import Exposure, Holding, coming, measured, net_delta, unrealised
from tests.build.orders import PERP, SPOT, a_trade, an_intent, an_order

D = Decimal
ETH_PERP = replace(PERP, symbol="ETHUSDT", base="ETH")
LONG, SHORT = Direction.LONG, Direction.SHORT


def price_of(instrument: Instrument) -> Decimal | None:
    return {"BTC": D(100), "ETH": D(10)}.get(instrument.base)


def a_holding(held: object = 1, **changes: Any) -> Holding:
    """A long BTC perpetual at one time leverage."""
    usual = Holding(
        trade_id=1,
        owner=-1,
        instrument=PERP,
        direction=LONG,
        leverage=D(1),
        held=D(str(held)),
        cost=D(0),
    )
    return replace(usual, **changes)


def exposed(*holdings: Holding) -> Exposure:
    found = measured(holdings, price_of)
    assert found is not None
    return found


def test_what_is_under_way_is_what_may_still_be_filled() -> None:
    intent, out = an_intent(id="i1", quantity=D(5)), an_intent(id="i2", reduce_only=True)
    terms = Terms(quantity=D(5), kind=OrderKind.MARKET)
    orders = [
        an_order(OrderState.PARTIALLY_FILLED, intent=intent, terms=terms, filled=D(2)),
        an_order(OrderState.AWAITING_APPROVAL, intent=an_intent(id="i3", quantity=D(7))),
        an_order(OrderState.SENT, intent=out),
        an_order(OrderState.UNKNOWN, intent=an_intent(id="i4", quantity=D(4))),
        an_order(OrderState.FILLED, intent=an_intent(id="i5", quantity=D(9))),
    ]
    holding = Holding.of(a_trade(quantity=D(2)), orders)
    assert holding.held == D(2)
    assert holding.working == {"i1": D(3), "i4": D(4)}
    assert holding.adding("") == D(7)
    assert holding.adding("i1") == D(4)


def test_a_hedged_leg_counts_once() -> None:
    spot = a_holding(3, instrument=SPOT)
    short = a_holding(2, direction=SHORT, leverage=D(2))
    hedged = exposed(spot, short)
    assert hedged.exposure == D(300)
    assert (hedged.perps, hedged.used_margin) == (D(200), D(100))
    assert hedged.offset("BTC", SHORT) == D(100)
    assert hedged.offset("BTC", LONG) == 0
    assert net_delta([spot, short], {}) == {"BTC": D(1)}


def test_the_neutral_portfolio_is_exposed_by_its_larger_side() -> None:
    """0.65 of spot, 0.55 long and 1.2 short: no delta."""
    legs = [a_holding("0.65", instrument=SPOT), a_holding("0.55"), a_holding("1.2", direction=SHORT)]
    assert net_delta(legs, {})["BTC"] == 0
    assert exposed(*legs).exposure == D(120)
    assert exposed(*legs).perps == D(175)


def test_assets_add_up() -> None:
    both = exposed(a_holding(1), a_holding(10, instrument=ETH_PERP, direction=SHORT))
    assert both.exposure == D(200)
    assert net_delta([a_holding(1)], {"BTC": D("-0.4"), "ETH": D(2)}) == {"BTC": D("0.6"), "ETH": D(2)}


def test_a_missing_price_leaves_it_unknown_unless_nothing_is_there() -> None:
    unknown = replace(PERP, base="DOGE")
    assert measured([a_holding(1, instrument=unknown)], price_of) is None
    assert measured([a_holding(0, instrument=unknown)], price_of) is not None


def test_what_comes_one_way() -> None:
    legs = [
        a_holding(1, working={"i1": D(2), "i2": D(3)}),
        a_holding(1, direction=SHORT, working={"i3": D(5)}),
        a_holding(1, instrument=ETH_PERP, working={"i4": D(7)}),
    ]
    assert coming(legs, "BTC", LONG) == D(5)
    assert coming(legs, "BTC", LONG, intent_id="i2") == D(2)
    assert coming(legs, "BTC", SHORT) == D(5)


@pytest.mark.parametrize(
    ("direction", "value", "expected"), [(LONG, 50, 300), (LONG, 150, 350), (SHORT, 50, 350)]
)
def test_more_of_an_asset_counts_beyond_what_it_hedges(
    direction: Direction, value: int, expected: int
) -> None:
    before = exposed(a_holding(2), a_holding(3, direction=SHORT))
    assert before.exposure == D(300)
    assert before.after("BTC", direction, D(value)) == D(expected)


sizes = st.integers(0, 50).map(D)
shapes = st.tuples(sizes, st.sampled_from([PERP, SPOT, ETH_PERP]), st.sampled_from(Direction))


@given(st.lists(shapes, max_size=8), st.sampled_from([PERP, ETH_PERP]), st.sampled_from(Direction), sizes)
def test_after_and_offset_agree_with_holding_it(
    shapes: list[tuple[Decimal, Instrument, Direction]], market: Instrument, way: Direction, more: Decimal
) -> None:
    held = [
        a_holding(size, instrument=instrument, direction=LONG if instrument == SPOT else direction)
        for size, instrument, direction in shapes
    ]
    before, price = exposed(*held), price_of(market)
    assert price is not None
    really = exposed(*held, a_holding(more, instrument=market, direction=way)).exposure
    assert before.after(market.base, way, more * price) == really
    added = max(more * price - before.offset(market.base, way), D(0))
    assert before.exposure + added == really


def test_profit_of_perpetuals_is_unrealised_and_coins_have_their_price() -> None:
    long, short = a_holding(2, cost=D(150)), a_holding(3, cost=D(330), direction=SHORT)
    coins = a_holding(5, cost=D(1), instrument=SPOT)
    assert unrealised([long, short, coins, a_holding(0)], price_of) == D(50) + D(30)
    assert unrealised([a_holding(instrument=replace(PERP, base="SOL"))], price_of) is None
