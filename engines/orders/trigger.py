"""Orders that sleep until a price touches their trigger."""

from decimal import Decimal

from engines.core.move import Move
from engines.core.side import Side
from engines.orders.order import Order, Purpose


def wakes_on_a_rise(order: Order) -> bool:
    """Whether it wakes when the price rises to its trigger. A stop wakes at a worse price than now, so a
    purchase on a rise; a target at a better one."""
    is_purchase = order.intent.side is Side.BUY
    return is_purchase is not (order.intent.purpose is Purpose.TARGET)


def touched_at(order: Order, move: Move) -> Decimal | None:
    """The first price of `move` that wakes the order: its trigger, or where the market opened beyond it;
    `None` when it sleeps on."""
    trigger_price = order.terms.trigger_price
    assert trigger_price is not None
    if wakes_on_a_rise(order):
        return max(trigger_price, move.open) if move.high >= trigger_price else None
    return min(trigger_price, move.open) if move.low <= trigger_price else None
