"""What fills and funding do to a trade, by hand and by property."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.money import cut
from engines.core.side import Direction, Side
from engines.orders.order import Purpose
from engines.orders.position import (
    MAINTENANCE,
    bankruptcy_price,
    break_even_stop,
    filled,
    funded,
    liquidation_price,
    margin_for,
)
from engines.orders.trade import CloseReason, Trade, TradeState
from tests.build.orders import PERP, SPOT, a_fill, a_trade, after

D = Decimal
SHORT = Direction.SHORT


def entered(*fills: tuple[object, object], trade: Trade | None = None) -> Trade:
    """A trade after entry fills of (price, quantity)."""
    trade = trade or a_trade()
    for number, (price, quantity) in enumerate(fills):
        fill = a_fill(price, quantity, id=f"e{number}")
        trade, _ = filled(trade, trade.direction.entry, Purpose.ENTRY, fill)
    return trade


def left(trade: Trade, price: object, quantity: object, *, purpose: Purpose = Purpose.CLOSE) -> Trade:
    """`trade` after one exit."""
    return filled(trade, trade.direction.exit, purpose, a_fill(price, quantity, id="x", at=after(60)))[0]


def test_money_is_cut_never_rounded_up() -> None:
    assert cut(D("0.123456789")) == D("0.12345678")
    assert cut(D("-0.123456789")) == D("-0.12345678")


def test_entries_average() -> None:
    trade = entered((100, 1), (110, 3))
    assert (trade.state, trade.quantity, trade.entry_cost) == (TradeState.OPEN, D(4), D(430))
    assert (trade.entry_price, trade.held_cost, trade.best_price) == (D("107.5"), D(430), D(110))
    assert trade.unrealised(D(120)) == 50


def test_a_long_that_is_sold_in_parts() -> None:
    half = left(entered((100, 2), trade=a_trade(leverage=D(4))), 130, 1)
    assert (half.realised, half.margin, half.held_cost) == (D(30), D(25), D(100))
    assert (half.state, half.close_reason, half.closed_at) == (TradeState.OPEN, None, None)
    whole = left(half, 90, 1, purpose=Purpose.STOP)
    assert (whole.realised, whole.margin, whole.held_cost) == (D(20), D(0), D(0))
    assert (whole.state, whole.close_reason) == (TradeState.CLOSED, CloseReason.STOP)
    assert (whole.exit_price, whole.closed_at) == (D(110), after(60))


def test_a_short_earns_when_the_price_falls() -> None:
    trade = entered((100, 2), trade=a_trade(direction=SHORT))
    assert trade.unrealised(D(90)) == 20
    assert left(trade, 90, 2).realised == 20
    assert left(trade, 130, 2).realised == -60


def test_an_entry_after_an_exit_leaves_what_was_realised() -> None:
    again = entered((140, 1), trade=left(entered((100, 2)), 120, 1))
    assert (again.realised, again.held_cost, again.quantity) == (D(20), D(240), D(2))
    assert left(again, 120, 2).realised == 20


def test_thirds_that_do_not_come_out_even_lose_nothing() -> None:
    trade = entered(("100.1", "0.003"), trade=a_trade(leverage=D(3)))
    parts = left(left(left(trade, 100, "0.001"), 100, "0.001"), 100, "0.001")
    assert trade.margin == D("0.1001")
    assert (parts.margin, parts.held_cost, parts.realised) == (D(0), D(0), D("-0.0003"))


def test_a_part_that_comes_out_even_loses_nothing_to_a_division() -> None:
    trade = entered(("100.1", "0.003"))
    half = left(left(trade, 100, "0.001"), 100, "0.001")
    assert (half.realised, half.held_cost) == (D("-0.0002"), D("0.1001"))


def test_spot_sets_nothing_aside() -> None:
    assert margin_for(SPOT, D(1000), D(1)) == 0
    assert margin_for(PERP, D(1000), D(3)) == D("333.33333333")
    assert entered((100, 1), trade=a_trade(instrument=SPOT)).margin == 0


def test_risk_is_the_money_between_entries_and_the_stop() -> None:
    assert entered((100, 1), (104, 1), trade=a_trade(stop=D(95))).risk == 14
    assert entered((100, 1), trade=a_trade(stop=D(103), direction=SHORT)).risk == 3
    assert entered((100, 3), trade=a_trade(stop=D(95))).risk == 15
    assert entered((94, 1), trade=a_trade(stop=D(95))).risk == 0
    assert entered((100, 1)).risk is None


def test_more_than_is_held_cannot_be_sold() -> None:
    with pytest.raises(ValueError, match="trade 12 holds 1: cannot give 2"):
        left(entered((100, 1)), 100, 2)


@pytest.mark.parametrize("quantity", [0, -1])
def test_less_than_something_cannot_be_sold(quantity: int) -> None:
    with pytest.raises(ValueError, match=f"cannot give {quantity}"):
        left(entered((100, 1)), 100, quantity)


def test_the_best_price_is_of_the_whole_position() -> None:
    assert [entered((100, 1), (price, 1)).best_price for price in (90, 110)] == [D(100), D(110)]
    short = a_trade(direction=SHORT)
    assert [entered((100, 1), (price, 1), trade=short).best_price for price in (90, 110)] == [D(90), D(100)]


def test_a_trade_is_opened_by_its_first_fill() -> None:
    first = filled(a_trade(), Side.BUY, Purpose.ENTRY, a_fill(100, 1, at=after(1)))[0]
    second = filled(first, Side.BUY, Purpose.ENTRY, a_fill(100, 1, id="f2", at=after(2)))[0]
    assert (first.opened_at, second.opened_at) == (after(1), after(1))


def test_a_late_fill_opens_a_trade_again() -> None:
    closed = left(entered((100, 1)), 110, 1)
    again = entered((105, 1), trade=closed)
    assert (again.state, again.quantity, again.closed_at, again.close_reason) == (
        TradeState.OPEN,
        D(1),
        None,
        None,
    )
    assert (again.best_price, again.realised, again.held_cost) == (D(105), D(10), D(105))
    canceled = a_trade(state=TradeState.CANCELED, close_reason=CloseReason.NOT_FILLED)
    assert entered((105, 1), trade=canceled).state is TradeState.OPEN


def test_a_persons_own_price_is_marked() -> None:
    assert left(entered((100, 1)), 110, 1, purpose=Purpose.MANUAL).is_manual


@pytest.mark.parametrize(
    ("direction", "leverage", "price"),
    [
        # 100 * (1 - 1/5) / (1 - 0.005), up to the tick; 100 * (1 + 1/5) / (1 + 0.005), down to it
        (Direction.LONG, 5, "80.5"),
        (SHORT, 5, "119.4"),
        (Direction.LONG, 2, "50.3"),
        (SHORT, 1, "199.0"),
    ],
)
def test_liquidation_price(direction: Direction, leverage: int, price: str) -> None:
    trade = entered((100, 1), trade=a_trade(direction=direction, leverage=D(leverage)))
    assert liquidation_price(trade) == D(price)


def test_what_cannot_be_liquidated() -> None:
    assert liquidation_price(entered((100, 1))) is None
    assert liquidation_price(a_trade()) is None
    assert liquidation_price(entered((100, 1), trade=a_trade(instrument=SPOT))) is None
    assert bankruptcy_price(a_trade()) is None


def test_bankruptcy_lies_inside_the_margin() -> None:
    long = entered(("100.1", 1), trade=a_trade(leverage=D(3)))
    assert bankruptcy_price(long) == D("66.8")
    assert bankruptcy_price(entered((100, 1))) == D("0.1")
    assert bankruptcy_price(replace(long, direction=SHORT)) == D("133.4")


def test_no_more_than_the_margin_can_be_lost() -> None:
    trade = entered((100, 1), trade=a_trade(leverage=D(5)))
    after_exit, flow = filled(trade, Side.SELL, Purpose.STOP, a_fill(70, 1, fee=D(1)))
    assert (flow.margin, flow.realised, flow.fee) == (D(-20), D(-20), D(0))
    assert (after_exit.realised, after_exit.fees, after_exit.held_cost) == (D(-20), D(0), D(0))
    _, near = filled(trade, Side.SELL, Purpose.STOP, a_fill("80.5", 1, fee=D(1)))
    assert (near.realised, near.fee) == (D("-19.5"), D("0.5"))


def test_break_even_is_on_the_better_side_of_the_grid() -> None:
    long = entered((100, 1), ("100.1", 2))
    assert break_even_stop(long) == D("100.1")
    assert break_even_stop(replace(long, direction=SHORT)) == D("100.0")
    assert break_even_stop(a_trade()) is None


def test_funding_is_paid_from_cash_then_from_the_margin() -> None:
    trade = entered((100, 1), trade=a_trade(leverage=D(5)))
    received, cash, margin = funded(trade, D("0.5"), D(0))
    assert (received.funding, cash, margin) == (D("0.5"), D("0.5"), D(0))
    paid, cash, margin = funded(trade, D(-3), D(2))
    assert (paid.funding, paid.margin, cash, margin) == (D(-3), D(19), D(-2), D(-1))
    broke, cash, margin = funded(trade, D(-30), D(0))
    assert (broke.funding, broke.margin, cash, margin) == (D(-20), D(0), D(0), D(-20))


def test_funding_out_of_the_margin_brings_liquidation_nearer() -> None:
    trade = entered((100, 1), trade=a_trade(leverage=D(5)))
    before, since = liquidation_price(trade), liquidation_price(funded(trade, D(-3), D(0))[0])
    assert before is not None
    assert since is not None
    assert since > before


prices = st.integers(10, 2_000_000).map(lambda ticks: ticks * PERP.tick)
sizes = st.integers(1, 50_000).map(lambda lots: lots * PERP.lot)
trades = st.builds(
    lambda direction, leverage, instrument: a_trade(
        direction=direction, leverage=D(1) if instrument is SPOT else D(leverage), instrument=instrument
    ),
    st.sampled_from(Direction),
    st.integers(1, 5),
    st.sampled_from([PERP, SPOT]),
).filter(lambda trade: trade.instrument is PERP or trade.direction is Direction.LONG)


@given(trades, st.lists(st.tuples(st.booleans(), prices, sizes), min_size=1, max_size=12), prices)
def test_realised_and_unrealised_are_what_was_paid_and_got(
    trade: Trade, steps: list[tuple[bool, Decimal, Decimal]], price: Decimal
) -> None:
    for number, (is_entry, at, size) in enumerate(steps):
        if is_entry or trade.quantity == 0:
            trade = entered((at, size), trade=trade)
        else:
            trade = left(trade, at, min(size, trade.quantity))
        sign = trade.direction.sign
        flow = (trade.exit_proceeds - trade.entry_cost + price * trade.quantity) * sign
        assert trade.realised + trade.unrealised(price) == flow
        assert trade.quantity == trade.entered - trade.exited >= 0, number
        assert trade.margin >= 0
        assert (trade.quantity == 0) <= (trade.margin == 0 == trade.held_cost)


@given(trades, prices, sizes, prices)
def test_isolated_margin_is_the_most_that_is_lost(
    trade: Trade, entry: Decimal, size: Decimal, out: Decimal
) -> None:
    opened = entered((entry, size), trade=trade)
    closed, flow = filled(opened, opened.direction.exit, Purpose.STOP, a_fill(out, size, fee=D("0.3")))
    if trade.instrument is PERP:
        assert opened.margin + flow.realised - flow.fee >= 0
        assert closed.net >= -opened.margin
    assert flow.fee <= D("0.3")


@given(trades.filter(lambda trade: trade.instrument is PERP), prices, sizes)
def test_liquidation_comes_before_bankruptcy_and_on_the_losing_side(
    trade: Trade, entry: Decimal, size: Decimal
) -> None:
    opened = entered((entry, size), trade=trade)
    sign = opened.direction.sign
    liquidation, bankruptcy = liquidation_price(opened), bankruptcy_price(opened)
    assert bankruptcy is not None
    assert bankruptcy > 0
    if liquidation is not None:
        covered = opened.margin + opened.unrealised(liquidation)
        assert covered <= MAINTENANCE * liquidation * size + PERP.tick * size
        assert covered >= MAINTENANCE * liquidation * size - D("1e-6") - PERP.tick * size
        assert (liquidation - bankruptcy) * sign >= -PERP.tick
