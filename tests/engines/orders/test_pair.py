"""A pair: both legs whole, or both back."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Side
from engines.orders.order import Intent, Order, OrderState
from engines.orders.pair import (
    CompleteLeg,
    Even,
    Leg,
    OnFailure,
    Pair,
    StopLeg,
    UnwindLeg,
    Waiting,
    is_hedged,
    pair_step,
    unhedged,
    unhedged_since,
)
from tests.build.orders import after, an_intent, an_order

LONG = an_intent(id="ppa", quantity=Decimal(2))
SHORT = an_intent(id="ppb", quantity=Decimal(2), side=Side.SELL)
S = OrderState


def an_order_of(intent: Intent, state: OrderState, filled: object = 0, **changes: object) -> Order:
    return an_order(state, intent=intent, filled=Decimal(str(filled)), **changes)


def a_leg(intent: Intent, state: OrderState, filled: object = 0, **changes: object) -> Leg:
    return Leg(intent=intent, orders=(an_order_of(intent, state, filled),), **changes)  # type: ignore[arg-type]  # fields of a leg


def a_pair(first: Leg, second: Leg, on_failure: OnFailure = OnFailure.UNWIND) -> Pair:
    return Pair(id="pp", first=first, second=second, on_failure=on_failure, unhedged_s=10)


def test_two_whole_legs_are_even() -> None:
    pair = a_pair(a_leg(LONG, S.FILLED, 2), a_leg(SHORT, S.FILLED, 2))
    assert pair_step(pair, unhedged_for_s=99) == Even()
    assert unhedged_since(pair) is None


def test_as_much_of_each_is_waited_for() -> None:
    pair = a_pair(a_leg(LONG, S.PARTIALLY_FILLED, 1), a_leg(SHORT, S.PARTIALLY_FILLED, 1))
    assert pair_step(pair, unhedged_for_s=99) == Waiting()


def test_nothing_is_decided_while_an_order_is_uncertain() -> None:
    for state in (S.SENT, S.UNKNOWN, S.CANCEL_PENDING):
        pair = a_pair(a_leg(LONG, S.FILLED, 2), a_leg(SHORT, state))
        assert pair_step(pair, unhedged_for_s=99) == Waiting()


def test_a_leg_that_takes_too_long_is_stopped() -> None:
    pair = a_pair(a_leg(LONG, S.FILLED, 2), a_leg(SHORT, S.OPEN, "0.5"))
    assert pair_step(pair, unhedged_for_s=9.9) == Waiting()
    assert pair_step(pair, unhedged_for_s=10) == StopLeg(intent_id="ppb")


def test_a_leg_that_goes_on_after_its_order_is_not_over() -> None:
    gap = a_leg(SHORT, S.CANCELED, followed=frozenset({"ppb-1"}))
    pair = a_pair(a_leg(LONG, S.FILLED, 2), gap)
    assert pair_step(pair, unhedged_for_s=9.9) == Waiting()
    assert pair_step(pair, unhedged_for_s=10) == StopLeg(intent_id="ppb")
    even = a_pair(a_leg(LONG, S.CANCELED), gap)
    assert pair_step(even, unhedged_for_s=99) == Waiting()


def test_what_is_ahead_is_stopped_before_it_is_taken_back() -> None:
    pair = a_pair(a_leg(LONG, S.PARTIALLY_FILLED, 1), a_leg(SHORT, S.REJECTED))
    assert pair_step(pair, unhedged_for_s=0) == StopLeg(intent_id="ppa")


def test_a_failed_leg_takes_the_other_back() -> None:
    pair = a_pair(a_leg(LONG, S.CANCELED, "0.5"), a_leg(SHORT, S.FILLED, 2))
    assert pair_step(pair, unhedged_for_s=0) == UnwindLeg(intent_id="ppb", quantity=Decimal("1.5"))


def test_a_failed_leg_is_completed_once_where_that_is_wished() -> None:
    pair = a_pair(a_leg(LONG, S.FILLED, 2), a_leg(SHORT, S.REJECTED), OnFailure.COMPLETE)
    assert pair_step(pair, unhedged_for_s=0) == CompleteLeg(intent_id="ppb", quantity=Decimal(2))
    again = an_order_of(replace(SHORT, id="ppbc"), S.REJECTED)
    tried = replace(pair, second=replace(pair.second, orders=(*pair.second.orders, again)))
    assert pair_step(tried, unhedged_for_s=0) == UnwindLeg(intent_id="ppa", quantity=Decimal(2))


def test_legs_of_other_coins_are_compared_by_weight() -> None:
    ten = a_leg(replace(LONG, quantity=Decimal(20)), S.FILLED, 20, weight=Decimal("0.1"))
    assert is_hedged(a_pair(ten, a_leg(SHORT, S.FILLED, 2)))
    short = a_pair(ten, a_leg(SHORT, S.CANCELED, 1))
    assert pair_step(short, unhedged_for_s=0) == UnwindLeg(intent_id="ppa", quantity=Decimal(10))


def test_less_than_a_lot_is_even() -> None:
    pair = a_pair(a_leg(LONG, S.FILLED, "2.0004"), a_leg(SHORT, S.FILLED, 2))
    assert pair_step(pair, unhedged_for_s=99) == Even()


def test_it_has_been_unhedged_since_the_first_fill_of_the_leg_ahead() -> None:
    ahead = Leg(intent=LONG, orders=(an_order_of(LONG, S.FILLED, 2, updated_at=after(3)),))
    assert unhedged_since(a_pair(ahead, a_leg(SHORT, S.OPEN))) == after(3)


def test_an_order_that_is_filled_further_does_not_begin_the_time_anew() -> None:
    ahead = Leg(intent=LONG, orders=(an_order_of(LONG, S.PARTIALLY_FILLED, 1, updated_at=after(9)),))
    pair = a_pair(ahead, a_leg(SHORT, S.OPEN))
    assert unhedged_since(pair, after(3)) == after(3)
    assert unhedged_since(a_pair(ahead, a_leg(SHORT, S.PARTIALLY_FILLED, 1)), after(3)) is None


def _filled_of(wanted: Decimal, share: int) -> Decimal:
    return LONG.instrument.quantity(wanted * share / 100)


def _ended(intent: Intent, share: int, end: OrderState) -> Leg:
    filled = _filled_of(intent.quantity, share)
    return a_leg(intent, S.FILLED if filled == intent.quantity else end, filled)


def _bought(leg: Leg, quantity: Decimal, share: int, name: str) -> Leg:
    """The leg after another try at the market that found so much depth."""
    intent = replace(leg.intent, id=name, quantity=quantity)
    got = _filled_of(quantity, share)
    state = S.FILLED if got == quantity else S.CANCELED
    return replace(leg, orders=(*leg.orders, an_order_of(intent, state, got)))


def _taken_back(leg: Leg, quantity: Decimal, share: int, name: str) -> Leg:
    """The leg after an order that only reduces; there is never more to take back than it stands for."""
    assert 0 < quantity <= leg.filled
    intent = replace(leg.intent, id=name, side=leg.intent.side.opposite, quantity=quantity, reduce_only=True)
    got = max(_filled_of(quantity, share), intent.instrument.lot)
    state = S.FILLED if got == quantity else S.CANCELED
    return replace(leg, unwinding=(*leg.unwinding, an_order_of(intent, state, got)))


def _carried_out(pair: Pair, shares: Sequence[int]) -> Pair:
    """Do what the pair asks for until it is even; of each order only a share (per cent) finds depth, and all
    of it in the end."""
    for place in range(200):
        share = shares[place] if place < len(shares) else 100
        step = pair_step(pair, unhedged_for_s=99)
        if isinstance(step, Even):
            return pair
        assert not isinstance(step, Waiting)
        is_first = step.intent_id == pair.first.intent.id
        leg = pair.first if is_first else pair.second
        match step:
            case StopLeg():
                ended = tuple(
                    one if one.state is S.FILLED else replace(one, state=S.CANCELED) for one in leg.orders
                )
                leg = replace(leg, orders=ended)
            case CompleteLeg(quantity=quantity):
                leg = _bought(leg, quantity, share, f"{leg.intent.id}c")
            case UnwindLeg(quantity=quantity):
                leg = _taken_back(leg, quantity, share, f"{leg.intent.id}u{place}")
        pair = replace(pair, first=leg) if is_first else replace(pair, second=leg)
    raise AssertionError("it never became even")


shares = st.integers(0, 100)
endings = st.sampled_from([S.CANCELED, S.REJECTED, S.EXPIRED, S.OPEN])


@given(shares, shares, endings, endings, st.sampled_from(OnFailure), st.lists(shares, max_size=8))
def test_it_ends_even_whatever_is_filled(
    one: int,
    other: int,
    end_one: OrderState,
    end_other: OrderState,
    on_failure: OnFailure,
    depth: list[int],
) -> None:
    pair = a_pair(_ended(LONG, one, end_one), _ended(SHORT, other, end_other), on_failure)
    if pair_step(pair, unhedged_for_s=99) == Waiting():
        return  # both are under way and as far as each other
    pair = _carried_out(pair, depth)
    assert abs(unhedged(pair)) < LONG.instrument.lot
    assert all(0 <= leg.filled <= leg.intent.quantity for leg in (pair.first, pair.second))
