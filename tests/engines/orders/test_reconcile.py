"""Our books against a venue's: what differs, and that what sets it right is asked for once."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Direction, Side
from engines.ledger import booking, movement
from engines.orders import position
from engines.orders.order import Fill, Liquidity, Order, Purpose
from engines.orders.reconcile import (
    LAST_DIGIT,
    Difference,
    added_price,
    balance_differences,
    funding_shares,
    ledger_totals,
    mends,
    placed,
    position_differences,
    positions_of,
)
from engines.orders.trade import Trade, TradeState
from tests.build.orders import NOW, PERP, after, an_intent, an_order

D = Decimal


def a_position(trade_id: int, quantity: Decimal, direction: Direction = Direction.LONG) -> Trade:
    return Trade(
        id=trade_id,
        owner=-8,
        instrument=PERP,
        direction=direction,
        leverage=D(1),
        state=TradeState.OPEN,
        wanted=quantity,
        quantity=quantity,
        entered=quantity,
        entry_cost=quantity * 100,
        is_cross=True,
        created_at=NOW,
        opened_at=NOW,
        seen_at=NOW,
    )


def a_fill(trade_id: int, side: Side, quantity: str, *, at_s: float = 0) -> tuple[Order, Fill]:
    order = an_order(intent=an_intent(trade_id=trade_id, side=side))
    fill = Fill(
        id="x",
        order_id=order.id,
        price=D(100),
        quantity=D(quantity),
        fee=D(0),
        liquidity=Liquidity.TAKER,
        at=after(at_s),
    )
    return order, fill


def test_what_agrees_to_the_last_digit_does_not_differ() -> None:
    ours = {"USDT": D("1000.123456781"), "BTC": D("0.1")}
    theirs = {"USDT": D("1000.12345679"), "BTC": D("0.1")}
    assert balance_differences(ours, theirs, {}) == []
    [one] = balance_differences(ours, theirs | {"BTC": D("0.1") + 2 * LAST_DIGIT}, {})
    assert (one.key, one.gap) == ("balance:BTC", 2 * LAST_DIGIT)


@pytest.mark.parametrize(("shown", "count"), [("100", 0), ("60", 0), ("80", 1)])
def test_what_is_under_way_may_be_there_or_not(shown: str, count: int) -> None:
    found = balance_differences({"USDT": D(100)}, {"USDT": D(shown)}, {"USDT": D(-40)})
    assert len(found) == count


def test_a_difference_is_another_once_it_changes() -> None:
    first, second = (
        balance_differences({"USDT": D(ours)}, {"USDT": D(ours) + 5}, {})[0] for ours in ("1", "7")
    )
    third = balance_differences({"USDT": D(1)}, {"USDT": D(7)}, {})[0]
    assert first.state == second.state == "5"
    assert third.state == "6"


def test_a_ledger_is_counted_where_its_money_lies() -> None:
    cause = booking.Cause(id="fill:a:1", owner=-8, trade_id=4, quote="USDT", at=NOW)
    there = replace(cause, id="fill:b:1", trade_id=5)
    entries = {
        -8: [
            movement.taken_over(-8, "bybit", {"USDT": D(500)}, NOW, quote="USDT"),
            movement.taken_over(-8, "gate", {"USDT": D(70)}, NOW, quote="USDT"),
            movement.deposit(-8, "gate:d1", "BTC", D(1), NOW, quote="USDT"),
            booking.perp_fill(cause, margin=D(0), realised=D(-20), is_cross=True),
            booking.perp_fill(there, margin=D(0), realised=D(3), is_cross=True),
        ],
        -1: [movement.adjustment(-1, "bybit:USDT:1", "USDT", D(9), NOW, quote="USDT")],
    }
    trades_at = {4: "bybit", 5: "gate"}
    assert ledger_totals(entries, trades_at, "bybit") == {"USDT": D(489)}
    assert ledger_totals(entries, trades_at, "gate") == {"USDT": D(73), "BTC": D(1)}


def test_a_hedged_account_has_two_places_a_market() -> None:
    trades = [a_position(1, D(2)), a_position(2, D(3), Direction.SHORT)]
    netted = positions_of(trades, is_hedged=False)
    hedged = positions_of(trades, is_hedged=True)
    assert [(place.name, size) for place, size in netted.items()] == [("BTCUSDT", D(-1))]
    assert {place.name: size for place, size in hedged.items()} == {
        "BTCUSDT:long": D(2),
        "BTCUSDT:short": D(-3),
    }


sizes = st.integers(0, 5).map(lambda lots: PERP.lot * lots)
directions = st.sampled_from(list(Direction))


@given(
    st.lists(st.tuples(sizes, directions), max_size=4),
    st.lists(st.tuples(sizes, directions), max_size=2),
    st.booleans(),
)
def test_mends_make_the_books_what_the_venue_has_and_are_not_asked_for_again(
    ours: list[tuple[Decimal, Direction]], theirs: list[tuple[Decimal, Direction]], is_hedged: bool
) -> None:
    trades = [a_position(number, size, way) for number, (size, way) in enumerate(ours, 1) if size]
    there = placed(((PERP, way, size) for size, way in theirs), is_hedged=is_hedged)
    for difference in position_differences(positions_of(trades, is_hedged=is_hedged), there):
        trades = mended(trades, difference)
    assert position_differences(positions_of(trades, is_hedged=is_hedged), there) == []


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from(list(Side)), st.integers(1, 9)), max_size=6
    ),
    st.decimals(min_value=-100, max_value=100, places=8),
)
def test_the_shares_of_a_funding_payment_are_the_payment(
    traded: list[tuple[int, Side, int]], amount: Decimal
) -> None:
    fills = [a_fill(trade_id, side, str(quantity)) for trade_id, side, quantity in traded]
    shares = funding_shares(amount, fills, PERP, after(1))
    assert sum(shares.values()) == (amount if shares else 0)


def test_funding_goes_to_those_who_held_something_then() -> None:
    fills = [
        a_fill(1, Side.BUY, "3"),
        a_fill(2, Side.SELL, "1"),
        a_fill(3, Side.BUY, "5", at_s=60),
        a_fill(4, Side.BUY, "2"),
        a_fill(4, Side.SELL, "2"),
    ]
    assert funding_shares(D("-4"), fills, PERP, after(1)) == {1: D(-6), 2: D(2)}
    assert funding_shares(D("-4"), fills[3:], PERP, after(1)) == {}


def test_what_was_added_by_hand_cost_what_is_missing_to_the_average() -> None:
    ours = [a_position(1, D(1))]
    assert added_price(ours, D(3), D(120), D(2)) == D(130)
    assert added_price(ours, D(3), D(20), D(2)) == D(20), "no price below zero"


def mended(trades: list[Trade], difference: Difference) -> list[Trade]:
    """The trades after the mends of a difference."""
    by_id: dict[int, Trade] = {trade.id: trade for trade in trades}
    for mend in mends(difference, trades):
        number = len(by_id) + 1 if mend.trade is None else mend.trade.id
        trade = mend.trade or a_position(number, D(0), mend.direction)
        fill: dict[str, Any] = {"price": D(100), "quantity": mend.quantity, "fee": D(0), "at": NOW}
        told = Fill(id="m", order_id="m", liquidity=Liquidity.TAKER, **fill)
        by_id[number] = position.filled(trade, mend.side, Purpose.MANUAL, told)[0]
    return [trade for trade in by_id.values() if trade.quantity]
