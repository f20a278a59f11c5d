"""What a report of a venue means for an order and its trade: one step, nothing stored yet. Pure."""

from dataclasses import dataclass, replace

from engines.core.altered import altered
from engines.ledger.entry import Entry
from engines.orders.lifecycle import apply
from engines.orders.order import Fill, Filled, Order, OrderEvent
from engines.orders.settlement import settle_fill
from engines.orders.trade import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Order and trade after a report. `fill` is what was booked, with the fee that was really charged, and
    `entries` say the same; none for a report that moved nothing."""

    order: Order
    trade: Trade
    fill: Fill | None = None
    entries: tuple[Entry, ...] = ()


def told(order: Order, trade: Trade, event: OrderEvent) -> Told:
    """What one report does; a fill that was counted already changes nothing. Raises `ValueError` for one that
    cannot be, as `lifecycle.apply` and `settlement.settle_fill` do."""
    after = apply(order, event)
    if not isinstance(event, Filled) or after is order:
        return Told(order=after, trade=trade)
    settled, charged, entries = _settled(order, trade, event.fill)
    if charged != event.fill:
        after = apply(order, replace(event, fill=charged))
    return Told(order=after, trade=settled, fill=charged, entries=entries)


def _settled(order: Order, before: Trade, fill: Fill) -> tuple[Trade, Fill, tuple[Entry, ...]]:
    """The fill booked; its fee is what was really charged, for nobody pays beyond his margin."""
    intent = order.intent
    after, entries = settle_fill(before, intent, fill)
    if intent.side is before.direction.entry:
        after = altered(after, armed_at=fill.at, seen_at=max(before.seen_at, fill.at))
    if fill.fee_asset is not None:
        return after, fill, entries
    charged = after.fees - before.fees
    return after, fill if charged == fill.fee else replace(fill, fee=charged), entries
