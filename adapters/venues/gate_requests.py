"""What Gate v4 is asked: orders and amendments in its own words.

Sizes of futures are in contracts, positive for a purchase. A spot purchase at the market would be counted in
quote currency and could buy more than was asked, so it is sent as a limit that takes what it finds and goes.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from adapters.venues.catalogue import Market
from adapters.venues.terms import closes, plain, worst_price
from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import Order, OrderKind, Terms
from engines.orders.trigger import wakes_on_a_rise

PREFIX: Final = "t-"
SETTLE: Final = "usdt"

_AT_ANY_PRICE = "0"
_TAKE_AND_GO, _REST, _NEVER_TAKE = "ioc", "gtc", "poc"
_FAR: Final = Decimal("0.05")
"""How far from the market an unguarded spot order may be filled: beyond lies the venue's own price band."""
SLEEPS: Final = timedelta(days=30)
"""How long a price-triggered order is kept."""
_RISES, _FALLS = 1, 2

Request = dict[str, Any]


def is_asleep(order: Order) -> bool:
    """Whether the venue keeps it among its price-triggered orders, which have ids of their own."""
    return order.terms.trigger_price is not None


def needs_a_price(order: Order) -> bool:
    """Whether a spot order has to be given a price out of the market: it has no limit, guard or trigger."""
    is_priced = order.terms.kind is OrderKind.LIMIT or worst_price(order) is not None or is_asleep(order)
    return order.intent.instrument.kind is MarketKind.SPOT and not is_priced


def spot_request(order: Order, market: Market, price_now: Decimal | None) -> Request:
    """The request that creates a spot order. Raises `Declined` for a size that the market does not know."""
    return {
        "text": PREFIX + order.id,
        "currency_pair": market.id,
        "account": "unified",
        **_spot_terms(order, market, price_now),
    }


def futures_request(order: Order, market: Market, direction: Direction, *, is_hedged: bool) -> Request:
    """The request that creates an order of a perpetual. Where long and short are kept apart, a purchase
    opens the long or, with `reduce_only`, closes the short."""
    terms = order.terms
    return {
        "settle": SETTLE,
        "text": PREFIX + order.id,
        "contract": market.id,
        "size": _signed_size(order, market, terms.quantity),
        "price": _futures_price(order, market),
        "tif": _time_in_force(terms),
        "reduce_only": closes(order, direction) if is_hedged else order.intent.reduce_only,
    }


def spot_trigger_request(order: Order, market: Market) -> Request:
    """The request that puts a spot order to sleep."""
    trigger_price = order.terms.trigger_price
    assert trigger_price is not None
    put = _spot_terms(order, market, trigger_price)
    return {
        "market": market.id,
        "trigger": {
            "price": plain(trigger_price),
            "rule": ">=" if wakes_on_a_rise(order) else "<=",
            "expiration": int(SLEEPS.total_seconds()),
        },
        "put": put | {"account": "unified", "text": PREFIX + order.id},
    }


def futures_trigger_request(
    order: Order, market: Market, direction: Direction, *, is_hedged: bool
) -> Request:
    """The request that puts an order of a perpetual to sleep."""
    trigger_price = order.terms.trigger_price
    assert trigger_price is not None
    initial = futures_request(order, market, direction, is_hedged=is_hedged)
    settle = initial.pop("settle")
    return {
        "settle": settle,
        "initial": initial,
        "trigger": {
            "strategy_type": 0,
            "price_type": 0,
            "price": plain(trigger_price),
            "rule": _RISES if wakes_on_a_rise(order) else _FALLS,
            "expiration": int(SLEEPS.total_seconds()),
        },
    }


def order_name(order: Order, market: Market) -> Request:
    """What tells a resting order apart: our id, or the venue's where it has none."""
    order_id = PREFIX + order.id if order.id else order.venue_id
    if market.instrument.kind is MarketKind.SPOT:
        return {"order_id": order_id, "currency_pair": market.id, "account": "unified"}
    return {"order_id": order_id, "settle": SETTLE}


def amend_request(order: Order, terms: Terms, market: Market) -> Request:
    """The request that changes a resting order."""
    request = order_name(order, market)
    assert terms.limit_price is not None
    if terms.limit_price != order.terms.limit_price:
        request["price"] = plain(terms.limit_price)
    if terms.quantity != order.terms.quantity:
        if market.instrument.kind is MarketKind.SPOT:
            request["amount"] = plain(market.size(terms.quantity))
        else:
            request["size"] = _signed_size(order, market, terms.quantity)
    return request


def _spot_terms(order: Order, market: Market, price_now: Decimal | None) -> Request:
    terms, side = order.terms, order.intent.side
    worst = worst_price(order)
    if terms.kind is OrderKind.LIMIT:
        assert terms.limit_price is not None
        price = terms.limit_price
    elif worst is not None:
        price = market.guard(worst, side)
    else:
        assert price_now is not None
        price = market.guard(price_now * (1 + side.sign * _FAR), side)
    return {
        "side": side.value,
        "type": "limit",
        "amount": plain(market.size(terms.quantity)),
        "price": plain(price),
        "time_in_force": _time_in_force(terms),
    }


def _time_in_force(terms: Terms) -> str:
    if terms.kind is OrderKind.MARKET:
        return _TAKE_AND_GO
    return _NEVER_TAKE if terms.is_post_only else _REST


def _futures_price(order: Order, market: Market) -> str:
    terms, worst = order.terms, worst_price(order)
    if terms.kind is OrderKind.LIMIT:
        assert terms.limit_price is not None
        return plain(terms.limit_price)
    return _AT_ANY_PRICE if worst is None else plain(market.guard(worst, order.intent.side))


def _signed_size(order: Order, market: Market, quantity: Decimal) -> int | str:
    """Whole contracts as a number; markets that know parts of one want text."""
    size = market.size(quantity)
    signed = size if order.intent.side is Side.BUY else -size
    return int(signed) if signed == signed.to_integral_value() else plain(signed)
