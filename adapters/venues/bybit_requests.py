"""What Bybit V5 is asked: orders and amendments in its own words."""

from typing import Any, Final

from adapters.venues.catalogue import Market
from adapters.venues.terms import plain, worst_price
from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import Order, OrderKind, Terms
from engines.orders.trigger import wakes_on_a_rise

CATEGORIES: Final = {MarketKind.SPOT: "spot", MarketKind.PERP: "linear"}
SIDES: Final = {Side.BUY: "Buy", Side.SELL: "Sell"}

_ONE_WAY = 0
_SIDE_OF_HEDGE: Final = {Direction.LONG: 1, Direction.SHORT: 2}
_RISES, _FALLS = 1, 2
_ASLEEP = "StopOrder"

Request = dict[str, Any]


def order_request(order: Order, market: Market, direction: Direction, *, is_hedged: bool) -> Request:
    """The request that creates an order. Raises `Declined` for a size that the market does not know."""
    kind = market.instrument.kind
    request: Request = {
        **order_name(order, market),
        "side": SIDES[order.intent.side],
        "qty": plain(market.size(order.terms.quantity)),
        **_pricing(order, market),
    }
    if kind is MarketKind.PERP:
        request["positionIdx"] = _SIDE_OF_HEDGE[direction] if is_hedged else _ONE_WAY
        request["reduceOnly"] = order.intent.reduce_only
    return request | _trigger(order, kind)


def order_name(order: Order, market: Market) -> Request:
    """What tells an order apart: our id, or the venue's where it has none."""
    name = {"orderLinkId": order.id} if order.id else {"orderId": order.venue_id}
    return {"category": CATEGORIES[market.instrument.kind], "symbol": market.id, **name}


def cancel_request(order: Order, market: Market) -> Request:
    """The request that takes an order out of the book."""
    is_asleep = order.terms.trigger_price is not None and market.instrument.kind is MarketKind.SPOT
    return order_name(order, market) | ({"orderFilter": _ASLEEP} if is_asleep else {})


def amend_request(order: Order, terms: Terms, market: Market) -> Request:
    """The request that changes a resting order. It names only what differs: no change is refused."""
    request = order_name(order, market)
    if terms.quantity != order.terms.quantity:
        request["qty"] = plain(market.size(terms.quantity))
    if terms.limit_price is not None and terms.limit_price != order.terms.limit_price:
        request["price"] = plain(terms.limit_price)
    if terms.trigger_price is not None and terms.trigger_price != order.terms.trigger_price:
        request["triggerPrice"] = plain(terms.trigger_price)
    return request


def _pricing(order: Order, market: Market) -> Request:
    """A guarded market order is a limit that takes what it finds and goes."""
    terms, side = order.terms, order.intent.side
    if terms.kind is OrderKind.LIMIT:
        assert terms.limit_price is not None
        time_in_force = "PostOnly" if terms.is_post_only else "GTC"
        return {"orderType": "Limit", "price": plain(terms.limit_price), "timeInForce": time_in_force}
    worst = worst_price(order)
    if worst is not None:
        price = plain(market.guard(worst, side))
        return {"orderType": "Limit", "price": price, "timeInForce": "IOC"}
    if market.instrument.kind is MarketKind.SPOT:
        # else a purchase would be counted in quote currency
        return {"orderType": "Market", "marketUnit": "baseCoin"}
    return {"orderType": "Market"}


def _trigger(order: Order, kind: MarketKind) -> Request:
    trigger_price = order.terms.trigger_price
    if trigger_price is None:
        return {}
    if kind is MarketKind.SPOT:
        return {"triggerPrice": plain(trigger_price), "orderFilter": _ASLEEP}
    return {
        "triggerPrice": plain(trigger_price),
        "triggerDirection": _RISES if wakes_on_a_rise(order) else _FALLS,
        "triggerBy": "LastPrice",
    }
