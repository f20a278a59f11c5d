"""What every venue needs to know of an order, whatever words it has for it."""

from decimal import Decimal

from engines.core.side import Direction, Side
from engines.orders.order import Order


def plain(value: Decimal) -> str:
    """As venues read numbers: without an exponent or idle zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def closes(order: Order, direction: Direction) -> bool:
    """Whether the order makes a position in `direction` smaller."""
    return order.intent.reduce_only or order.intent.side is direction.exit


def worst_price(order: Order) -> Decimal | None:
    """The worst price that a market order may be filled at: its guard, and for a purchase no more than it
    may cost."""
    worst, most = order.terms.worst_price, order.intent.most_cost
    if most is None or order.intent.side is Side.SELL:
        return worst
    affordable = most / order.terms.quantity
    return affordable if worst is None else min(worst, affordable)
