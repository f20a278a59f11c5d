"""Styles: what an intent does next, from the children it has."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Side
from engines.orders.execution import (
    POST_ONLY_WOULD_TAKE,
    Amend,
    Cancel,
    Done,
    Moment,
    Place,
    Quote,
    Wait,
    first_terms,
    next_step,
    unspoken,
    worst_price,
)
from engines.orders.order import ExecutionStyle, Intent, Order, OrderKind, OrderState, Terms
from tests.build.orders import NOW, after, an_intent, an_order

QUOTE = Quote(bid=Decimal(100), ask=Decimal("100.2"), at=NOW)
MAKER, TAKER, POST = (
    ExecutionStyle.MAKER_THEN_MARKET,
    ExecutionStyle.GUARDED_MARKET,
    ExecutionStyle.POST_ONLY,
)
S = OrderState


def moment(seconds: float = 0, quote: Quote | None = QUOTE) -> Moment:
    """So many seconds after `NOW`."""
    now = after(seconds)

    def age_s(at: datetime) -> float:
        return (now - at).total_seconds()

    return Moment(quote=quote, now=now, age_s=age_s)


def wish(style: ExecutionStyle, **changes: Any) -> Intent:
    return an_intent(style=style, **changes)


def child(intent: Intent, state: OrderState, terms: Terms | None = None, **changes: Any) -> Order:
    """The maker's order of an intent at the bid, unless other terms are given."""
    usual = Terms(quantity=intent.quantity, kind=OrderKind.LIMIT, limit_price=Decimal(100), is_post_only=True)
    return replace(an_order(state, intent=intent), terms=terms or usual, **changes)


def test_a_guarded_order_is_filled_no_worse_than_half_a_percent_from_what_was_seen() -> None:
    seen = wish(TAKER, decision_price=Decimal(100))
    assert next_step(seen, [], moment(quote=None)) == Place(
        terms=Terms(quantity=Decimal(1), kind=OrderKind.MARKET, worst_price=Decimal("100.5"))
    )
    sale = replace(seen, side=Side.SELL, max_slippage=Decimal("0.01"))
    assert worst_price(sale, None) == Decimal("99.0")
    assert worst_price(replace(sale, worst_price=Decimal("99.4")), None) == Decimal("99.4")


def test_without_a_price_nobody_trades_at_the_market() -> None:
    assert first_terms(wish(TAKER), None) is None
    assert next_step(wish(TAKER), [], moment(quote=None)) == Wait(for_s=1.0)


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "100"), (Side.SELL, "100.2")])
def test_a_maker_joins_its_own_side_and_never_takes(side: Side, price: str) -> None:
    terms = first_terms(wish(POST, side=side), QUOTE)
    assert terms == Terms(
        quantity=Decimal(1), kind=OrderKind.LIMIT, limit_price=Decimal(price), is_post_only=True
    )


def test_a_maker_is_moved_along_but_not_beyond_its_limit() -> None:
    intent = wish(POST, limit_price=Decimal("100.5"))
    resting = child(intent, S.OPEN)
    moved = Quote(bid=Decimal(101), ask=Decimal("101.2"), at=NOW)
    assert next_step(intent, [resting], moment(0.5, moved)) == Wait(for_s=1.0)
    step = next_step(intent, [resting], moment(2, moved))
    assert step == Amend(order_id=resting.id, terms=replace(resting.terms, limit_price=Decimal("100.5")))
    assert next_step(intent, [resting], moment(2)) == Wait(for_s=1.0)


def test_what_a_maker_left_over_goes_to_the_market_after_five_seconds() -> None:
    intent = wish(MAKER)
    resting = child(intent, S.PARTIALLY_FILLED, filled=Decimal("0.4"), fill_ids=("a",))
    assert isinstance(next_step(intent, [resting], moment(4)), Wait)
    assert next_step(intent, [resting], moment(5)) == Cancel(order_id=resting.id)
    pending = replace(resting, state=S.CANCEL_PENDING)
    assert next_step(intent, [pending], moment(6)) == Wait()
    ended = replace(resting, state=S.CANCELED, updated_at=after(6))
    assert next_step(intent, [ended], moment(6)) == Place(
        terms=Terms(quantity=Decimal("0.6"), kind=OrderKind.MARKET, worst_price=Decimal("100.7"))
    )


def test_a_venue_may_tell_late_what_a_cancelled_maker_was_filled_with() -> None:
    intent = wish(MAKER, account="bybit")
    ended = child(intent, S.CANCELED, updated_at=after(6))
    assert next_step(intent, [ended], moment(6.25)) == Wait(for_s=0.25)
    assert isinstance(next_step(intent, [ended], moment(6.5)), Place)


def test_a_maker_that_was_called_back_early_does_not_go_to_the_market() -> None:
    intent = wish(MAKER)
    ended = child(intent, S.CANCELED, updated_at=after(2))
    assert next_step(intent, [ended], moment(60)) == Done()


def test_a_maker_that_the_price_came_to_is_put_behind_it_again() -> None:
    intent = wish(POST)
    refused = child(intent, S.REJECTED, reason=POST_ONLY_WOULD_TAKE)
    assert next_step(intent, [refused], moment(0.2)) == Wait(for_s=0.8)
    assert isinstance(next_step(intent, [refused], moment(1.5)), Place)
    other = child(intent, S.REJECTED, reason="insufficient_funds")
    assert next_step(intent, [other], moment(1.5)) == Done()


@pytest.mark.parametrize("state", [S.SENT, S.UNKNOWN, S.CANCEL_PENDING, S.ACKNOWLEDGED])
@pytest.mark.parametrize("style", [MAKER, TAKER, POST, ExecutionStyle.SINGLE])
def test_nothing_is_done_while_nobody_is_sure(state: OrderState, style: ExecutionStyle) -> None:
    intent = wish(style)
    assert next_step(intent, [child(intent, state)], moment(60)) == Wait()


def test_what_the_venue_never_had_is_sent_again_after_a_pause() -> None:
    intent = wish(ExecutionStyle.SINGLE)
    absent = child(intent, S.ABSENT, Terms.of(intent))
    assert next_step(intent, [absent], moment(0.5)) == Wait(for_s=0.5)
    assert next_step(intent, [absent], moment(2)) == Place(terms=Terms.of(intent))
    late = replace(intent, expires_at=after(1))
    assert next_step(late, [absent], moment(2)) == Done()


def test_an_expired_maker_leaves_the_book() -> None:
    intent = wish(POST, expires_at=after(10))
    assert next_step(intent, [child(intent, S.OPEN)], moment(11)) == Cancel(order_id="t12-1")


def test_dust_is_left_alone() -> None:
    intent = wish(MAKER)
    ended = child(intent, S.CANCELED, filled=Decimal("0.99"), fill_ids=("a",), updated_at=after(6))
    assert next_step(intent, [ended], moment(6)) == Done()
    leaving = replace(intent, reduce_only=True)
    assert isinstance(next_step(leaving, [replace(ended, intent=leaving)], moment(6)), Place)


endings = st.sampled_from([S.CANCELED, S.REJECTED, S.EXPIRED, S.ABSENT, S.FILLED])


@given(
    style=st.sampled_from([ExecutionStyle.SINGLE, TAKER, POST, MAKER]),
    story=st.lists(st.tuples(endings, st.integers(0, 1000), st.booleans()), max_size=12),
)
def test_children_together_never_ask_for_more_than_the_intent(
    style: ExecutionStyle, story: list[tuple[OrderState, int, bool]]
) -> None:
    intent, orders, seconds = wish(style), list[Order](), 0.0
    for state, share, is_taken in story:
        seconds += 2
        step = next_step(intent, orders, moment(seconds))
        if isinstance(step, Place):
            left = step.terms.quantity
            before = unspoken(intent, orders)
            assert 0 < left <= before
            filled = left if state is S.FILLED else intent.instrument.quantity(left * share / 1001)
            filled = Decimal(0) if state in (S.REJECTED, S.ABSENT) else filled
            reason = POST_ONLY_WOULD_TAKE if is_taken else ""
            orders.append(
                child(
                    intent,
                    state,
                    step.terms,
                    id=f"t12-{len(orders) + 1}",
                    filled=filled,
                    reason=reason,
                    created_at=after(seconds),
                    updated_at=after(seconds + 1),
                )
            )
        assert sum((order.filled for order in orders), Decimal(0)) <= intent.quantity
