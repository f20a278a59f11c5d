"""What a venue says of an order, as events of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.orders.lifecycle import is_final
from engines.orders.order import (
    Acknowledged,
    Canceled,
    Expired,
    Fill,
    Filled,
    Opened,
    Order,
    OrderEvent,
    OrderState,
    VenueRejected,
)
from ports.venue_books import VenueFill, VenueOrder, VenueOrderState

_NOT_SEEN_YET = (OrderState.SENT, OrderState.ACKNOWLEDGED, OrderState.UNKNOWN)

ENDED = frozenset({VenueOrderState.CANCELED, VenueOrderState.EXPIRED, VenueOrderState.REJECTED})
"""States in which the venue says that there was no more, or nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What look-ups say of one order: events that are certain, and whether its story is complete."""

    events: tuple[OrderEvent, ...]
    is_settled: bool


def fill_of(order: Order, told: VenueFill) -> Fill:
    """An execution as ours; a fee in the quote currency has no asset of its own."""
    quote = order.intent.instrument.quote
    return Fill(
        id=told.id,
        order_id=order.id,
        price=told.price,
        quantity=told.quantity,
        fee=told.fee,
        fee_asset=None if told.fee_asset == quote else told.fee_asset,
        liquidity=told.liquidity,
        at=told.at,
    )


def filled_events(order: Order, fills: Iterable[VenueFill]) -> list[OrderEvent]:
    """Executions of the order that were not counted yet, the oldest first, each once."""
    new: dict[str, VenueFill] = {}
    for told in fills:
        if told.client_id == order.id or (told.venue_order_id and told.venue_order_id == order.venue_id):
            new.setdefault(told.id, told)
    return [
        Filled(at=told.at, fill=fill_of(order, told))
        for told in sorted(new.values(), key=lambda one: (one.at, one.id))
        if told.id not in order.fill_ids
    ]


def opened_events(order: Order, told: VenueOrder, at: datetime) -> list[OrderEvent]:
    """That the venue has it, where that is news."""
    events: list[OrderEvent] = []
    if order.venue_id is None and told.venue_id:
        events.append(Acknowledged(at=at, venue_id=told.venue_id))
    if told.state is VenueOrderState.OPEN and order.state in _NOT_SEEN_YET:
        events.append(Opened(at=at))
    return events


def end_event(told: VenueOrder, at: datetime) -> OrderEvent:
    """How an order ended that is not filled."""
    if told.state is VenueOrderState.REJECTED and not told.filled:
        return VenueRejected(at=at, reason=told.reason or "other")
    if told.state is VenueOrderState.EXPIRED:
        return Expired(at=at)
    return Canceled(at=at, reason=told.reason)


def found(order: Order, told: VenueOrder, fills: Sequence[VenueFill], at: datetime) -> Evidence:
    """What the venue's order and its executions together say. An end is believed once the executions add up
    to what the venue says was filled: `canceled, filled 0` has been wrong before."""
    news = filled_events(order, fills)
    counted = order.filled + sum((one.fill.quantity for one in news if isinstance(one, Filled)), Decimal(0))
    events: list[OrderEvent] = [*opened_events(order, told, at), *news]
    if counted < told.filled:
        return Evidence(events=tuple(events), is_settled=False)
    if told.state in ENDED and not is_final(order.state):
        events.append(end_event(told, at))
    is_settled = told.state is not VenueOrderState.FILLED or counted >= told.quantity
    return Evidence(events=tuple(events), is_settled=is_settled)
