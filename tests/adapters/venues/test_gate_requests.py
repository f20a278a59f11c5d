"""Orders in Gate's words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.venues.gate_requests import (
    amend_request,
    futures_request,
    futures_trigger_request,
    needs_a_price,
    order_name,
    spot_request,
    spot_trigger_request,
)
from engines.core.side import Direction, Side
from engines.orders.order import Intent, Order, OrderKind, Purpose, Terms
from tests.build.orders import SPOT, an_intent, an_order
from tests.build.venue_catalogue import GATE_PERP, GATE_SPOT

D = Decimal


def an_order_of(intent: Intent | None = None, **terms: Any) -> Order:
    usual: dict[str, Any] = {"quantity": D("0.5"), "kind": OrderKind.MARKET}
    return replace(an_order(intent=intent), terms=Terms(**usual | terms))


def a_limit(intent: Intent | None = None, **terms: Any) -> Order:
    usual: dict[str, Any] = {"kind": OrderKind.LIMIT, "limit_price": D("99.50")}
    return an_order_of(intent, **usual | terms)


def test_a_spot_limit_carries_our_id_behind_gates_prefix() -> None:
    assert spot_request(a_limit(an_intent(instrument=SPOT)), GATE_SPOT, None) == {
        "text": "t-t12-1",
        "currency_pair": "BTC_USDT",
        "account": "unified",
        "side": "buy",
        "type": "limit",
        "amount": "0.5",
        "price": "99.5",
        "time_in_force": "gtc",
    }


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "105"), (Side.SELL, "95")])
def test_an_unguarded_spot_order_asks_for_base_coin_and_is_bound_by_the_market(
    side: Side, price: str
) -> None:
    """Gate counts a market purchase in quote currency: that could buy more than was asked."""
    order = an_order_of(an_intent(instrument=SPOT, side=side))
    assert needs_a_price(order)
    request = spot_request(order, GATE_SPOT, D(100))
    assert (request["type"], request["amount"]) == ("limit", "0.5")
    assert (request["price"], request["time_in_force"]) == (price, "ioc")


def test_a_guard_a_limit_or_a_trigger_needs_no_look_at_the_market() -> None:
    spot = an_intent(instrument=SPOT)
    for order in (
        an_order_of(spot, worst_price=D(101)),
        a_limit(spot),
        an_order_of(spot, trigger_price=D(90)),
        an_order_of(replace(spot, most_cost=D(60))),
        an_order_of(),
    ):
        assert not needs_a_price(order)


@pytest.mark.parametrize(
    ("side", "direction", "size", "is_reducing"),
    [
        (Side.BUY, Direction.LONG, 5000, False),
        (Side.SELL, Direction.LONG, -5000, True),
        (Side.SELL, Direction.SHORT, -5000, False),
        (Side.BUY, Direction.SHORT, 5000, True),
    ],
)
def test_in_dual_mode_each_direction_is_opened_and_closed(
    side: Side, direction: Direction, size: int, is_reducing: bool
) -> None:
    request = futures_request(an_order_of(an_intent(side=side)), GATE_PERP, direction, is_hedged=True)
    assert (request["size"], request["reduce_only"]) == (size, is_reducing)
    assert (request["price"], request["tif"]) == ("0", "ioc")


def test_in_single_mode_only_what_is_told_to_reduce_does() -> None:
    sale = an_order_of(an_intent(side=Side.SELL))
    assert not futures_request(sale, GATE_PERP, Direction.LONG, is_hedged=False)["reduce_only"]
    close = an_order_of(an_intent(side=Side.SELL, reduce_only=True))
    assert futures_request(close, GATE_PERP, Direction.LONG, is_hedged=False)["reduce_only"]


def test_futures_post_only_and_guards() -> None:
    maker = futures_request(a_limit(is_post_only=True), GATE_PERP, Direction.LONG, is_hedged=False)
    assert (maker["tif"], maker["price"]) == ("poc", "99.5")
    guarded = an_order_of(worst_price=D("100.57"))
    taker = futures_request(guarded, GATE_PERP, Direction.LONG, is_hedged=False)
    assert (taker["tif"], taker["price"]) == ("ioc", "100.5")


def test_a_stop_of_a_perpetual_sleeps_with_the_rule_that_wakes_it() -> None:
    stop = an_order_of(an_intent(side=Side.SELL, purpose=Purpose.STOP), trigger_price=D(90))
    request = futures_trigger_request(stop, GATE_PERP, Direction.LONG, is_hedged=True)
    assert request["settle"] == "usdt"
    assert request["initial"]["size"] == -5000
    assert request["initial"]["reduce_only"]
    assert (request["trigger"]["price"], request["trigger"]["rule"]) == ("90", 2)


def test_a_target_on_spot_sleeps_as_a_limit_that_takes_and_goes() -> None:
    intent = an_intent(instrument=SPOT, side=Side.SELL, purpose=Purpose.TARGET)
    request = spot_trigger_request(an_order_of(intent, trigger_price=D(120)), GATE_SPOT)
    assert (request["market"], request["trigger"]["rule"]) == ("BTC_USDT", ">=")
    assert (request["put"]["price"], request["put"]["time_in_force"]) == ("114", "ioc")
    assert request["put"]["text"] == "t-t12-1"


def test_orders_are_named_by_our_id() -> None:
    spot = order_name(a_limit(an_intent(instrument=SPOT)), GATE_SPOT)
    assert spot == {"order_id": "t-t12-1", "currency_pair": "BTC_USDT", "account": "unified"}
    assert order_name(a_limit(), GATE_PERP) == {"order_id": "t-t12-1", "settle": "usdt"}


def test_an_amendment_names_only_what_differs() -> None:
    order = a_limit()
    smaller = amend_request(order, replace(order.terms, quantity=D("0.2")), GATE_PERP)
    assert (smaller["size"], "price" in smaller) == (2000, False)
    spot = a_limit(an_intent(instrument=SPOT))
    dearer = amend_request(spot, replace(spot.terms, limit_price=D(100)), GATE_SPOT)
    assert (dearer["price"], "amount" in dearer) == ("100", False)
