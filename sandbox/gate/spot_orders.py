"""Spot orders in Gate's words: read from a request, written for an answer."""

from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument
from engines.core.side import Side
from engines.orders.order import OrderKind
from engines.simulate.exchange.order import ExchangeOrder, Execution, State, TimeInForce, Touch, Wish
from engines.simulate.exchange.refusal import Why
from engines.simulate.exchange.rules import POINTS
from sandbox.gate.fields import Body, decimal_of, needed_decimal, part, seconds_of, text_of, word
from sandbox.gate.moments import millis, seconds
from sandbox.gate.wire import BAD_VALUE, Declined, pair_of
from sandbox.gate.woken import book_id, book_text, fill_id, fill_text

NO_TEXT = "apiv4"
TIFS = {
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "poc": TimeInForce.POST_ONLY,
    "fok": TimeInForce.FOK,
}
RULES = {">=": Touch.RISING, "<=": Touch.FALLING}

_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_KINDS = {"limit": OrderKind.LIMIT, "market": OrderKind.MARKET}
_ZERO = Decimal(0)


def wish_of(body: Body, instrument: Instrument) -> Wish:
    """The order asked for. `amount` of a purchase at the market is what it may cost."""
    side, kind = word(body, "side", _SIDES), word(body, "type", _KINDS, "limit")
    amount = needed_decimal(body, "amount")
    tif = word(body, "time_in_force", TIFS, "gtc" if kind is OrderKind.LIMIT else "ioc")
    is_market = kind is OrderKind.MARKET
    if is_market and tif not in (TimeInForce.IOC, TimeInForce.FOK):
        raise Declined(BAD_VALUE, "invalid argument: time_in_force of a market order is ioc or fok")
    is_by_cost = is_market and side is Side.BUY
    return Wish(
        instrument=instrument,
        side=side,
        kind=kind,
        quantity=None if is_by_cost else amount,
        cost=amount if is_by_cost else None,
        limit_price=None if is_market else needed_decimal(body, "price"),
        tif=tif,
        client_id=text_of(body, ""),
    )


def sleeping_wish_of(body: Body, instrument: Instrument) -> Wish:
    """The price-triggered order asked for."""
    put, trigger = part(body, "put"), part(body, "trigger")
    kind = word(put, "type", _KINDS, "limit")
    return Wish(
        instrument=instrument,
        side=word(put, "side", _SIDES),
        kind=kind,
        quantity=needed_decimal(put, "amount"),
        limit_price=needed_decimal(put, "price") if kind is OrderKind.LIMIT else None,
        tif=word(put, "time_in_force", TIFS, "gtc"),
        client_id=text_of(put, ""),
        trigger_price=needed_decimal(trigger, "price"),
        touch=word(trigger, "rule", RULES),
        sleeps_s=_kept_for(trigger),
    )


def _kept_for(trigger: Body) -> int:
    kept_for = seconds_of(trigger, "expiration")
    if kept_for is None:
        raise Declined("MISSING_REQUIRED_PARAM", "Missing required parameter: expiration")
    return kept_for


def changes_of(body: Body) -> dict[str, Decimal | None]:
    """What an amendment asks for."""
    if body.get("amount") is None and body.get("price") is None:
        raise Declined(BAD_VALUE, "amount or price is needed")
    return {"quantity": decimal_of(body, "amount"), "limit_price": decimal_of(body, "price")}


def row(order: ExchangeOrder, account: str) -> dict[str, Any]:
    """An order. One by cost counts its amount in quote currency."""
    is_by_cost = order.wish.cost is not None
    amount = order.wish.cost if is_by_cost else order.quantity
    left = (order.wish.cost or _ZERO) - order.cost if is_by_cost else order.left
    created, updated = millis(order.created_at), millis(order.updated_at)
    return {
        "id": book_id(order),
        "text": book_text(order, NO_TEXT),
        "amend_text": "-",
        "create_time": str(created // 1000),
        "update_time": str(updated // 1000),
        "create_time_ms": created,
        "update_time_ms": updated,
        "status": status(order),
        "currency_pair": pair_of(order.instrument.symbol),
        "type": order.wish.kind.value,
        "account": account,
        "side": order.side.value,
        "amount": f"{amount:f}",
        "price": f"{order.limit_price or _ZERO:f}",
        "time_in_force": tif_text(order),
        "iceberg": "0",
        "left": f"{left:f}",
        "filled_amount": f"{order.filled:f}",
        "fill_price": f"{order.cost:f}",
        "filled_total": f"{order.cost:f}",
        "avg_deal_price": f"{order.average_price or _ZERO:f}",
        **_order_fees(order),
        "stp_id": 0,
        "stp_act": "-",
        "finish_as": finish_as(order),
    }


def pushed(order: ExchangeOrder, account: str, user: int, event: str) -> dict[str, Any]:
    """An order as the stream tells it: without a status, times as texts."""
    told = row(order, account)
    del told["status"], told["iceberg"], told["fill_price"]
    times = {name: str(told[name]) for name in ("create_time_ms", "update_time_ms")}
    return {**told, **times, "user": user, "event": event, "biz_info": "-"}


def sleeping_row(order: ExchangeOrder, account: str, user: int) -> dict[str, Any]:
    """A price-triggered order."""
    ended = 0 if order.state is State.SLEEPING else seconds(order.updated_at)
    return {
        "trigger": {
            "price": f"{order.trigger_price:f}",
            "rule": rule_text(order),
            "expiration": order.wish.sleeps_s,
        },
        "put": {
            "type": order.wish.kind.value,
            "side": order.side.value,
            "price": f"{order.limit_price or _ZERO:f}",
            "amount": f"{order.quantity:f}",
            "account": account,
            "time_in_force": tif_text(order),
            "text": order.wish.client_id or NO_TEXT,
        },
        "id": int(order.id),
        "user": user,
        "market": pair_of(order.instrument.symbol),
        "ctime": seconds(order.created_at),
        "ftime": ended,
        "fired_order_id": int(book_id(order)) if order.is_triggered else 0,
        "status": sleeping_status(order),
        "reason": "" if order.why is None or order.is_triggered else order.why.value,
    }


def pushed_sleeping(order: ExchangeOrder, user: int) -> dict[str, Any]:
    """A price-triggered order as the stream tells it."""
    ended = 0 if order.state is State.SLEEPING else millis(order.updated_at)
    return {
        "market": pair_of(order.instrument.symbol),
        "uid": str(user),
        "id": order.id,
        "currency_type": order.instrument.base,
        "exchange_type": order.instrument.quote,
        "reason": "" if order.why is None or order.is_triggered else order.why.value,
        "err_msg": "",
        "fired_order_id": int(book_id(order)) if order.is_triggered else 0,
        "instant_cancel": False,
        "trigger_price": f"{order.trigger_price:f}",
        "trigger_rule": rule_text(order),
        "trigger_expiration": order.wish.sleeps_s,
        "price": f"{order.limit_price or _ZERO:f}",
        "amount": f"{order.quantity:f}",
        "source": "",
        "order_type": order.wish.kind.value,
        "side": order.side.value,
        "engine_type": "normal",
        "is_stop_order": False,
        "stop_trigger_price": "",
        "stop_trigger_rule": "",
        "stop_price": "",
        "ctime": str(millis(order.created_at)),
        "ftime": str(ended),
    }


def fill(done: Execution) -> dict[str, Any]:
    """A row of my_trades."""
    at_ms = millis(done.at)
    return {
        "id": done.id,
        "create_time": str(at_ms // 1000),
        "create_time_ms": f"{at_ms}.000000",
        "currency_pair": pair_of(done.instrument.symbol),
        "order_id": fill_id(done),
        "side": done.side.value,
        "role": done.liquidity.value,
        "amount": f"{done.quantity:f}",
        "price": f"{done.price:f}",
        **fees(done.fee, done.fee_asset, _received(done)),
        "sequence_id": str(done.number),
        "text": fill_text(done, NO_TEXT),
    }


def pushed_fill(done: Execution, user: int) -> dict[str, Any]:
    """A fill as the stream tells it: ids and seconds are numbers."""
    return {
        **fill(done),
        "id": int(done.id),
        "user_id": user,
        "create_time": seconds(done.at),
    }


def fees(amount: Decimal, asset: str, otherwise: str) -> dict[str, str]:
    """A fee in the market's coin, or in points."""
    in_points = asset == POINTS
    return {
        "fee": "0" if in_points else f"{amount:f}",
        "fee_currency": otherwise if in_points or not asset else asset,
        "point_fee": f"{amount:f}" if in_points else "0",
        "gt_fee": "0",
    }


def status(order: ExchangeOrder) -> str:
    """Open, closed or cancelled."""
    if order.is_live:
        return "open"
    return "closed" if order.state is State.FILLED else "cancelled"


def finish_as(order: ExchangeOrder) -> str:
    """How it ended."""
    if order.is_live:
        return "open"
    if order.state is State.FILLED:
        return "filled"
    return {Why.NO_DEPTH: tif_text(order), Why.LIQUIDATED: "liquidate_cancelled"}.get(
        order.why or Why.CANCELED_BY_USER, "cancelled"
    )


def sleeping_status(order: ExchangeOrder) -> str:
    """Where a price-triggered order stands."""
    if order.is_triggered:
        return "finish"
    if order.why is Why.EXPIRED:
        return "expired"
    return {State.SLEEPING: "open", State.CANCELED: "cancelled"}.get(order.state, "failed")


def tif_text(order: ExchangeOrder) -> str:
    """How long it waits, in Gate's letters."""
    if order.wish.kind is OrderKind.MARKET and order.wish.tif is TimeInForce.GTC:
        return "ioc"
    return next(name for name, tif in TIFS.items() if tif is order.wish.tif)


def rule_text(order: ExchangeOrder) -> str:
    """Which way the price goes to the trigger."""
    return ">=" if order.wish.touch is Touch.RISING else "<="


def _order_fees(order: ExchangeOrder) -> dict[str, Any]:
    one = order.instrument
    received, paid = (one.base, one.quote) if order.side is Side.BUY else (one.quote, one.base)
    return {
        **fees(order.fees, order.fee_asset, received),
        "gt_maker_fee": "0",
        "gt_taker_fee": "0",
        "gt_discount": False,
        "rebated_fee": "0",
        "rebated_fee_currency": paid,
    }


def _received(done: Execution) -> str:
    return done.instrument.base if done.side is Side.BUY else done.instrument.quote
