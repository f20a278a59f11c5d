"""Orders at an exchange: taken, resting, amended, cancelled, woken, refused."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engines.core.side import Direction, Side
from engines.orders.order import Liquidity
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import ExchangeOrder, Protects, State, TimeInForce, Touch
from engines.simulate.exchange.refusal import Declined, Why
from engines.simulate.exchange.rules import Rules
from tests.build.exchange import FEES, UNIFIED, an_exchange
from tests.build.orders import NOW, SPOT, after

D = Decimal


def test_a_market_order_walks_the_book_and_pays_the_taker_fee() -> None:
    desk = an_exchange()
    order = desk.place(Side.BUY, 15)
    assert (order.state, order.filled, order.average_price) == (
        State.FILLED,
        D(15),
        D("100.1") * 10 / 15 + D("100.2") * 5 / 15,
    )
    assert [(one.price, one.quantity, one.liquidity) for one in desk.account.executions] == [
        (D("100.1"), D(10), Liquidity.TAKER),
        (D("100.2"), D(5), Liquidity.TAKER),
    ]
    assert desk.balance() == 10_000 - (D("1001") + D("501")) * FEES.taker
    assert desk.size == 15


def test_what_was_taken_is_gone_for_the_next() -> None:
    desk = an_exchange()
    desk.place(Side.BUY, 10)
    desk.place(Side.BUY, 10)
    assert desk.account.executions[-1].price == D("100.2")


def test_a_market_order_that_finds_no_more_depth_ends() -> None:
    order = an_exchange().place(Side.BUY, 60)
    assert (order.state, order.filled, order.why) == (State.CANCELED, D(50), Why.NO_DEPTH)


def test_a_worst_price_guards_a_market_order() -> None:
    order = an_exchange().place(Side.BUY, 15, limit_price=D("100.1"))
    assert (order.state, order.filled) == (State.CANCELED, D(10))


def test_a_limit_rests_behind_what_its_price_shows_and_is_served_as_maker() -> None:
    desk = an_exchange()
    order = desk.place(Side.BUY, 2, price="99.9")
    assert (order.state, order.queue_ahead) == (State.OPEN, D(10))
    desk.move(100, "99.9", volume=D(11))
    assert (desk.order(order).filled, desk.order(order).state) == (D(1), State.OPEN)
    desk.move("99.9", "99.8")
    assert desk.order(order).state is State.FILLED
    assert {one.liquidity for one in desk.account.executions} == {Liquidity.MAKER}
    assert desk.balance() == 10_000 - D("99.9") * 2 * FEES.maker


@pytest.mark.parametrize(
    ("tif", "price", "state", "filled", "why"),
    [
        (TimeInForce.IOC, "100.1", State.CANCELED, 10, Why.NO_DEPTH),
        (TimeInForce.IOC, "99", State.CANCELED, 0, Why.NO_DEPTH),
        (TimeInForce.FOK, "100.1", State.CANCELED, 0, Why.NO_DEPTH),
        (TimeInForce.FOK, "100.2", State.FILLED, 12, None),
        (TimeInForce.POST_ONLY, "100.1", State.CANCELED, 0, Why.POST_ONLY_WOULD_TAKE),
        (TimeInForce.POST_ONLY, "100", State.OPEN, 0, None),
        (TimeInForce.GTC, "100.1", State.OPEN, 10, None),
    ],
)
def test_how_long_an_order_waits(tif: TimeInForce, price: str, state: State, filled: int, why: Why) -> None:
    order = an_exchange().place(Side.BUY, 12, price=price, tif=tif)
    assert (order.state, order.filled, order.why) == (state, D(filled), why)


def test_some_venues_refuse_a_post_only_order_that_would_take() -> None:
    desk = an_exchange(rules=Rules(fees=FEES, refuses_post_only=True))
    with pytest.raises(Declined) as refused:
        desk.place(Side.SELL, 1, price="99.9", tif=TimeInForce.POST_ONLY)
    assert refused.value.why is Why.POST_ONLY_WOULD_TAKE
    assert desk.account.orders == {}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": "0.0005"}, Why.BELOW_MINIMUM),
        ({"quantity": "0.0015"}, Why.BAD_QUANTITY),
        ({"quantity": 0}, Why.BAD_QUANTITY),
        ({"quantity": "0.01", "price": 99}, Why.BELOW_MIN_NOTIONAL),
        ({"price": "99.95"}, Why.BAD_PRICE),
        ({"price": -1}, Why.BAD_PRICE),
        ({"price": "110.1"}, Why.PRICE_OUT_OF_BAND),
        ({"quantity": 2000}, Why.INSUFFICIENT_MARGIN),
        ({"is_reduce_only": True}, Why.REDUCE_ONLY),
        ({"direction": Direction.LONG}, Why.POSITION_MODE),
        ({"trigger_price": D(99), "touch": Touch.RISING}, Why.BAD_TRIGGER),
        ({"instrument": SPOT, "quantity": 101}, Why.INSUFFICIENT_BALANCE),
        ({"instrument": SPOT, "side": Side.SELL}, Why.INSUFFICIENT_BALANCE),
        ({"quantity": None, "cost": D(100)}, Why.BAD_QUANTITY),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(changes: dict[str, Any], why: Why) -> None:
    desk = an_exchange(rules=Rules(fees=FEES, band=D("0.1")))
    before = dict(desk.account.balances)
    with pytest.raises(Declined) as refused:
        desk.place(**changes)
    assert refused.value.why is why
    assert (desk.account.balances, desk.account.orders) == (before, {})


def test_nothing_trades_in_a_halted_market() -> None:
    desk = an_exchange()
    resting = desk.place(Side.BUY, 1, price=99)
    desk.quotes.halted = True
    with pytest.raises(Declined, match="halted"):
        desk.place()
    desk.move(100, 98)
    assert desk.order(resting).filled == 0
    assert desk.exchange.cancel(desk.account, resting, NOW).state is State.CANCELED


def test_a_client_id_is_taken_once_even_when_its_order_is_over() -> None:
    desk = an_exchange()
    order = desk.place(client_id="a-0")
    with pytest.raises(Declined, match="duplicate_id"):
        desk.place(client_id="a-0")
    assert desk.account.order(client_id="a-0") == order


def test_an_amended_order_goes_to_the_end_of_the_queue_unless_it_shrinks() -> None:
    desk = an_exchange()
    order = desk.place(Side.BUY, 4, price="99.9")
    desk.move(100, "99.9", volume=D(4))
    assert desk.order(order).queue_ahead == 6
    smaller = desk.exchange.amend(desk.account, desk.order(order), NOW, quantity=D(3))
    assert (smaller.quantity, smaller.queue_ahead) == (D(3), D(6))
    desk.quotes.price = D(100)
    larger = desk.exchange.amend(desk.account, smaller, NOW, quantity=D(5))
    assert (larger.quantity, larger.queue_ahead) == (D(5), D(10))
    moved = desk.exchange.amend(desk.account, larger, NOW, limit_price=D("100.1"))
    assert (moved.state, moved.filled) == (State.FILLED, D(5))


def test_an_amend_is_checked_like_a_new_order() -> None:
    desk = an_exchange()
    order = desk.place(Side.BUY, 900, price=99)
    for why, changes in (
        (Why.NOT_MODIFIED, {}),
        (Why.BAD_PRICE, {"limit_price": D("99.99")}),
        (Why.INSUFFICIENT_MARGIN, {"quantity": D(2000)}),
    ):
        with pytest.raises(Declined) as refused:
            desk.exchange.amend(desk.account, order, NOW, **changes)
        assert refused.value.why is why
    assert desk.account.live == {order.id: order}
    assert desk.exchange.amend(desk.account, order, NOW, quantity=D(950)).quantity == 950


def test_what_is_over_cannot_be_cancelled_or_amended() -> None:
    desk = an_exchange()
    order = desk.place()
    with pytest.raises(Declined, match="order_finished"):
        desk.exchange.cancel(desk.account, order, NOW)
    with pytest.raises(Declined, match="order_finished"):
        desk.exchange.amend(desk.account, order, NOW, quantity=D(3))


def test_cancel_all_takes_what_is_chosen_and_gives_back_what_was_set_aside() -> None:
    desk = an_exchange(btc=2)
    buy = desk.place(Side.BUY, 3, price=99, instrument=SPOT)
    sell = desk.place(Side.SELL, 2, price=101, instrument=SPOT)
    perp = desk.place(Side.BUY, 3, price=99)
    assert desk.account.free("unified", "USDT") == 10_000 - 297
    assert desk.account.free("unified", "BTC") == 0
    gone = desk.exchange.cancel_all(desk.account, NOW, lambda order: not order.wish.is_perp)
    assert [order.id for order in gone] == [buy.id, sell.id]
    assert list(desk.account.live) == [perp.id]
    assert desk.account.free("unified", "USDT") == 10_000
    assert desk.account.free("unified", "BTC") == 2


def test_a_fill_may_be_told_after_the_cancel() -> None:
    desk = an_exchange()
    order = desk.exchange.cancel(desk.account, desk.place(Side.BUY, 2, price=99), NOW)
    late = desk.exchange.fill(desk.account, order, D(1), D(99), NOW)
    assert (late.state, late.filled, desk.size) == (State.CANCELED, D(1), D(1))
    with pytest.raises(Declined):
        desk.exchange.fill(desk.account, late, D(2), D(99), NOW)


# triggers


def sleeping(order: ExchangeOrder) -> bool:
    return order.state is State.SLEEPING


def test_a_stop_sleeps_until_it_is_touched() -> None:
    desk = an_exchange()
    desk.place(Side.BUY, 1)
    stop = desk.place(Side.SELL, 1, trigger_price=D(95), is_reduce_only=True)
    assert (stop.state, stop.wish.touch) == (State.SLEEPING, Touch.FALLING)
    desk.move(100, "95.1")
    assert sleeping(desk.order(stop))
    desk.move("95.1", "94.9")
    assert (desk.order(stop).state, desk.order(stop).is_triggered, desk.size) == (State.FILLED, True, D(0))
    assert desk.account.executions[-1].price == D("94.8")


def test_a_woken_limit_rests_and_a_woken_order_that_cannot_be_paid_is_rejected() -> None:
    desk = an_exchange()
    limit = desk.place(Side.BUY, 1, price=100, trigger_price=D(101))
    dear = desk.place(Side.BUY, 5000, price=101, trigger_price=D(101))
    desk.move(100, 101)
    assert (desk.order(limit).state, desk.order(limit).is_triggered) == (State.OPEN, True)
    assert (desk.order(dear).state, desk.order(dear).why) == (State.REJECTED, Why.INSUFFICIENT_MARGIN)


def test_what_has_slept_for_too_long_expires_and_is_not_woken() -> None:
    desk = an_exchange()
    desk.place(Side.BUY, 1)
    stop = desk.place(Side.SELL, 1, trigger_price=D(95), is_reduce_only=True, sleeps_s=60)
    desk.exchange.expire(after(59))
    assert sleeping(desk.order(stop))
    desk.move(100, 94, at=after(60))
    assert sleeping(desk.order(stop))
    desk.exchange.expire(after(60))
    assert (desk.order(stop).state, desk.order(stop).why) == (State.CANCELED, Why.EXPIRED)


def test_only_what_is_due_is_looked_at_and_ends_the_earliest_first() -> None:
    desk = an_exchange()
    desk.place(Side.BUY, 3, price=90)
    desk.place(Side.BUY, 1, price=80, trigger_price=D(85))
    late, early, woken, gone = (
        desk.place(Side.BUY, 1, price=70, trigger_price=D(trigger), sleeps_s=sleeps_s)
        for trigger, sleeps_s in ((75, 90), (76, 60), (101, 60), (77, 60))
    )
    desk.move(100, 101)
    desk.exchange.cancel(desk.account, gone, after(1))
    early = desk.exchange.amend(desk.account, early, after(2), quantity=D(2))
    kept = Account(desk.account.setup)
    nothing: dict[str, Any] = dict.fromkeys(
        ("positions", "executions", "changes", "movements", "settings"), ()
    )
    kept.restore(balances=(), orders=desk.account.orders.values(), **nothing)
    assert kept.pop_overdue(after(59)) == []
    assert kept.pop_overdue(after(90)) == [early, late]
    assert kept.pop_overdue(after(91)) == []

    desk.exchange.expire(after(89))
    assert [desk.order(one).state for one in (late, early, woken)] == [
        State.SLEEPING,
        State.CANCELED,
        State.OPEN,
    ]


def test_some_venues_set_coins_aside_for_a_sale_that_sleeps() -> None:
    desk = an_exchange(replace(UNIFIED, holds_asleep=True), btc=1)
    stop = desk.place(Side.SELL, 1, instrument=SPOT, trigger_price=D(95))
    assert desk.account.free(UNIFIED.spot_wallet, "BTC") == 0
    with pytest.raises(Declined, match="insufficient_balance"):
        desk.place(Side.SELL, 1, instrument=SPOT)
    desk.move(100, 94, kind=SPOT.kind)
    assert desk.order(stop).state is State.FILLED
    assert desk.balance("BTC") == desk.account.free(UNIFIED.spot_wallet, "BTC") == 0
    again = an_exchange(replace(UNIFIED, holds_asleep=True), btc=1)
    again.exchange.cancel(again.account, again.place(Side.SELL, 1, instrument=SPOT, trigger_price=D(95)), NOW)
    assert again.account.free(UNIFIED.spot_wallet, "BTC") == 1


def test_stop_and_target_of_an_order_guard_the_whole_position_and_end_with_it() -> None:
    desk = an_exchange()
    desk.place(Side.BUY, 1, stop_loss=D(95), take_profit=D(105))
    desk.place(Side.BUY, 2)
    guards = {order.wish.protects: order for order in desk.account.live.values()}
    assert {one: order.quantity for one, order in guards.items()} == {Protects.STOP: 3, Protects.TARGET: 3}
    desk.move(100, 105)
    assert desk.size == 0
    assert desk.order(guards[Protects.TARGET]).state is State.FILLED
    assert desk.order(guards[Protects.STOP]).why is Why.REDUCE_ONLY


def test_a_guard_is_moved_and_taken_away() -> None:
    desk = an_exchange()
    desk.place(Side.SELL, 1)
    (position,) = desk.account.held()
    desk.exchange.protect(desk.account, position, NOW, stop_loss=D(110))
    desk.exchange.protect(desk.account, position, NOW, stop_loss=D(108))
    assert [order.trigger_price for order in desk.account.live.values()] == [108]
    with pytest.raises(Declined, match="bad_trigger"):
        desk.exchange.protect(desk.account, position, NOW, stop_loss=D(90))
    desk.exchange.protect(desk.account, position, NOW, stop_loss=D(0))
    assert desk.account.live == {}


def test_an_order_that_only_reduces_never_turns_the_position() -> None:
    desk = an_exchange()
    desk.place(Side.BUY, 3)
    resting = desk.place(Side.SELL, 3, price=101, is_reduce_only=True)
    order = desk.place(Side.SELL, 5, is_reduce_only=True)
    assert (order.filled, order.why, desk.size) == (D(3), Why.REDUCE_ONLY, D(0))
    assert desk.order(resting).why is Why.REDUCE_ONLY


# long and short apart


def test_long_and_short_are_kept_apart() -> None:
    desk = an_exchange(replace(UNIFIED, is_hedged=True))
    desk.place(Side.BUY, 3, direction=Direction.LONG)
    desk.place(Side.SELL, 2, direction=Direction.SHORT)
    assert {one.slot: one.size for one in desk.account.held()} == {Direction.LONG: 3, Direction.SHORT: -2}
    desk.place(Side.SELL, 5, direction=Direction.LONG)
    assert {one.slot: one.size for one in desk.account.held()} == {Direction.SHORT: -2}
    with pytest.raises(Declined, match="position_mode"):
        desk.place(Side.BUY, 1)


def test_the_mode_changes_only_without_positions_and_orders() -> None:
    desk = an_exchange()
    order = desk.place(Side.BUY, 1, price=99)
    with pytest.raises(Declined, match="has_positions"):
        desk.exchange.set_hedged(desk.account, True, NOW)
    desk.exchange.cancel(desk.account, order, NOW)
    desk.exchange.set_hedged(desk.account, True, NOW)
    assert desk.account.is_hedged
    with pytest.raises(Declined, match="not_modified"):
        desk.exchange.set_hedged(desk.account, True, NOW)
