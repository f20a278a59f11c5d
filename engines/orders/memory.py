"""Which orders of a trade are kept in memory. Pure.

A position may live for months and have an order a minute. What is decided is decided from orders that are not
over, from their intents' other orders, and from what protections have sold; all else is in the books.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from engines.orders.execution import may_go_on, unspoken
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, Order

KEPT_ORDERS: Final = 200
"""The latest orders of a trade stay, whatever became of them: reports come late, and pairs look back."""
KEPT_FOR: Final = timedelta(hours=1)
"""Nothing is forgotten sooner than so long (market time) before the latest change."""


def remembered(orders: Sequence[Order]) -> list[Order]:
    """Those of `orders`, the oldest first, that something may still be made of."""
    if len(orders) <= KEPT_ORDERS:
        return list(orders)
    by_intent: dict[str, list[Order]] = {}
    for order in orders:
        by_intent.setdefault(order.intent.id, []).append(order)
    since = max(order.updated_at for order in orders) - KEPT_FOR
    kept = {order.intent.id for order in orders[-KEPT_ORDERS:]}
    kept |= {
        name
        for name, children in by_intent.items()
        if max(order.updated_at for order in children) > since or not _is_over(children)
    }
    return [order for order in orders if order.intent.id in kept]


def _is_over(children: Sequence[Order]) -> bool:
    """Whether nothing more comes of an intent, and nothing is reckoned from what it did."""
    last = children[-1]
    if not all(is_final(order.state) for order in children):
        return False
    if last.intent.style is ExecutionStyle.PROTECTION and any(order.filled for order in children):
        return False  # what a target has sold is not offered again
    return unspoken(last.intent, children) <= 0 or not may_go_on(last)
