"""Orders in Bybit's words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.venues.answer import Declined, Meaning
from adapters.venues.bybit_requests import amend_request, cancel_request, order_request
from engines.core.side import Direction, Side
from engines.orders.order import Order, OrderKind, Purpose, Terms
from tests.build.orders import SPOT, an_intent, an_order
from tests.build.venue_catalogue import BYBIT_PERP, BYBIT_SPOT

D = Decimal


def a_limit(**terms: Any) -> Order:
    usual: dict[str, Any] = {"quantity": D("0.5"), "kind": OrderKind.LIMIT, "limit_price": D("99.50")}
    return replace(an_order(), terms=Terms(**usual | terms))


def a_market_order(intent: Any = None, **terms: Any) -> Order:
    usual: dict[str, Any] = {"quantity": D("0.5"), "kind": OrderKind.MARKET}
    return replace(an_order(intent=intent), terms=Terms(**usual | terms))


def test_a_limit_of_a_perpetual_in_one_way_mode() -> None:
    assert order_request(a_limit(), BYBIT_PERP, Direction.LONG, is_hedged=False) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderLinkId": "t12-1",
        "side": "Buy",
        "qty": "0.5",
        "orderType": "Limit",
        "price": "99.5",
        "timeInForce": "GTC",
        "positionIdx": 0,
        "reduceOnly": False,
    }


def test_post_only_is_a_time_in_force() -> None:
    request = order_request(a_limit(is_post_only=True), BYBIT_PERP, Direction.LONG, is_hedged=False)
    assert request["timeInForce"] == "PostOnly"


@pytest.mark.parametrize(
    ("side", "worst", "price"), [(Side.BUY, "100.57", "100.5"), (Side.SELL, "99.43", "99.5")]
)
def test_a_guarded_market_order_is_a_limit_that_goes_and_never_beyond_its_guard(
    side: Side, worst: str, price: str
) -> None:
    order = a_market_order(an_intent(side=side), worst_price=D(worst))
    request = order_request(order, BYBIT_PERP, Direction.LONG, is_hedged=False)
    assert (request["orderType"], request["price"], request["timeInForce"]) == ("Limit", price, "IOC")


def test_a_purchase_costs_no_more_than_it_may() -> None:
    order = a_market_order(an_intent(most_cost=D(50)), worst_price=D(101))
    request = order_request(order, BYBIT_PERP, Direction.LONG, is_hedged=False)
    assert request["price"] == "100"


def test_a_market_order_on_spot_counts_in_base_coin() -> None:
    order = a_market_order(an_intent(instrument=SPOT))
    request = order_request(order, BYBIT_SPOT, Direction.LONG, is_hedged=False)
    assert (request["orderType"], request["marketUnit"]) == ("Market", "baseCoin")
    assert "positionIdx" not in request
    assert "reduceOnly" not in request


@pytest.mark.parametrize(("direction", "place"), [(Direction.LONG, 1), (Direction.SHORT, 2)])
def test_in_hedge_mode_the_direction_names_the_position(direction: Direction, place: int) -> None:
    order = a_market_order(an_intent(side=direction.exit, reduce_only=True))
    request = order_request(order, BYBIT_PERP, direction, is_hedged=True)
    assert (request["positionIdx"], request["reduceOnly"]) == (place, True)


@pytest.mark.parametrize(
    ("side", "purpose", "way"),
    [
        (Side.SELL, Purpose.STOP, 2),
        (Side.BUY, Purpose.STOP, 1),
        (Side.SELL, Purpose.TARGET, 1),
        (Side.BUY, Purpose.TARGET, 2),
        (Side.BUY, Purpose.ENTRY, 1),
    ],
)
def test_a_trigger_says_from_which_side_it_is_touched(side: Side, purpose: Purpose, way: int) -> None:
    order = a_market_order(an_intent(side=side, purpose=purpose), trigger_price=D(90))
    request = order_request(order, BYBIT_PERP, Direction.LONG, is_hedged=False)
    assert (request["triggerPrice"], request["triggerDirection"]) == ("90", way)


def test_what_sleeps_on_spot_is_created_and_cancelled_as_such() -> None:
    intent = an_intent(instrument=SPOT, side=Side.SELL, purpose=Purpose.STOP)
    order = a_market_order(intent, trigger_price=D(90))
    assert order_request(order, BYBIT_SPOT, Direction.LONG, is_hedged=False)["orderFilter"] == "StopOrder"
    assert cancel_request(order, BYBIT_SPOT)["orderFilter"] == "StopOrder"
    assert "orderFilter" not in cancel_request(a_limit(), BYBIT_PERP)


def test_an_amendment_names_only_what_differs() -> None:
    order = a_limit()
    dearer = amend_request(order, replace(order.terms, limit_price=D(100)), BYBIT_PERP)
    assert (dearer["price"], "qty" in dearer) == ("100", False)
    smaller = amend_request(order, replace(order.terms, quantity=D("0.2")), BYBIT_PERP)
    assert (smaller["qty"], "price" in smaller) == ("0.2", False)
    sleeper = replace(order, terms=replace(order.terms, trigger_price=D(90)))
    moved = amend_request(sleeper, replace(sleeper.terms, trigger_price=D(91)), BYBIT_PERP)
    assert moved["triggerPrice"] == "91"


@pytest.mark.parametrize(
    ("quantity", "meaning"), [("0.0005", Meaning.BELOW_MINIMUM), ("0.0015", Meaning.OFF_GRID)]
)
def test_a_size_that_the_market_does_not_know_is_declined_here(quantity: str, meaning: Meaning) -> None:
    with pytest.raises(Declined) as declined:
        order_request(a_limit(quantity=D(quantity)), BYBIT_PERP, Direction.LONG, is_hedged=False)
    assert declined.value.meaning is meaning
