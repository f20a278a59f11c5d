"""Checks and arithmetic before a trade is opened."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Direction
from engines.orders.order import Purpose
from engines.orders.plan import (
    Plan,
    Problem,
    Suggestion,
    find_problem,
    gains,
    ladder,
    least_notional,
    loss_at_stop,
    quantity_for,
    suggest,
    target_quantities,
    worst_loss,
)
from engines.orders.position import filled
from engines.orders.trade import Target, Trade
from tests.build.orders import PERP, SPOT, a_fill, a_trade

D = Decimal
SHORT = Direction.SHORT
FEE = D("0.00055")


def a_plan(price: object = 100, **changes: Any) -> Plan:
    """One BTC perpetual, long at leverage 1."""
    at = D(str(price))
    usual = Plan(
        instrument=PERP, direction=Direction.LONG, price=at, worst_price=at, quantity=D(1), leverage=D(1)
    )
    return replace(usual, **changes)


def problem(plan: Plan) -> Problem | None:
    return find_problem(plan, most_leverage=D(5))


def test_money_buys_whole_lots_and_never_more() -> None:
    assert quantity_for(PERP, D(100), D(30)) == D("3.333")
    assert quantity_for(PERP, D(100), D("100000.1")) == D(0)


@pytest.mark.parametrize(
    ("changes", "code", "params"),
    [
        ({"instrument": SPOT, "direction": SHORT}, "spot_no_short", {"pair": "BTC/USDT"}),
        ({"instrument": SPOT, "leverage": D(2)}, "spot_no_leverage", {"pair": "BTC/USDT"}),
        ({"leverage": D("5.1")}, "bad_leverage", {"most": D(5)}),
        ({"leverage": D("0.5")}, "bad_leverage", {"most": D(5)}),
        ({"leverage": D(0)}, "bad_leverage", {"most": D(5)}),
        ({"leverage": D(-1)}, "bad_leverage", {"most": D(5)}),
        ({"quantity": D("0.049")}, "too_small", {"least": D(5)}),
        ({"quantity": D(0)}, "too_small", {"least": D(5)}),
        ({"stop": D(100)}, "stop_wrong_side", {"stop": D(100), "price": D(100)}),
        ({"stop": D(101)}, "stop_wrong_side", {"stop": D(101), "price": D(100)}),
        ({"stop": D(0)}, "stop_wrong_side", {"stop": D(0), "price": D(100)}),
        ({"direction": SHORT, "stop": D(99)}, "stop_wrong_side", {"stop": D(99), "price": D(100)}),
        (
            {"targets": (Target(price=D(100), share=D(1)),)},
            "target_wrong_side",
            {"target": D(100), "price": D(100)},
        ),
        (
            {"direction": SHORT, "targets": (Target(price=D(101), share=D(1)),)},
            "target_wrong_side",
            {"target": D(101), "price": D(100)},
        ),
        (
            {"direction": SHORT, "targets": (Target(price=D(-1), share=D(1)),)},
            "target_wrong_side",
            {"target": D(-1), "price": D(100)},
        ),
    ],
)
def test_what_cannot_be_opened(changes: dict[str, Any], code: str, params: dict[str, object]) -> None:
    assert problem(a_plan(**changes)) == Problem(code=code, params=params)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"leverage": D(5)},
        {"instrument": SPOT},
        {"quantity": D("0.05")},
        {"stop": D("99.9"), "targets": ladder(Direction.LONG, [D("100.1")])},
        {"direction": SHORT, "stop": D("100.1"), "targets": ladder(SHORT, [D("99.9"), D(50)])},
    ],
)
def test_what_can_be_opened(changes: dict[str, Any]) -> None:
    assert problem(a_plan(**changes)) is None


def test_the_least_is_a_whole_lot_that_is_large_enough() -> None:
    assert least_notional(PERP, D(100)) == D(5)
    assert least_notional(PERP, D(101)) == D("5.050")
    assert least_notional(PERP, D(60_000)) == D(60)


@pytest.mark.parametrize(("count", "shares"), [(1, "1"), (2, "0.5 0.5"), (3, "0.5 0.3 0.2")])
def test_targets_get_the_usual_shares_in_the_order_they_are_met(count: int, shares: str) -> None:
    prices = [D(130), D(110), D(120)][:count]
    steps = ladder(Direction.LONG, prices)
    assert [step.price for step in steps] == sorted(prices)
    assert [step.share for step in steps] == [D(share) for share in shares.split()]
    assert [step.price for step in ladder(SHORT, prices)] == sorted(prices, reverse=True)


def test_own_shares_stay_with_their_prices() -> None:
    steps = ladder(Direction.LONG, [D(130), D(110)], [D(25), D(75)])
    assert [(step.price, step.share) for step in steps] == [(D(110), D("0.75")), (D(130), D("0.25"))]


def test_no_targets_are_no_ladder() -> None:
    assert ladder(Direction.LONG, []) == ()
    assert target_quantities(PERP, D(1), ()) == ()
    assert gains(a_plan(), entry_fee=FEE, exit_fee=FEE) == ()


@pytest.mark.parametrize(
    ("prices", "shares"),
    [([1, 2, 3, 4], []), ([1, 2], [1]), ([1], [1, 2]), ([1, 2], [1, 0]), ([1, 2], [2, -1])],
)
def test_a_ladder_that_makes_no_sense_is_refused(prices: list[int], shares: list[int]) -> None:
    with pytest.raises(ValueError, match=f"{len(prices)} targets with {len(shares)} shares"):
        ladder(Direction.LONG, [D(price) for price in prices], [D(share) for share in shares])


@given(st.lists(st.integers(1, 10**6).map(D), min_size=1, max_size=3), st.integers(1, 10**6))
def test_shares_and_sizes_sum_to_the_whole(shares: list[Decimal], lots: int) -> None:
    steps = ladder(Direction.LONG, [D(101 + number) for number in range(len(shares))], shares)
    sizes = target_quantities(PERP, lots * PERP.lot, steps)
    assert sum(step.share for step in steps) == 1
    assert all(step.share > 0 for step in steps)
    assert sum(sizes) == lots * PERP.lot
    assert all(size >= 0 and size == PERP.quantity(size) for size in sizes)


def test_what_the_stop_costs_with_both_fees() -> None:
    plan = a_plan(quantity=D(2), stop=D(95), leverage=D(5))
    assert loss_at_stop(plan, entry_fee=FEE, exit_fee=FEE) == D(10) + D("0.11") + D("0.1045")
    assert loss_at_stop(a_plan(), entry_fee=FEE, exit_fee=FEE) is None


def test_a_stop_beyond_the_margin_costs_the_margin() -> None:
    plan = a_plan(stop=D(60), leverage=D(5))
    assert loss_at_stop(plan, entry_fee=FEE, exit_fee=FEE) == D("20.055")
    assert worst_loss(plan, entry_fee=FEE) == D("20.055")
    assert worst_loss(a_plan(instrument=SPOT), entry_fee=D("0.001")) == D("100.1")
    spot = a_plan(instrument=SPOT, stop=D(60))
    assert loss_at_stop(spot, entry_fee=D("0.001"), exit_fee=D("0.001")) == D("40.16")


def test_what_the_targets_bring_net_of_fees() -> None:
    plan = a_plan(quantity=D(2), targets=ladder(Direction.LONG, [D(110), D(120)]))
    assert gains(plan, entry_fee=FEE, exit_fee=FEE) == (D("9.8845"), D("19.879"))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    direction = draw(st.sampled_from(Direction))
    sign, price = direction.sign, draw(st.integers(500, 2000)) * PERP.tick
    steps = draw(st.lists(st.integers(1, 400), min_size=1, max_size=3, unique=True))
    return a_plan(
        price,
        direction=direction,
        quantity=draw(st.integers(1, 5000)) * PERP.lot,
        leverage=D(draw(st.integers(1, 5))),
        stop=price - sign * draw(st.integers(1, 400)) * PERP.tick,
        targets=ladder(direction, [price + sign * step * PERP.tick for step in steps]),
    )


def played(plan: Plan, exits: list[tuple[Decimal, Decimal]]) -> Trade:
    """The plan as a trade that is entered at its price and left at (price, quantity)."""
    trade = a_trade(direction=plan.direction, leverage=plan.leverage)
    trade, _ = filled(trade, plan.direction.entry, Purpose.ENTRY, charged(plan.price, plan.quantity))
    for price, quantity in exits:
        if quantity > 0:
            trade, _ = filled(trade, plan.direction.exit, Purpose.CLOSE, charged(price, quantity))
    return trade


def charged(price: Decimal, quantity: Decimal) -> Any:
    return a_fill(price, quantity, fee=price * quantity * FEE)


@given(plans())
def test_a_preview_of_the_stop_is_what_the_trade_loses(plan: Plan) -> None:
    assert plan.stop is not None
    lost = loss_at_stop(plan, entry_fee=FEE, exit_fee=FEE)
    assert lost is not None
    assert abs(lost + played(plan, [(plan.stop, plan.quantity)]).net) < D("1e-7")
    assert lost <= worst_loss(plan, entry_fee=FEE)


@given(plans())
def test_a_preview_of_the_targets_is_what_the_trade_brings(plan: Plan) -> None:
    sizes = target_quantities(PERP, plan.quantity, plan.targets)
    trade = played(plan, [(step.price, size) for step, size in zip(plan.targets, sizes, strict=True)])
    assert abs(sum(gains(plan, entry_fee=FEE, exit_fee=FEE)) - trade.net) < D("1e-6")


def test_suggested_levels_stand_one_and_a_half_ranges_away() -> None:
    assert suggest(PERP, Direction.LONG, D("100.04"), D("2.01")) == Suggestion(
        stop=D("96.9"), targets=(D("103.1"), D("106.2"), D("109.3"))
    )
    assert suggest(PERP, SHORT, D(100), D(2)) == Suggestion(stop=D(103), targets=(D(97), D(94), D(91)))


def test_no_levels_are_suggested_where_the_range_is_the_price() -> None:
    assert suggest(PERP, Direction.LONG, D(100), D(70)) is None
    assert suggest(PERP, SHORT, D(100), D(25)) is None


@given(
    st.sampled_from(Direction),
    st.integers(10, 10**7),
    st.floats(0, 1, allow_nan=False).map(lambda part: D(str(part))),
)
def test_suggestions_can_be_opened(direction: Direction, ticks: int, part: Decimal) -> None:
    price = ticks * PERP.tick
    levels = suggest(PERP, direction, price, price * part)
    if levels is not None:
        plan = a_plan(
            price,
            direction=direction,
            quantity=D(10_000),
            stop=levels.stop,
            targets=ladder(direction, levels.targets),
        )
        assert problem(plan) is None
        assert all(level == PERP.price(level) for level in (levels.stop, *levels.targets))
