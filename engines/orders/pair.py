"""Two legs that belong together: long here, short there. Pure.

While one leg is ahead of the other the pair is unhedged. It is brought even again: by completing the leg that
is behind, or, when that cannot be done, by unwinding the leg that is ahead, with orders that only reduce. An
order that nobody is sure of may be filled or not, so nothing is decided until it is certain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from engines.orders.lifecycle import is_final
from engines.orders.order import Intent, Order, OrderState

_UNCERTAIN: Final = (OrderState.SENT, OrderState.UNKNOWN, OrderState.CANCEL_PENDING)


class OnFailure(StrEnum):
    """What a pair does when one leg fails."""

    UNWIND = "unwind"
    """Take back what the other leg has."""
    COMPLETE = "complete"
    """Try the failed leg again at the market; unwind when that fails too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg: its intent, its orders and those of later tries, and those that took back. `weight` turns its
    base coins into what the legs have in common (1 where both are of the same coin). `followed` are the ids
    of orders that are over but whose intents go on: the market after a maker, the next try."""

    intent: Intent
    orders: tuple[Order, ...] = ()
    unwinding: tuple[Order, ...] = ()
    weight: Decimal = Decimal(1)
    followed: frozenset[str] = frozenset()

    @property
    def filled(self) -> Decimal:
        """Base coins that it stands for now: what was filled less what was taken back."""
        return _filled(self.orders) - _filled(self.unwinding)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is under way, nor will be by itself."""
        return not self.followed and all(is_final(order.state) for order in (*self.orders, *self.unwinding))

    @property
    def is_certain(self) -> bool:
        """Whether it is known of every order what became of it so far."""
        return not any(order.state in _UNCERTAIN for order in (*self.orders, *self.unwinding))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both legs. `unhedged_s` is how long (wire seconds) one may be ahead of the other."""

    id: str
    first: Leg
    second: Leg
    on_failure: OnFailure = OnFailure.UNWIND
    unhedged_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLeg:
    """Take what is left of a leg out of the book, and let nothing follow: it took too long."""

    intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteLeg:
    """Send `quantity` more of a leg at the market."""

    intent_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class UnwindLeg:
    """Take `quantity` of a leg back, with an order that only reduces."""

    intent_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something is under way, or nobody knows yet what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Even:
    """Both legs are over and stand for the same."""


PairStep = StopLeg | CompleteLeg | UnwindLeg | Waiting | Even


def unhedged(pair: Pair) -> Decimal:
    """How far the first leg is ahead of the second in what they have in common (negative: behind)."""
    return pair.first.filled * pair.first.weight - pair.second.filled * pair.second.weight


def is_hedged(pair: Pair) -> bool:
    """Whether the legs stand for the same, as far as their lots allow."""
    return abs(unhedged(pair)) < _grain(pair)


def unhedged_since(pair: Pair, before: datetime | None = None) -> datetime | None:
    """Since when (market time) one leg is ahead, `None` while the pair is even. `before` is what it was when
    the pair was looked at last: an order that is filled further, or moved, does not begin the time anew."""
    if is_hedged(pair):
        return None
    ahead = pair.first if unhedged(pair) > 0 else pair.second
    times = [order.updated_at for order in (*ahead.orders, *ahead.unwinding) if order.filled]
    return min((one for one in (before, *times) if one is not None), default=None)


def pair_step(pair: Pair, *, unhedged_for_s: float) -> PairStep:
    """What to do next for a pair one leg of which has been ahead for so long."""
    legs = pair.first, pair.second
    if is_hedged(pair):
        return Even() if all(leg.is_over for leg in legs) else Waiting()
    ahead, behind = legs if unhedged(pair) > 0 else legs[::-1]
    if not (ahead.is_certain and behind.is_certain):
        return Waiting()
    if not behind.is_over:
        is_late = unhedged_for_s >= pair.unhedged_s
        return StopLeg(intent_id=behind.intent.id) if is_late else Waiting()
    return _even_out(pair, ahead, behind)


def _even_out(pair: Pair, ahead: Leg, behind: Leg) -> PairStep:
    """Nothing more comes of the leg that is behind: try it once more, or take back the other's surplus."""
    if not ahead.is_over:
        return StopLeg(intent_id=ahead.intent.id)
    gap = abs(unhedged(pair))
    missing = behind.intent.instrument.quantity(gap / behind.weight)
    has_tried = len({order.intent.id for order in behind.orders}) > 1
    if pair.on_failure is OnFailure.COMPLETE and not has_tried and missing > 0:
        return CompleteLeg(intent_id=behind.intent.id, quantity=missing)
    surplus = ahead.intent.instrument.quantity(gap / ahead.weight)
    return UnwindLeg(intent_id=ahead.intent.id, quantity=surplus) if surplus > 0 else Even()


def _grain(pair: Pair) -> Decimal:
    """The smallest difference that an order can even out."""
    return max(leg.intent.instrument.lot * leg.weight for leg in (pair.first, pair.second))


def _filled(orders: Sequence[Order]) -> Decimal:
    return sum((order.filled for order in orders), Decimal(0))
