"""What a client of Bybit asks for, read as an order of the exchange."""

from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import OrderKind
from engines.simulate.exchange.order import TimeInForce, Touch, Wish
from sandbox.bybit.call import Call
from sandbox.bybit.rows import KINDS, PLACES, SIDES, TIFS
from sandbox.bybit.wire import Declined

_SIDES: Final = {name: side for side, name in SIDES.items()}
_KINDS: Final = {name: kind for kind, name in KINDS.items()}
_TIFS: Final = {name: tif for tif, name in TIFS.items()}
_PLACES: Final[dict[str, Direction | None]] = {str(place): one for one, place in PLACES.items()}
_TOUCHES: Final = {"1": Touch.RISING, "2": Touch.FALLING}
_LONGEST_LINK_ID = 36


def wish_of(call: Call) -> Wish:
    """The order of `/v5/order/create`."""
    instrument = call.instrument()
    side, kind = _SIDES.get(call.text("side")), _KINDS.get(call.text("orderType"))
    if side is None:
        raise Declined("params error: side invalid")
    if kind is None:
        raise Declined("params error: orderType invalid")
    quantity, cost = _size(call, instrument, side, kind)
    return Wish(
        instrument=instrument,
        side=side,
        kind=kind,
        quantity=quantity,
        cost=cost,
        limit_price=call.number("price") if kind is OrderKind.LIMIT else None,
        tif=_tif(call, kind),
        is_reduce_only=call.flag("reduceOnly") or call.flag("closeOnTrigger"),
        direction=_place(call, instrument),
        client_id=link_id(call),
        trigger_price=call.number("triggerPrice"),
        touch=_TOUCHES.get(call.text("triggerDirection")),
        stop_loss=call.number("stopLoss") or None,
        take_profit=call.number("takeProfit") or None,
    )


def link_id(call: Call) -> str:
    """The client's own id."""
    name = call.text("orderLinkId")
    if len(name) > _LONGEST_LINK_ID:
        raise Declined("params error: orderLinkId is too long")
    return name


def place_of(call: Call) -> Direction | None:
    """Which position is meant."""
    place = call.text("positionIdx", "0")
    if place not in _PLACES:
        raise Declined("params error: positionIdx invalid")
    return _PLACES[place]


def _place(call: Call, instrument: Instrument) -> Direction | None:
    return None if instrument.kind is MarketKind.SPOT else place_of(call)


def _size(
    call: Call, instrument: Instrument, side: Side, kind: OrderKind
) -> tuple[Decimal | None, Decimal | None]:
    """Base coin, or the cost of a spot purchase at the market, which is counted in quote unless the client
    says otherwise."""
    quantity = call.number("qty")
    is_purchase = instrument.kind is MarketKind.SPOT and side is Side.BUY and kind is OrderKind.MARKET
    if is_purchase and call.text("marketUnit", "quoteCoin") != "baseCoin":
        return None, quantity
    return quantity, None


def _tif(call: Call, kind: OrderKind) -> TimeInForce:
    if kind is OrderKind.MARKET:
        return TimeInForce.IOC
    tif = _TIFS.get(call.text("timeInForce", "GTC"))
    if tif is None:
        raise Declined("params error: timeInForce invalid")
    return tif
