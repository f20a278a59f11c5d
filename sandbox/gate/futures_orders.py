"""Orders of perpetuals in Gate's words: read from a request, written for an answer.

Sizes are in contracts, positive for a purchase.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument
from engines.core.side import Direction, Side
from engines.orders.order import OrderKind
from engines.simulate.exchange.order import ExchangeOrder, Execution, State, TimeInForce, Touch, Wish
from engines.simulate.exchange.refusal import Why
from engines.simulate.exchange.rules import POINTS
from sandbox.gate.fields import Body, decimal_of, flag, needed_decimal, part, seconds_of, text_of, word
from sandbox.gate.moments import fine_seconds, millis, seconds
from sandbox.gate.spot_orders import TIFS
from sandbox.gate.wire import BAD_VALUE, Contracts, Declined, pair_of
from sandbox.gate.woken import book_id, book_text, fill_id, fill_text

NO_TEXT = "api"

_RULES = {1: Touch.RISING, 2: Touch.FALLING, "1": Touch.RISING, "2": Touch.FALLING}
_CLOSING = {"close_long": Direction.LONG, "close_short": Direction.SHORT}
_MAKER, _TAKER = "0.0002", "0.0005"
_ZERO = Decimal(0)

Held = Callable[[Direction | None], Decimal]
"""Base coin held in a slot of the market, negative when short."""


def wish_of(body: Body, instrument: Instrument, held: Held, *, is_hedged: bool) -> Wish:
    """The order asked for. With `close` or `auto_size` it closes all of a position."""
    if flag(body, "close") or body.get("auto_size"):
        return _closing(body, instrument, held, is_hedged=is_hedged)
    size = _whole_size(body)
    if size == 0:
        raise Declined(BAD_VALUE, "invalid argument: size")
    side = Side.BUY if size > 0 else Side.SELL
    reduces = flag(body, "reduce_only")
    return Wish(
        instrument=instrument,
        side=side,
        quantity=abs(size) * instrument.lot,
        is_reduce_only=reduces,
        direction=_slot(side, reduces=reduces) if is_hedged else None,
        client_id=text_of(body, ""),
        **_terms(body),
    )


def sleeping_wish_of(body: Body, instrument: Instrument, held: Held, *, is_hedged: bool) -> Wish:
    """The price-triggered order asked for."""
    initial, trigger = part(body, "initial"), part(body, "trigger")
    known = {**initial, "reduce_only": initial.get("reduce_only", initial.get("is_reduce_only", False))}
    wish = wish_of(known, instrument, held, is_hedged=is_hedged)
    return replace(
        wish,
        trigger_price=needed_decimal(trigger, "price"),
        touch=word(trigger, "rule", _RULES),
        sleeps_s=seconds_of(trigger, "expiration"),
    )


def changes_of(body: Body, order: ExchangeOrder) -> dict[str, Decimal | None]:
    """What an amendment asks for."""
    if body.get("size") is None and body.get("price") is None:
        raise Declined(BAD_VALUE, "size or price is needed")
    size = None if body.get("size") is None else _whole_size(body)
    if size is not None and size * order.side.sign <= 0:
        raise Declined(BAD_VALUE, "invalid argument: size must keep its sign")
    return {
        "quantity": None if size is None else abs(size) * order.instrument.lot,
        "limit_price": decimal_of(body, "price"),
    }


def row(order: ExchangeOrder, user: int) -> dict[str, Any]:
    """An order."""
    ended = (
        {} if order.is_live else {"finish_time": fine_seconds(order.updated_at), "finish_as": ending(order)}
    )
    return {
        "id": int(book_id(order)),
        "user": user,
        "contract": pair_of(order.instrument.symbol),
        "create_time": fine_seconds(order.created_at),
        "update_time": fine_seconds(order.updated_at),
        "size": signed(order, order.quantity),
        "iceberg": Contracts(0),
        "left": signed(order, order.left),
        "price": f"{order.limit_price or _ZERO:f}",
        "fill_price": f"{order.average_price or _ZERO:f}",
        "mkfr": _MAKER,
        "tkfr": _TAKER,
        "tif": tif_text(order),
        "refu": 0,
        "is_reduce_only": order.wish.is_reduce_only,
        "is_close": False,
        "is_liq": order.why is Why.LIQUIDATED,
        "text": book_text(order, NO_TEXT),
        "status": "open" if order.is_live else "finished",
        **ended,
        "stp_id": 0,
        "stp_act": "-",
        "amend_text": "-",
    }


def pushed(order: ExchangeOrder, user: int, *, is_new: bool) -> dict[str, Any]:
    """An order as the stream tells it: prices and rates are numbers."""
    told = row(order, user)
    return {
        **told,
        "user": str(user),
        "create_time": seconds(order.created_at),
        "create_time_ms": millis(order.created_at),
        "update_time": millis(order.updated_at),
        "finish_time": 0 if order.is_live else seconds(order.updated_at),
        "finish_time_ms": 0 if order.is_live else millis(order.updated_at),
        "finish_as": ending(order) if not order.is_live else ("_new" if is_new else "_update"),
        **{name: float(told[name]) for name in ("price", "fill_price", "mkfr", "tkfr")},
        "refr": 0,
    }


def sleeping_row(order: ExchangeOrder, user: int) -> dict[str, Any]:
    """A price-triggered order."""
    ended = {} if order.state is State.SLEEPING else _sleeping_end(order)
    return {
        "initial": {
            "contract": pair_of(order.instrument.symbol),
            "size": signed(order, order.quantity),
            "price": f"{order.limit_price or _ZERO:f}",
            "tif": tif_text(order),
            "text": order.wish.client_id or NO_TEXT,
            "iceberg": Contracts(0),
            "is_close": False,
            "is_reduce_only": order.wish.is_reduce_only,
            "auto_size": "",
        },
        "trigger": {
            "strategy_type": 0,
            "price_type": 0,
            "price": f"{order.trigger_price:f}",
            "rule": 1 if order.wish.touch is Touch.RISING else 2,
            "expiration": order.wish.sleeps_s or 0,
        },
        "id": int(order.id),
        "user": user,
        "create_time": seconds(order.created_at),
        "trade_id": int(book_id(order)) if order.is_triggered else 0,
        "status": "open" if order.state is State.SLEEPING else "finished",
        **ended,
        "reason": "" if order.why is None or order.is_triggered else order.why.value,
        "order_type": _sleeping_type(order),
        "me_order_id": 0,
    }


def pushed_sleeping(order: ExchangeOrder, user: int) -> dict[str, Any]:
    """A price-triggered order as the stream tells it."""
    return {
        **sleeping_row(order, user),
        "name": "price_autoorders",
        "is_stop_order": False,
        "stop_trigger": {"rule": 0, "trigger_price": "", "order_price": ""},
        "me_order_id": order.id,
    }


def fill(done: Execution) -> dict[str, Any]:
    """A row of my_trades."""
    return {
        "id": int(done.id),
        "create_time": fine_seconds(done.at),
        "contract": pair_of(done.instrument.symbol),
        "order_id": fill_id(done),
        "size": _contracts(done, done.quantity),
        "close_size": _contracts(done, done.closed),
        "price": f"{done.price:f}",
        "text": fill_text(done, NO_TEXT),
        **_fees(done),
        "role": done.liquidity.value,
    }


def pushed_fill(done: Execution) -> dict[str, Any]:
    """A fill as the stream tells it: its id is a text, fees are numbers."""
    told = fill(done)
    return {
        **told,
        "id": done.id,
        "create_time": seconds(done.at),
        "create_time_ms": millis(done.at),
        "fee": float(told["fee"]),
        "point_fee": float(told["point_fee"]),
    }


def signed(order: ExchangeOrder, quantity: Decimal) -> Contracts:
    """An amount of base coin in contracts, negative for a sale."""
    return Contracts(order.side.sign * order.instrument.lots(quantity))


def ending(order: ExchangeOrder) -> str:
    """How an order ended."""
    if order.state is State.FILLED:
        return "liquidated" if order.why is Why.LIQUIDATED else "filled"
    named = {Why.NO_DEPTH: "ioc", Why.LIQUIDATED: "liquidated", Why.REDUCE_ONLY: "reduce_only"}
    return named.get(order.why or Why.CANCELED_BY_USER, "cancelled")


def tif_text(order: ExchangeOrder) -> str:
    """How long it waits, in Gate's letters."""
    return next(name for name, tif in TIFS.items() if tif is order.wish.tif)


def _closing(body: Body, instrument: Instrument, held: Held, *, is_hedged: bool) -> Wish:
    """An order of size 0 that closes a position: named where long and short are kept apart."""
    if _whole_size(body) != 0:
        raise Declined(BAD_VALUE, "invalid argument: size must be 0 to close")
    if is_hedged is (not body.get("auto_size")):
        raise Declined("POSITION_DUAL_MODE", "close is for single mode, auto_size for dual mode")
    slot = word(body, "auto_size", _CLOSING) if is_hedged else None
    size = held(slot)
    if size == 0:
        raise Declined("POSITION_EMPTY", "empty position")
    return Wish(
        instrument=instrument,
        side=Side.SELL if size > 0 else Side.BUY,
        quantity=abs(size),
        is_reduce_only=True,
        direction=slot,
        client_id=text_of(body, ""),
        **_terms(body),
    )


def _terms(body: Body) -> dict[str, Any]:
    """Kind, limit and patience: a price of 0 is the market, which cannot wait."""
    price = decimal_of(body, "price") or _ZERO
    tif = word(body, "tif", TIFS, "gtc")
    if price == 0 and tif not in (TimeInForce.IOC, TimeInForce.FOK):
        raise Declined(BAD_VALUE, "invalid argument: tif of a market order is ioc or fok")
    kind = OrderKind.LIMIT if price else OrderKind.MARKET
    return {"kind": kind, "limit_price": price or None, "tif": tif}


def _slot(side: Side, *, reduces: bool) -> Direction:
    """Which of the two positions an order is of."""
    return Direction.LONG if (side is Side.BUY) is not reduces else Direction.SHORT


def _whole_size(body: Body) -> Decimal:
    size = needed_decimal(body, "size")
    if size != size.to_integral_value():
        raise Declined(BAD_VALUE, "invalid argument: size")
    return size


def _contracts(done: Execution, quantity: Decimal) -> Contracts:
    return Contracts(done.side.sign * done.instrument.lots(quantity))


def _fees(done: Execution) -> dict[str, str]:
    in_points = done.fee_asset == POINTS
    paid = f"{done.fee:f}"
    return {"fee": "0" if in_points else paid, "point_fee": paid if in_points else "0"}


def _sleeping_end(order: ExchangeOrder) -> dict[str, Any]:
    ended = "cancelled" if order.state is State.CANCELED else "failed"
    if order.why is Why.EXPIRED:
        ended = "expired"
    return {
        "finish_time": seconds(order.updated_at),
        "finish_as": "succeeded" if order.is_triggered else ended,
    }


def _sleeping_type(order: ExchangeOrder) -> str:
    if not order.wish.is_reducing:
        return ""
    return "close-long-order" if order.side is Side.SELL else "close-short-order"
