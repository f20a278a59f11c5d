"""Money at an exchange: fees, margin, funding, liquidation, wallets; and nothing appears or vanishes."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.side import Direction, Side
from engines.simulate.exchange.event import Cause, Event, Movement, WalletChange
from engines.simulate.exchange.margin import liquidation_price
from engines.simulate.exchange.order import Dealing, Execution, State, TimeInForce
from engines.simulate.exchange.refusal import Declined
from engines.simulate.exchange.rules import POINTS
from tests.build.exchange import SPLIT, UNIFIED, Desk, a_wish, an_exchange
from tests.build.orders import NOW, PERP, SPOT, after

D = Decimal


# fees


def test_a_spot_purchase_pays_in_the_coin_and_a_sale_in_quote() -> None:
    desk = an_exchange(btc=2)
    desk.place(Side.BUY, 1, instrument=SPOT)
    assert desk.balance("BTC") == D("2.999")
    assert desk.balance() == 10_000 - D("100.01")
    desk.place(Side.SELL, 1, instrument=SPOT)
    assert desk.balance("BTC") == D("1.999")
    assert desk.balance() == 10_000 - D("100.01") + D("99.99") * D("0.999")


def test_fees_are_taken_in_quote_or_points_where_the_account_says_so() -> None:
    desk = an_exchange(replace(UNIFIED, pays_in_quote=True))
    desk.place(Side.BUY, 1, instrument=SPOT)
    assert (desk.balance("BTC"), desk.balance()) == (D(1), 10_000 - D("100.01") * D("1.001"))

    desk = an_exchange(replace(UNIFIED, pays_in_points=True), points="0.1")
    desk.place(Side.BUY, 1, instrument=SPOT)
    assert [(one.fee_asset, one.fee) for one in desk.account.executions] == [("BTC", D("0.001"))]
    desk.place(Side.BUY, "0.5", instrument=SPOT)
    assert desk.account.executions[-1].fee_asset == POINTS
    assert desk.balance(POINTS) == D("0.1") - D("0.050005")


def test_a_purchase_by_cost_spends_no_more_than_that() -> None:
    desk = an_exchange()
    order = desk.place(Side.BUY, None, cost=D(1500), instrument=SPOT)
    assert order.state is State.FILLED
    assert 1499 < order.cost <= 1500
    assert desk.balance() == 10_000 - order.cost


# margin


def test_spot_coins_stand_for_positions_with_a_haircut() -> None:
    desk = an_exchange(usdt=0, btc=10)
    assert desk.exchange.standing(desk.account, NOW).equity == 950
    desk.place(Side.SELL, 10)
    assert desk.exchange.standing(desk.account, NOW).available < 950 - 100
    assert desk.balance() < 0  # the fee is owed


def test_in_split_wallets_only_the_futures_wallet_stands_for_positions() -> None:
    desk = an_exchange(SPLIT, usdt=20)
    assert desk.exchange.standing(desk.account, NOW).equity == 20
    with pytest.raises(Declined, match="insufficient_margin"):
        desk.place(Side.BUY, 3)
    desk.place(Side.BUY, 1)
    assert desk.account.balance("spot", "USDT") == 20


def test_open_orders_that_close_need_no_margin() -> None:
    desk = an_exchange(usdt=110)
    desk.place(Side.BUY, 10)
    with pytest.raises(Declined, match="insufficient_margin"):
        desk.place(Side.BUY, 1, price=100)
    desk.place(Side.SELL, 10, price=101)
    with pytest.raises(Declined, match="insufficient_margin"):
        desk.place(Side.SELL, 5, price=101)


def test_leverage_says_how_much_margin_is_needed() -> None:
    desk = an_exchange(usdt=110)
    for leverage, why in ((D(100), "bad_leverage"), (D(10), "not_modified")):
        with pytest.raises(Declined, match=why):
            desk.exchange.set_leverage(desk.account, PERP, leverage, NOW)
    desk.exchange.set_leverage(desk.account, PERP, D(20), NOW)
    desk.place(Side.BUY, 20)
    with pytest.raises(Declined, match="insufficient_margin"):
        desk.exchange.set_leverage(desk.account, PERP, D(2), NOW)
    assert desk.account.leverage("BTCUSDT") == 20


def test_a_position_that_does_not_stand_is_taken_over_at_the_price_that_was_told() -> None:
    desk = an_exchange(usdt=110)
    desk.place(Side.BUY, 10)
    order = desk.place(Side.BUY, "0.1", price=80)
    (position,) = desk.account.held()
    price = liquidation_price(
        position, desk.exchange.rules, desk.exchange.standing(desk.account, NOW), D(100)
    )
    assert price is not None
    desk.move(100, price + D("0.2"))
    assert desk.size == 10
    desk.move(price + D("0.2"), price - D("0.1"))
    assert desk.size == 0
    assert desk.account.executions[-1].dealing is Dealing.LIQUIDATION
    assert desk.order(order).state is State.CANCELED


def test_what_a_crash_leaves_below_zero_the_exchange_covers() -> None:
    desk = an_exchange(usdt=110)
    desk.place(Side.BUY, 10)
    desk.move(100, 50)
    assert (desk.size, desk.balance()) == (D(0), D(0))
    assert desk.account.changes[-1][1].cause is Cause.INSURANCE


# funding


def test_longs_pay_a_positive_rate_and_shorts_receive_it() -> None:
    desk = an_exchange(replace(UNIFIED, is_hedged=True))
    desk.place(Side.BUY, 3, direction=Direction.LONG)
    desk.place(Side.SELL, 1, direction=Direction.SHORT)
    before = desk.balance()
    desk.exchange.settle(PERP, D("0.0001"), D(100), after(60))
    assert desk.balance() - before == D("-0.03") + D("0.01")
    paid = [one for one in desk.account.executions if one.dealing is Dealing.FUNDING]
    assert [(one.fee, one.rate, one.quantity) for one in paid] == [
        (D("0.03"), D("0.0001"), D(3)),
        (D("-0.01"), D("0.0001"), D(1)),
    ]


# wallets


def test_a_transfer_happens_once() -> None:
    desk = an_exchange()
    for _ in range(2):
        desk.exchange.treasury.transfer(
            desk.account, "t-1", "USDT", D(300), source="unified", target="fund", at=NOW
        )
    assert desk.account.balance("unified", "USDT") == 9700
    assert desk.account.balance("fund", "USDT") == 300


def test_what_stands_for_positions_cannot_leave() -> None:
    desk = an_exchange(usdt=110)
    desk.place(Side.BUY, 10)
    for amount in (D(50), D(500)):
        with pytest.raises(Declined, match="insufficient"):
            desk.exchange.treasury.withdraw(desk.account, "unified", "USDT", amount, NOW)
    with pytest.raises(Declined, match="unknown_wallet"):
        desk.exchange.treasury.deposit(desk.account, "attic", "USDT", D(1), NOW)
    with pytest.raises(Declined, match="bad_amount"):
        desk.exchange.treasury.deposit(desk.account, "fund", "USDT", D(0), NOW)


def test_while_withdrawals_are_suspended_they_stay_under_way() -> None:
    desk = an_exchange()
    desk.exchange.suspend_withdrawals(desk.account, True, NOW)
    asked = desk.exchange.treasury.withdraw(desk.account, "unified", "USDT", D(100), NOW)
    assert (asked.is_done, desk.balance()) == (False, D(9900))
    desk.exchange.treasury.finish(desk.account, asked.id, NOW)
    assert [one.is_done for one in desk.account.movements.values() if one.id == asked.id] == [True]


# nothing appears or vanishes

prices = st.integers(min_value=60, max_value=160).map(lambda ticks: D(ticks))
sizes = st.integers(min_value=1, max_value=30_000).map(lambda lots: D(lots) / 1000)
steps = st.one_of(
    st.tuples(st.just("market"), st.sampled_from(list(Side)), sizes, st.booleans()),
    st.tuples(st.just("limit"), st.sampled_from(list(Side)), sizes, prices, st.booleans()),
    st.tuples(st.just("stop"), st.sampled_from(list(Side)), sizes, prices),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("amend"), st.integers(0, 5), sizes, prices),
    st.tuples(st.just("move"), prices, st.none() | sizes),
    st.tuples(st.just("fund"), st.integers(-50, 50).map(lambda bps: D(bps) / 10_000)),
    st.tuples(st.just("transfer"), sizes),
)


def act(desk: Desk, step: tuple[object, ...], at: datetime) -> None:
    """One step of a random life; what is refused is refused."""
    live = list(desk.account.live.values())
    match step:
        case ("market", Side() as side, Decimal() as size, bool() as is_spot):
            wish = a_wish(side, size, instrument=SPOT if is_spot else PERP)
            desk.exchange.place(desk.account, wish, at)
        case ("limit", Side() as side, Decimal() as size, Decimal() as price, bool() as is_spot):
            tif = TimeInForce.POST_ONLY if size > 20 else TimeInForce.GTC
            wish = a_wish(side, size, price=price, tif=tif, instrument=SPOT if is_spot else PERP)
            desk.exchange.place(desk.account, wish, at)
        case ("stop", Side() as side, Decimal() as size, Decimal() as price):
            desk.exchange.place(desk.account, a_wish(side, size, trigger_price=price), at)
        case ("cancel", int() as which) if which < len(live):
            desk.exchange.cancel(desk.account, live[which], at)
        case ("amend", int() as which, Decimal() as size, Decimal() as price) if which < len(live):
            desk.exchange.amend(desk.account, live[which], at, quantity=size, limit_price=price)
        case ("move", Decimal() as price, volume):
            opened = desk.quotes.price
            desk.move(opened, price, at=at, volume=volume)
            desk.move(opened, price, at=at, volume=volume, kind=SPOT.kind)
        case ("fund", Decimal() as rate):
            desk.exchange.settle(PERP, rate, desk.quotes.price, at)
        case ("transfer", Decimal() as size):
            treasury = desk.exchange.treasury
            treasury.transfer(desk.account, f"t{at}", "USDT", size, source="unified", target="fund", at=at)


@settings(max_examples=60, deadline=None)
@given(life=st.lists(steps, max_size=25), is_hedgeless=st.booleans())
def test_balances_are_what_fills_fees_funding_and_movements_made_of_them(
    life: list[tuple[object, ...]], is_hedgeless: bool
) -> None:
    desk = an_exchange(replace(UNIFIED, pays_in_quote=is_hedgeless), usdt=2000, btc=5)
    heard: list[Event] = []
    opening = dict(desk.account.balances)
    desk.exchange.journal.subscribe(heard.append)
    for number, step in enumerate(life):
        try:
            act(desk, step, after(number))
        except Declined:
            continue
    balances, told = defaultdict(Decimal, opening), 0
    for event in heard:
        assert event.number > told
        told = event.number
        if isinstance(event.what, WalletChange):
            balances[event.what.wallet, event.what.asset] += event.what.amount
            assert event.what.balance == balances[event.what.wallet, event.what.asset]
    assert balances == desk.account.balances

    total: dict[str, Decimal] = defaultdict(Decimal)
    for (_, asset), amount in opening.items():
        total[asset] += amount
    for event in heard:
        if isinstance(event.what, Execution):
            add_execution(total, event.what)
        elif isinstance(event.what, Movement):
            assert event.what.source
            assert event.what.target
        elif isinstance(event.what, WalletChange) and event.what.cause is Cause.INSURANCE:
            total["USDT"] += event.what.amount
    held = sum((position.cost for position in desk.account.held()), D(0))
    assert desk.balance() == total["USDT"] + held
    assert desk.balance("BTC") == total["BTC"]

    check_orders(desk)


def add_execution(total: dict[str, Decimal], done: Execution) -> None:
    """Cash as if perpetuals were bought and sold outright; what is held of them is added back at its cost."""
    total[done.fee_asset] -= done.fee
    if done.dealing is Dealing.FUNDING:
        return
    total["USDT"] -= done.side.sign * done.price * done.quantity
    if done.instrument.key == SPOT.key:
        total["BTC"] += done.side.sign * done.quantity


def check_orders(desk: Desk) -> None:
    """Orders agree with their executions, and what is set aside with what rests."""
    by_order: dict[str, Decimal] = defaultdict(Decimal)
    for done in desk.account.executions:
        if done.dealing is not Dealing.FUNDING:
            by_order[done.order_id] += done.quantity
    for order in desk.account.orders.values():
        assert order.filled == by_order[order.id] <= order.quantity
        assert (order.state is State.FILLED) is (order.filled == order.quantity)
    resting = [order for order in desk.account.live.values() if order.state is State.OPEN]
    spot = [order for order in resting if not order.wish.is_perp]
    locked = sum((order.left * (order.limit_price or 0) for order in spot if order.side is Side.BUY), D(0))
    assert desk.account.locked.get(("unified", "USDT"), D(0)) == locked
    sold = sum((order.left for order in spot if order.side is Side.SELL), D(0))
    assert desk.account.locked.get(("unified", "BTC"), D(0)) == sold
    assert desk.account.free("unified", "BTC") >= 0


def test_events_can_be_told_again_in_order() -> None:
    desk = an_exchange()
    desk.place(Side.BUY, 1)
    events = desk.exchange.journal.since(0)
    assert [event.number for event in events] == sorted({event.number for event in events})
    assert desk.exchange.journal.since(events[2].number) == events[3:]
