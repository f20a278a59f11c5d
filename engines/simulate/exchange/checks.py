"""What an exchange looks at before it takes an order. Every check raises `Declined` and changes nothing."""

from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.side import Side
from engines.orders.order import OrderKind
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import Touch, Wish
from engines.simulate.exchange.refusal import Declined, Why
from engines.simulate.exchange.rules import Rules


def check_wish(wish: Wish, rules: Rules, last: Decimal) -> None:
    """Grid, minimum size, price band and trigger of a new order; `last` is the last price."""
    check_price(wish.instrument, wish.limit_price, is_needed=wish.kind is OrderKind.LIMIT)
    check_price(wish.instrument, wish.trigger_price, is_needed=False)
    if wish.cost is not None:
        _check_cost(wish)
    else:
        check_size(wish.instrument, wish.quantity, wish.limit_price or last, is_reducing=wish.is_reducing)
    check_band(wish, wish.limit_price, rules, last)
    check_trigger(wish.trigger_price, wish.touch, last)


def check_price(instrument: Instrument, price: Decimal | None, *, is_needed: bool) -> None:
    """On the grid and positive."""
    if price is None:
        if is_needed:
            raise Declined(Why.BAD_PRICE, "missing")
        return
    if price <= 0 or price % instrument.tick:
        raise Declined(Why.BAD_PRICE, str(price))


def check_size(
    instrument: Instrument, quantity: Decimal | None, price: Decimal, *, is_reducing: bool
) -> None:
    """On the grid and large enough; what only closes may be worth as little as it is."""
    if quantity is None or quantity <= 0:
        raise Declined(Why.BAD_QUANTITY, str(quantity))
    if quantity < instrument.lot:
        raise Declined(Why.BELOW_MINIMUM, str(quantity))
    if quantity % instrument.lot:
        raise Declined(Why.BAD_QUANTITY, str(quantity))
    if quantity * price < instrument.min_notional and not is_reducing:
        raise Declined(Why.BELOW_MIN_NOTIONAL, str(quantity * price))


def check_band(wish: Wish, limit_price: Decimal | None, rules: Rules, last: Decimal) -> None:
    """A limit may not be worse than the last price by more than the band."""
    if rules.band is None or limit_price is None or wish.trigger_price is not None:
        return
    if (limit_price - last) * wish.side.sign > last * rules.band:
        raise Declined(Why.PRICE_OUT_OF_BAND, str(limit_price))


def check_trigger(trigger_price: Decimal | None, touch: Touch | None, last: Decimal) -> None:
    """The market is still on the side that the trigger is to be touched from."""
    if trigger_price is None or touch is None:
        return
    is_beyond = trigger_price <= last if touch is Touch.RISING else trigger_price >= last
    if is_beyond:
        raise Declined(Why.BAD_TRIGGER, touch.value)


def check_reduces(account: Account, wish: Wish, at: datetime) -> None:
    """An order that only reduces needs something to reduce."""
    position = account.position(wish.instrument, wish.direction, at)
    if wish.is_reducing and position.reducible(wish.side) == 0:
        raise Declined(Why.REDUCE_ONLY)


def check_id(account: Account, client_id: str, rules: Rules) -> None:
    """A client id is taken once."""
    if client_id and rules.has_unique_ids and client_id in account.by_client_id:
        raise Declined(Why.DUPLICATE_ID, client_id)


def _check_cost(wish: Wish) -> None:
    if wish.is_perp or wish.side is not Side.BUY or wish.kind is not OrderKind.MARKET:
        raise Declined(Why.BAD_QUANTITY, "only a spot purchase at the market is given by its cost")
    if wish.cost is None or wish.cost <= 0:
        raise Declined(Why.BAD_QUANTITY, str(wish.cost))
    if wish.cost < wish.instrument.min_notional:
        raise Declined(Why.BELOW_MIN_NOTIONAL, str(wish.cost))
