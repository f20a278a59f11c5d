"""The life of an order: which event may follow which state, and what it changes.

Reports of a venue come late, repeated and in any order; they are rows of the table and change what they can.
What we do ourselves (check, send, cancel) comes once and in order, or it is our mistake and raises.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from engines.core.altered import altered
from engines.orders.order import (
    Acknowledged,
    Amended,
    ApprovalAsked,
    CalledOff,
    CancelAsked,
    Canceled,
    Denied,
    Expired,
    Fill,
    Filled,
    FoundAbsent,
    Opened,
    Order,
    OrderEvent,
    OrderState,
    OutcomeUnclear,
    QueueMoved,
    Submitted,
    Validated,
    VenueRejected,
)

S = OrderState
Changes = dict[str, Any]
"""New values of an order's fields, by name."""

# fmt: off
TRANSITIONS: Final[dict[tuple[OrderState, type[OrderEvent]], OrderState]] = {
    (S.CREATED, Validated): S.VALIDATED,
    (S.CREATED, Denied): S.DENIED,
    (S.CREATED, Expired): S.EXPIRED,

    (S.VALIDATED, ApprovalAsked): S.AWAITING_APPROVAL,
    (S.VALIDATED, Denied): S.DENIED,  # a limit that only sending itself can check
    (S.VALIDATED, Submitted): S.SENT,
    (S.VALIDATED, Expired): S.EXPIRED,

    (S.AWAITING_APPROVAL, Submitted): S.SENT,
    (S.AWAITING_APPROVAL, Denied): S.DENIED,
    (S.AWAITING_APPROVAL, Expired): S.EXPIRED,

    (S.SENT, Acknowledged): S.ACKNOWLEDGED,
    (S.SENT, Opened): S.OPEN,  # the acknowledgement was lost, or comes later
    (S.SENT, Filled): S.PARTIALLY_FILLED,  # a fill overtook the acknowledgement
    (S.SENT, CancelAsked): S.CANCEL_PENDING,
    (S.SENT, Canceled): S.CANCELED,  # a market order that found nothing to take
    (S.SENT, VenueRejected): S.REJECTED,
    (S.SENT, Expired): S.EXPIRED,
    (S.SENT, OutcomeUnclear): S.UNKNOWN,
    (S.SENT, FoundAbsent): S.ABSENT,  # found after a restart: the answer was lost with the process

    (S.ACKNOWLEDGED, Acknowledged): S.ACKNOWLEDGED,
    (S.ACKNOWLEDGED, Opened): S.OPEN,
    (S.ACKNOWLEDGED, Filled): S.PARTIALLY_FILLED,
    (S.ACKNOWLEDGED, CancelAsked): S.CANCEL_PENDING,
    (S.ACKNOWLEDGED, Canceled): S.CANCELED,
    (S.ACKNOWLEDGED, VenueRejected): S.REJECTED,  # accepted at the door, refused by the book
    (S.ACKNOWLEDGED, Expired): S.EXPIRED,
    (S.ACKNOWLEDGED, OutcomeUnclear): S.ACKNOWLEDGED,  # the stream answered before the request failed

    (S.OPEN, Acknowledged): S.OPEN,  # late
    (S.OPEN, Opened): S.OPEN,  # repeated
    (S.OPEN, QueueMoved): S.OPEN,
    (S.OPEN, Amended): S.OPEN,
    (S.OPEN, Filled): S.PARTIALLY_FILLED,
    (S.OPEN, CancelAsked): S.CANCEL_PENDING,
    (S.OPEN, Canceled): S.CANCELED,
    (S.OPEN, VenueRejected): S.REJECTED,  # it slept, and was refused when it woke
    (S.OPEN, Expired): S.EXPIRED,
    (S.OPEN, OutcomeUnclear): S.OPEN,  # the stream answered before the request failed

    (S.PARTIALLY_FILLED, Acknowledged): S.PARTIALLY_FILLED,  # late
    (S.PARTIALLY_FILLED, Opened): S.PARTIALLY_FILLED,  # late
    (S.PARTIALLY_FILLED, QueueMoved): S.PARTIALLY_FILLED,
    (S.PARTIALLY_FILLED, Amended): S.PARTIALLY_FILLED,
    (S.PARTIALLY_FILLED, Filled): S.PARTIALLY_FILLED,
    (S.PARTIALLY_FILLED, CancelAsked): S.CANCEL_PENDING,
    (S.PARTIALLY_FILLED, Canceled): S.CANCELED,
    (S.PARTIALLY_FILLED, Expired): S.EXPIRED,
    (S.PARTIALLY_FILLED, OutcomeUnclear): S.PARTIALLY_FILLED,  # the stream answered before the request failed

    (S.CANCEL_PENDING, Acknowledged): S.CANCEL_PENDING,  # late
    (S.CANCEL_PENDING, Opened): S.CANCEL_PENDING,  # late
    (S.CANCEL_PENDING, QueueMoved): S.CANCEL_PENDING,
    (S.CANCEL_PENDING, CancelAsked): S.CANCEL_PENDING,  # by somebody else, for a reason of his own
    (S.CANCEL_PENDING, Filled): S.CANCEL_PENDING,  # filled while the cancel was on its way
    (S.CANCEL_PENDING, Canceled): S.CANCELED,
    (S.CANCEL_PENDING, VenueRejected): S.REJECTED,  # there was nothing to cancel
    (S.CANCEL_PENDING, Expired): S.EXPIRED,
    (S.CANCEL_PENDING, OutcomeUnclear): S.UNKNOWN,  # neither the order nor its cancel is certain

    (S.UNKNOWN, Acknowledged): S.ACKNOWLEDGED,  # a late answer is as good as a look-up
    (S.UNKNOWN, Opened): S.OPEN,
    (S.UNKNOWN, Filled): S.PARTIALLY_FILLED,
    (S.UNKNOWN, Canceled): S.CANCELED,
    (S.UNKNOWN, VenueRejected): S.REJECTED,
    (S.UNKNOWN, Expired): S.EXPIRED,
    (S.UNKNOWN, CancelAsked): S.CANCEL_PENDING,  # wanted gone, if it is there at all
    (S.UNKNOWN, OutcomeUnclear): S.UNKNOWN,  # a look-up failed as well
    (S.UNKNOWN, FoundAbsent): S.ABSENT,

    (S.ABSENT, FoundAbsent): S.ABSENT,  # repeated
    (S.ABSENT, CalledOff): S.ABSENT,  # nothing is to follow it
    (S.ABSENT, Filled): S.PARTIALLY_FILLED,  # the proof was wrong; money moved, so it counts, and is flagged

    (S.FILLED, Acknowledged): S.FILLED,  # late
    (S.FILLED, Opened): S.FILLED,  # late
    (S.FILLED, QueueMoved): S.FILLED,  # late
    (S.FILLED, Canceled): S.FILLED,  # the cancel found nothing left
    (S.FILLED, Expired): S.FILLED,  # nothing left to expire
    (S.FILLED, OutcomeUnclear): S.FILLED,  # the stream answered before the request failed

    (S.CANCELED, Acknowledged): S.CANCELED,  # late
    (S.CANCELED, Opened): S.CANCELED,  # late
    (S.CANCELED, QueueMoved): S.CANCELED,  # late
    (S.CANCELED, Filled): S.CANCELED,  # executed before the cancel, told after it: counts, and is flagged
    (S.CANCELED, Canceled): S.CANCELED,  # repeated
    (S.CANCELED, Expired): S.CANCELED,  # two words for the same end
    (S.CANCELED, CalledOff): S.CANCELED,  # nothing is to follow it
    (S.CANCELED, OutcomeUnclear): S.CANCELED,  # the stream answered before the request failed

    (S.EXPIRED, Acknowledged): S.EXPIRED,  # late
    (S.EXPIRED, Opened): S.EXPIRED,  # late
    (S.EXPIRED, QueueMoved): S.EXPIRED,  # late
    (S.EXPIRED, Filled): S.EXPIRED,  # executed before the end, told after it: counts, and is flagged
    (S.EXPIRED, Canceled): S.EXPIRED,  # two words for the same end
    (S.EXPIRED, Expired): S.EXPIRED,  # repeated
    (S.EXPIRED, CalledOff): S.EXPIRED,  # nothing is to follow it
    (S.EXPIRED, OutcomeUnclear): S.EXPIRED,  # the stream answered before the request failed

    (S.REJECTED, VenueRejected): S.REJECTED,  # repeated
    (S.REJECTED, Canceled): S.REJECTED,  # the cancel that raced the refusal
    (S.REJECTED, CalledOff): S.REJECTED,  # nothing is to follow it
    (S.REJECTED, OutcomeUnclear): S.REJECTED,  # the stream answered before the request failed
}
# fmt: on

FINAL: Final = frozenset({S.DENIED, S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED, S.ABSENT})

_OVER: Final = frozenset({S.CANCELED, S.EXPIRED, S.ABSENT})
"""States in which nobody expects a fill any more."""

_CLIENT_ID = re.compile(r"[0-9A-Za-z_-]{1,28}")


class IllegalTransition(ValueError):
    """That cannot have happened to an order in that state; nothing was changed."""


class Overfill(IllegalTransition):
    """A fill would take the order beyond its size."""


def is_final(state: OrderState) -> bool:
    """Whether the order is over. A late fill may still be told of a final one."""
    return state in FINAL


def child_id(intent_id: str, number: int) -> str:
    """The client order id of the intent's child `number` (0, 1, …); no two children share one.

    Raises `ValueError` when it is not 1 to 28 of `[0-9A-Za-z_-]`, which every venue takes.
    """
    made = f"{intent_id}-{number}"
    if number < 0 or not _CLIENT_ID.fullmatch(made):
        raise ValueError(f"not a client order id: {made!r}")
    return made


def apply(order: Order, event: OrderEvent) -> Order:
    """`order` after `event`.

    A fill that was counted already changes nothing. Raises `IllegalTransition` on a pair that is not in
    `TRANSITIONS` or a fill that cannot be, `Overfill` on more than the order's size.
    """
    if isinstance(event, Filled) and event.fill.id in order.fill_ids:
        return order
    state = TRANSITIONS.get((order.state, type(event)))
    if state is None:
        raise IllegalTransition(f"order {order.id} is {order.state}: {type(event).__name__} cannot follow")
    if state in (S.ACKNOWLEDGED, S.OPEN) and order.fill_ids:
        state = S.PARTIALLY_FILLED  # found again with what it had
    changes = _CHANGES.get(type(event))
    moved: Changes = {"state": state, "updated_at": max(order.updated_at, event.at)}
    return altered(order, **(moved if changes is None else moved | changes(order, event)))


def _filled(order: Order, event: OrderEvent) -> Changes:
    assert isinstance(event, Filled)
    fill = event.fill
    _check(order, fill)
    filled = order.filled + fill.quantity
    return {
        **({"state": S.FILLED} if filled == order.terms.quantity else {}),
        "filled": filled,
        "cost": order.cost + fill.price * fill.quantity,
        "fees": order.fees + fill.quote_fee(order.intent.instrument),
        "fill_ids": (*order.fill_ids, fill.id),
        "queue_ahead": Decimal(0),
        "has_late_fill": order.has_late_fill or order.state in _OVER,
    }


def _check(order: Order, fill: Fill) -> None:
    if fill.order_id != order.id:
        raise IllegalTransition(f"fill {fill.id} belongs to order {fill.order_id}, not to {order.id}")
    if fill.quantity <= 0 or fill.price <= 0:
        raise IllegalTransition(f"fill {fill.id} of order {order.id}: {fill.quantity} at {fill.price}")
    if fill.quantity > order.left:
        raise Overfill(f"fill {fill.id} of order {order.id}: {fill.quantity}, but only {order.left} is left")


def _queued(order: Order, event: OrderEvent) -> Changes:
    """A queue only gets shorter, so a late report cannot lengthen it."""
    assert isinstance(event, QueueMoved)
    return {"queue_ahead": min(order.queue_ahead, event.queue_ahead)}


def _opened(order: Order, event: OrderEvent) -> Changes:
    """The first report sets the queue; one that comes again or after a fill does not bring it back."""
    assert isinstance(event, Opened)
    is_first = order.state in (S.SENT, S.ACKNOWLEDGED, S.UNKNOWN) and not order.fill_ids
    return {"queue_ahead": event.queue_ahead} if is_first else {}


def _acknowledged(order: Order, event: OrderEvent) -> Changes:
    assert isinstance(event, Acknowledged)
    return {"venue_id": order.venue_id or event.venue_id}


def _amended(order: Order, event: OrderEvent) -> Changes:
    """Whatever it is changed to, an order is never larger than its intent nor smaller than what is filled."""
    assert isinstance(event, Amended)
    if not order.filled < event.terms.quantity <= order.intent.quantity:
        raise IllegalTransition(f"order {order.id}: {event.terms.quantity} with {order.filled} filled")
    return {"terms": event.terms, "queue_ahead": event.queue_ahead}


def _ended(order: Order, event: OrderEvent) -> Changes:
    """The first reason given stays."""
    assert isinstance(event, CancelAsked | Denied | Canceled | VenueRejected)
    return {"reason": order.reason or event.reason}


def _called_off(order: Order, event: OrderEvent) -> Changes:
    """Why it ended does not matter any more."""
    assert isinstance(event, CalledOff)
    return {"reason": event.reason}


def _refused(order: Order, event: OrderEvent) -> Changes:
    """What was filled in part cannot have been refused, nor never been there."""
    if order.fill_ids:
        raise IllegalTransition(f"order {order.id} has fills: {type(event).__name__} cannot follow")
    return _ended(order, event) if isinstance(event, VenueRejected) else {}


_CHANGES: Final[dict[type[OrderEvent], Callable[[Order, OrderEvent], Changes]]] = {
    Acknowledged: _acknowledged,
    Amended: _amended,
    Filled: _filled,
    Opened: _opened,
    QueueMoved: _queued,
    CalledOff: _called_off,
    CancelAsked: _ended,
    Denied: _ended,
    Canceled: _ended,
    VenueRejected: _refused,
    FoundAbsent: _refused,
}
