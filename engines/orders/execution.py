"""How an intent becomes orders: from the children it has to the next thing to do. Pure.

Everything is derived from the orders themselves, so that a restart in the middle goes on where it was. What
the children ask for together never exceeds the intent: a new child asks for what the intent wants less what
the ended ones were filled with and the others still may be. While it is not certain what became of a child,
nothing is done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import Toward
from engines.core.side import Side
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, Intent, Order, OrderKind, OrderState, Terms
from engines.orders.subaccount import PAPER

POST_ONLY_WOULD_TAKE: Final = "post_only_would_take"
"""The reason of a venue that refused a post-only order because the price had come to it."""

CALLED_BACK: Final = "called_back"
"""The reason of an order that somebody called back, or that was called back before its venue had it: nothing
follows."""

MOST_CHILDREN: Final = 60
"""More than any calm market needs: beyond it something else is wrong, and the intent ends."""

_RESTS: Final = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)
_ENDED_EARLY: Final = (OrderState.CANCELED, OrderState.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The best prices of both sides of a book at `at` (market time)."""

    bid: Decimal
    ask: Decimal
    at: datetime

    def own(self, side: Side) -> Decimal:
        """The best price of one's own side: where a maker joins."""
        return self.bid if side is Side.BUY else self.ask

    def other(self, side: Side) -> Decimal:
        """The best price of the other side: what a taker gets."""
        return self.ask if side is Side.BUY else self.bid


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the styles are, in real seconds: a maker is left alone for `maker_s` before what is left
    goes to the market, a resting order is moved along at most every `move_s`, what a venue did not take is
    sent again after `again_s`, and nothing follows an order that was cancelled before `settle_s`: a venue may
    tell late of what it had filled. `slippage` guards intents that do not say."""

    maker_s: float = 5.0
    move_s: float = 1.0
    again_s: float = 1.0
    settle_s: float = 0.5
    slippage: Decimal = Decimal("0.005")


USUAL: Final = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Send another child."""

    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Take a child out of the book."""

    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend:
    """Move a resting child."""

    order_id: str
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Look again when something changes, or after so many real seconds."""

    for_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to do."""


Step = Place | Cancel | Amend | Wait | Done


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What an intent is looked at with: the book where there is a fresh one, market time, and how many real
    seconds ago a market time was."""

    quote: Quote | None
    now: datetime
    age_s: Callable[[datetime], float]
    pace: Pace = USUAL


def next_step(intent: Intent, orders: Sequence[Order], moment: Moment) -> Step:
    """What to do next for `intent`, whose children so far are `orders`, the oldest first."""
    if intent.style is ExecutionStyle.PROTECTION and orders:
        return Done()  # what is missing then is another intent
    live = [order for order in orders if not is_final(order.state)]
    if live:
        return _tend(intent, orders, live[0], moment)
    if not orders:
        return _begin(intent, moment)
    last = orders[-1]
    is_enough = unspoken(intent, orders) <= 0 or len(orders) >= MOST_CHILDREN
    if is_enough or last.reason == CALLED_BACK or _is_late(intent, moment):
        return Done()
    if last.state is OrderState.ABSENT:
        return _after(moment, last, _begin_anew(intent, orders, moment))
    follow = _FOLLOWS.get(intent.style)
    return Done() if follow is None else follow(intent, orders, moment)


def first_terms(intent: Intent, quote: Quote | None, pace: Pace = USUAL) -> Terms | None:
    """What the first child asks for; `None` where that takes a fresh quote and there is none."""
    if intent.style is ExecutionStyle.SINGLE:
        return Terms.of(intent)
    if intent.style is ExecutionStyle.PROTECTION:
        return replace(Terms.of(intent), trigger_price=intent.trigger_price)
    if intent.style is ExecutionStyle.GUARDED_MARKET:
        return _market(intent, intent.quantity, quote, pace)
    return None if quote is None else _maker(intent, intent.quantity, quote, pace)


def may_go_on(order: Order) -> bool:
    """Whether another order may follow one that has ended, because its style has more than one."""
    has_more = order.intent.style in (ExecutionStyle.POST_ONLY, ExecutionStyle.MAKER_THEN_MARKET)
    return order.state is OrderState.ABSENT or (has_more and order.terms.is_post_only)


def unspoken(intent: Intent, orders: Sequence[Order]) -> Decimal:
    """How much of the intent no child has got and none may still get."""
    return intent.quantity - sum(
        (order.filled if is_final(order.state) else order.terms.quantity for order in orders), Decimal(0)
    )


def worst_price(intent: Intent, quote: Quote | None, pace: Pace = USUAL) -> Decimal | None:
    """The worst price that a guarded child may be filled at, on the grid inside it: what the intent says,
    and so much worse than what was seen when it was decided. `None` when nothing was seen at all."""
    sign = intent.side.sign
    seen = intent.decision_price or (None if quote is None else quote.other(intent.side))
    bounds = [] if intent.worst_price is None else [intent.worst_price]
    if seen is not None:
        slippage = pace.slippage if intent.max_slippage is None else intent.max_slippage
        bounds.append(seen * (1 + slippage * sign))
    if not bounds:
        return None
    inside = Toward.DOWN if sign > 0 else Toward.UP
    bound = min(bounds, key=lambda price: price * sign)
    return max(intent.instrument.price(bound, inside), intent.instrument.tick)


def _begin(intent: Intent, moment: Moment) -> Step:
    if _is_late(intent, moment):
        return Done()
    terms = first_terms(intent, moment.quote, moment.pace)
    return Wait(for_s=moment.pace.again_s) if terms is None else Place(terms=terms)


def _begin_anew(intent: Intent, orders: Sequence[Order], moment: Moment) -> Step:
    """The venue never had the last child: the same again, for what is left."""
    last = orders[-1]
    if last.terms.is_post_only:
        return _join(intent, orders, moment)
    return Place(terms=replace(last.terms, quantity=unspoken(intent, orders)))


def _after(moment: Moment, last: Order, step: Step) -> Step:
    """Not sooner than the pause between two tries."""
    rest_s = moment.pace.again_s - moment.age_s(last.updated_at)
    return Wait(for_s=rest_s) if rest_s > 0 else step


def _tend(intent: Intent, orders: Sequence[Order], child: Order, moment: Moment) -> Step:
    """A child is under way: wait for what becomes of it, move it along, or end it."""
    if child.state not in _RESTS or not child.terms.is_post_only:
        return Wait()
    if _is_late(intent, moment):
        return Cancel(order_id=child.id)
    if intent.style is ExecutionStyle.MAKER_THEN_MARKET:
        left_s = _maker_left_s(orders, moment)
        if left_s <= 0:
            return Cancel(order_id=child.id)
        return _move(intent, child, moment, most_s=left_s)
    return _move(intent, child, moment, most_s=moment.pace.move_s)


def _move(intent: Intent, child: Order, moment: Moment, *, most_s: float) -> Step:
    """Join the best price of one's own side again, when the market has left."""
    wait = Wait(for_s=min(most_s, moment.pace.move_s))
    if moment.quote is None or moment.age_s(child.updated_at) < moment.pace.move_s:
        return wait
    wanted = _maker(intent, child.terms.quantity, moment.quote, moment.pace)
    return wait if wanted.limit_price == child.terms.limit_price else Amend(order_id=child.id, terms=wanted)


def _follow_maker(intent: Intent, orders: Sequence[Order], moment: Moment) -> Step:
    """A post-only child is over: one that the price came to is put behind it again, all else is the end."""
    if orders[-1].reason != POST_ONLY_WOULD_TAKE:
        return Done()
    return _after(moment, orders[-1], _join(intent, orders, moment))


def _follow_maker_then_market(intent: Intent, orders: Sequence[Order], moment: Moment) -> Step:
    """What the maker left over goes to the market once its time is over. A maker that ended before was
    called back, and that was the end."""
    last = orders[-1]
    if last.terms.kind is OrderKind.MARKET:
        return Done()
    if last.reason == POST_ONLY_WOULD_TAKE and _maker_left_s(orders, moment) > 0:
        return _after(moment, last, _join(intent, orders, moment))
    lived_s = moment.age_s(orders[0].created_at) - moment.age_s(last.updated_at)
    if last.reason != POST_ONLY_WOULD_TAKE and lived_s < moment.pace.maker_s:
        return Done()
    terms = _market(intent, unspoken(intent, orders), moment.quote, moment.pace)
    if terms is None:
        return Wait(for_s=moment.pace.again_s)
    return Done() if _is_dust(intent, terms) else _once_settled(moment, last, Place(terms=terms))


def _once_settled(moment: Moment, last: Order, step: Step) -> Step:
    """Not before everything that was filled of a cancelled order is told. On paper it is told at once."""
    if not may_be_told_late(last):
        return step
    rest_s = moment.pace.settle_s - moment.age_s(last.updated_at)
    return Wait(for_s=rest_s) if rest_s > 0 else step


def may_be_told_late(order: Order) -> bool:
    """Whether its venue may still tell of something that it filled before the order ended."""
    return order.state in _ENDED_EARLY and order.intent.account != PAPER


def _join(intent: Intent, orders: Sequence[Order], moment: Moment) -> Step:
    if moment.quote is None:
        return Wait(for_s=moment.pace.again_s)
    terms = _maker(intent, unspoken(intent, orders), moment.quote, moment.pace)
    return Done() if _is_dust(intent, terms) else Place(terms=terms)


def _maker(intent: Intent, quantity: Decimal, quote: Quote, pace: Pace) -> Terms:
    """At the best price of one's own side, but never worse than the intent allows."""
    sign = intent.side.sign
    bounds = [quote.own(intent.side), intent.limit_price, worst_price(intent, quote, pace)]
    price = min((bound for bound in bounds if bound is not None), key=lambda one: one * sign)
    return Terms(quantity=quantity, kind=OrderKind.LIMIT, limit_price=price, is_post_only=True)


def _market(intent: Intent, quantity: Decimal, quote: Quote | None, pace: Pace) -> Terms | None:
    worst = worst_price(intent, quote, pace)
    return None if worst is None else Terms(quantity=quantity, kind=OrderKind.MARKET, worst_price=worst)


def _is_dust(intent: Intent, terms: Terms) -> bool:
    """Whether what is left is too little for the venue; a position is left at any size."""
    price = terms.limit_price or terms.worst_price
    assert price is not None
    return not intent.reduce_only and terms.quantity * price < intent.instrument.min_notional


def _maker_left_s(orders: Sequence[Order], moment: Moment) -> float:
    return moment.pace.maker_s - moment.age_s(orders[0].created_at)


def _is_late(intent: Intent, moment: Moment) -> bool:
    return intent.expires_at is not None and moment.now > intent.expires_at


_FOLLOWS: Final = {
    ExecutionStyle.POST_ONLY: _follow_maker,
    ExecutionStyle.MAKER_THEN_MARKET: _follow_maker_then_market,
}
