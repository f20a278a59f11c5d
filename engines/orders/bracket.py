"""What protects a position at its venue: orders that should rest there, and the way from those that do. Pure.

A stop is a reduce-only market order that sleeps at its trigger, a target a reduce-only limit. An order is
never made larger than its intent, so more of a position gets another order; less of it makes orders smaller.
An order that nobody is sure of counts as there: a second one could sell twice.

On spot no order is reduce-only, and coins are sold by whatever asks first. So only the stop rests there, for
what no other exit is about to sell; targets are watched by the desk, because a limit would hold the coins
that the stop needs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from engines.core.instrument import MarketKind
from engines.orders.execution import Amend, Cancel
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, Order, OrderKind, OrderState, Purpose, Terms
from engines.orders.plan import target_quantities
from engines.orders.trade import Trade

_RESTS: Final = (OrderState.ACKNOWLEDGED, OrderState.OPEN, OrderState.PARTIALLY_FILLED)
_WAITS: Final = (OrderState.CREATED, OrderState.VALIDATED, OrderState.AWAITING_APPROVAL)
_LAG: Final = Decimal("0.1")
"""How far a stop that trails may stay behind where it cannot be moved: that part of its distance."""
_RENEWED: Final = Decimal("0.6")
"""The part of its life at a venue after which an order that sleeps there is put there anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """How a venue keeps orders that wait for a trigger: whether one can be changed there, and for how long it
    is kept (`None`: until it wakes)."""

    can_change: bool = True
    lasts: timedelta | None = None

    def is_old(self, order: Order, now: datetime) -> bool:
        """Whether the venue would soon drop an order that sleeps."""
        if self.lasts is None or order.terms.trigger_price is None:
            return False
        return now - order.created_at >= self.lasts * float(_RENEWED)


SOUND: Final = Sleep()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protect:
    """Put another protecting order there; of a target, with its `number`, counted from 1."""

    purpose: Purpose
    terms: Terms
    number: int | None = None


BracketStep = Protect | Cancel | Amend


def bracket_steps(
    trade: Trade, orders: Sequence[Order], now: datetime, sleep: Sleep = SOUND
) -> list[BracketStep]:
    """What is to be done so that the venue protects all that is held, and nothing that is not. Of coins kept
    as a fee less than a lot may be left over, which no order can sell. `sleep` is how the venue keeps what
    waits for its trigger."""
    guards = [order for order in orders if is_guard(order)]
    steps = _stop_steps(trade, orders, now, sleep)
    if trade.instrument.kind is MarketKind.SPOT:
        return steps
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


def covers(trade: Trade, orders: Iterable[Order], purpose: Purpose) -> bool:
    """Whether orders of that purpose protect a position at the venue: targets as far as they are there, a
    stop only where it stands now, for all that can be sold."""
    live = [one for one in orders if is_guard(one) and not is_final(one.state)]
    if purpose is Purpose.TARGET:
        return any(one.intent.purpose is purpose for one in live)
    stops = [
        one for one in live if one.intent.purpose is Purpose.STOP and one.terms.trigger_price == trade.stop
    ]
    return bool(stops) and _left(stops) >= trade.instrument.quantity(trade.quantity)


def _stop_steps(trade: Trade, orders: Sequence[Order], now: datetime, sleep: Sleep) -> list[BracketStep]:
    guards = [one for one in orders if is_guard(one) and one.intent.purpose is Purpose.STOP]
    if trade.stop is None:
        return _cancels(guards)
    if old := _cancels([one for one in guards if sleep.is_old(one, now)]):
        return old
    wanted = Terms(
        quantity=_to_be_stopped(trade, trade.stop, orders), kind=OrderKind.MARKET, trigger_price=trade.stop
    )
    if not sleep.can_change:
        wanted = _lagging(trade, guards, wanted)
    steps = _steps(guards, wanted, Purpose.STOP, None)
    if trade.instrument.kind is MarketKind.SPOT and _is_too_fine(steps, trade, guards):
        return _cancels(guards)
    if sleep.can_change:
        return steps
    return [Cancel(order_id=one.order_id) if isinstance(one, Amend) else one for one in steps]


def _is_too_fine(steps: Sequence[BracketStep], trade: Trade, guards: Sequence[Order]) -> bool:
    """Whether coins should be stopped by one new order in place of those there: where one would be cut, or
    what is missing is too little for an order."""
    sizes = {one.id: one.terms.quantity for one in guards}
    return any(
        step.terms.quantity < sizes[step.order_id]
        if isinstance(step, Amend)
        else isinstance(step, Protect)
        and step.terms.quantity * (trade.stop or 0) < trade.instrument.min_notional
        for step in steps
    )


def _to_be_stopped(trade: Trade, stop: Decimal, orders: Sequence[Order]) -> Decimal:
    """How much the stop at the venue is to sell: all; of coins what no other exit sells, where that is not
    too little for an order."""
    instrument = trade.instrument
    if instrument.kind is MarketKind.PERP:
        return instrument.quantity(trade.quantity)
    exits = [one for one in orders if one.intent.reduce_only and not is_guard(one)]
    leaving = _left([one for one in exits if not is_final(one.state) and one.state not in _WAITS])
    rest = instrument.quantity(max(trade.quantity - leaving, Decimal(0)))
    return rest if rest * stop >= instrument.min_notional else Decimal(0)


def _lagging(trade: Trade, guards: Sequence[Order], wanted: Terms) -> Terms:
    """Where a stop that trails is put: it stays where it is while it is not far behind, for every move of it
    leaves the position bare for a moment. The desk watches the level itself meanwhile."""
    rests = [one.terms.trigger_price for one in guards if one.state in _RESTS]
    at = rests[-1] if rests else None
    if at is None or trade.trail_distance is None or wanted.trigger_price is None:
        return wanted
    is_near = abs(wanted.trigger_price - at) <= trade.trail_distance * _LAG
    return replace(wanted, trigger_price=at) if is_near else wanted


def _left(orders: Iterable[Order]) -> Decimal:
    return sum((one.left for one in orders), Decimal(0))


def _steps(guards: Sequence[Order], wanted: Terms, purpose: Purpose, number: int | None) -> list[BracketStep]:
    """From the orders of one level to what is wanted there."""
    if wanted.quantity <= 0:
        return _cancels(guards)
    live = [order for order in guards if not is_final(order.state)]
    steps: list[BracketStep] = []
    excess = _left(live) - wanted.quantity
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
