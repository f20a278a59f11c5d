"""What protects a position at its venue: orders that should rest there, and the way from those that do. Pure.

A stop is a reduce-only market order that sleeps at its trigger, a target a reduce-only limit. An order is
never made larger than its intent, so more of a position gets another order; less of it makes orders smaller.
An order that nobody is sure of counts as there: a second one could sell twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from engines.core.instrument import MarketKind
from engines.orders.execution import Amend, Cancel
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, Order, OrderKind, OrderState, Purpose, Terms
from engines.orders.plan import target_quantities
from engines.orders.trade import Trade

_RESTS: Final = (OrderState.ACKNOWLEDGED, OrderState.OPEN, OrderState.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protect:
    """Put another protecting order there; of a target, with its `number`, counted from 1."""

    purpose: Purpose
    terms: Terms
    number: int | None = None


BracketStep = Protect | Cancel | Amend


def can_rest(trade: Trade) -> bool:
    """Whether a venue keeps protection for such a position: of perpetuals. Coins are watched by the desk."""
    return trade.instrument.kind is MarketKind.PERP


def bracket_steps(trade: Trade, orders: Sequence[Order]) -> list[BracketStep]:
    """What is to be done so that the venue protects all that is held, and nothing that is not. Of coins kept
    as a fee less than a lot may be left over, which no order can sell."""
    guards = [order for order in orders if is_guard(order)]
    steps = _stop_steps(trade, [order for order in guards if order.intent.purpose is Purpose.STOP])
    parts = target_quantities(trade.instrument, trade.entered, trade.targets)
    for number, (target, part) in enumerate(zip(trade.targets, parts, strict=True), 1):
        of_target = [one for one in guards if _number(one) == number]
        sold = sum((one.filled for one in of_target), Decimal(0))
        wanted = trade.instrument.quantity(min(part - sold, trade.quantity))
        terms = Terms(quantity=wanted, kind=OrderKind.LIMIT, limit_price=target.price)
        steps += _steps(of_target, terms, Purpose.TARGET, number)
    beyond = [one for one in guards if (_number(one) or 0) > len(trade.targets)]
    return [*steps, *_cancels(beyond)]


def is_guard(order: Order) -> bool:
    """Whether an order protects a position from its venue's book."""
    return order.intent.style is ExecutionStyle.PROTECTION


def covered(trade: Trade, orders: Iterable[Order], purpose: Purpose) -> Decimal:
    """How much of a position orders of that purpose protect at the venue; a stop only where it stands now."""
    live = (one for one in orders if is_guard(one) and not is_final(one.state))
    return sum(
        (
            one.left
            for one in live
            if one.intent.purpose is purpose
            and (purpose is Purpose.TARGET or one.terms.trigger_price == trade.stop)
        ),
        Decimal(0),
    )


def _stop_steps(trade: Trade, guards: Sequence[Order]) -> list[BracketStep]:
    if trade.stop is None:
        return _cancels(guards)
    whole = trade.instrument.quantity(trade.quantity)
    terms = Terms(quantity=whole, kind=OrderKind.MARKET, trigger_price=trade.stop)
    return _steps(guards, terms, Purpose.STOP, None)


def _steps(guards: Sequence[Order], wanted: Terms, purpose: Purpose, number: int | None) -> list[BracketStep]:
    """From the orders of one level to what is wanted there."""
    if wanted.quantity <= 0:
        return _cancels(guards)
    live = [order for order in guards if not is_final(order.state)]
    steps: list[BracketStep] = []
    excess = sum((order.left for order in live), Decimal(0)) - wanted.quantity
    for order in reversed(live):
        cut = min(max(excess, Decimal(0)), order.left)
        excess -= cut
        if order.state not in _RESTS:
            continue
        if cut == order.left:
            steps.append(Cancel(order_id=order.id))
        elif (terms := _moved(order, wanted, cut)) != order.terms:
            steps.append(Amend(order_id=order.id, terms=terms))
    if excess < 0:
        missing = replace(wanted, quantity=-excess)
        steps.append(Protect(purpose=purpose, terms=missing, number=number))
    return steps


def _moved(order: Order, wanted: Terms, cut: Decimal) -> Terms:
    return replace(
        order.terms,
        quantity=order.terms.quantity - cut,
        limit_price=wanted.limit_price,
        trigger_price=wanted.trigger_price,
    )


def _cancels(guards: Sequence[Order]) -> list[BracketStep]:
    return [Cancel(order_id=order.id) for order in guards if order.state in _RESTS]


def _number(order: Order) -> int | None:
    is_target = order.intent.purpose is Purpose.TARGET
    return int(order.intent.reason) if is_target and order.intent.reason.isdecimal() else None
