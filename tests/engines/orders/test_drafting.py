"""From a proposal to an intent: sizes, kinds, levels."""

from decimal import Decimal
from typing import Any

import pytest

from engines.core.side import Side
from engines.orders.drafting import Quote, find_problem, intent_of, sized, with_levels
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Intent, OrderKind, Purpose
from engines.orders.plan import Problem
from engines.orders.proposal import Proposal
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.orders.trade import Target
from tests.build.orders import NOW, PERP, a_trade, after

D = Decimal
HERE = SubAccount(engine=EngineName.TREND, account=PAPER)
QUOTE = Quote(best=D(100), expected=D("100.1"), worst=D("100.5"))


def a_wish(**fields: Any) -> Proposal:
    """The trend engine buys for 1,000 USDT at the market."""
    usual: dict[str, Any] = {
        "key": "cross",
        "engine": EngineName.TREND,
        "instrument": PERP,
        "side": Side.BUY,
        "notional": D(1000),
        "reason": "up-cross",
    }
    return Proposal(**usual | fields)


def drafted(wish: Proposal) -> Intent:
    return intent_of(wish, HERE, a_trade(), D(10), QUOTE, now=NOW, expires_at=after(60))


@pytest.mark.parametrize(
    ("wish", "quantity"),
    [
        (a_wish(), D("9.990")),
        (a_wish(limit_price=D(80)), D("12.500")),
        (a_wish(notional=D("0.05")), D(0)),
        (a_wish(quantity=D("1.23456")), D("1.234")),
        (a_wish(side=Side.SELL, reduce_only=True), D(2)),
        (a_wish(side=Side.SELL, notional=None, quantity=D(5), reduce_only=True), D(2)),
        (a_wish(side=Side.SELL, notional=None, reduce_only=True), D(2)),
    ],
)
def test_a_size_lies_on_the_grid_and_what_reduces_within_what_is_held(
    wish: Proposal, quantity: Decimal
) -> None:
    assert sized(wish, a_trade(quantity=D(2)), D("100.1")) == quantity


def test_at_the_market_it_is_guarded_by_the_worst_price() -> None:
    intent = drafted(a_wish())
    assert (intent.id, intent.owner, intent.account) == (intent_name("trend", "cross"), HERE.owner, PAPER)
    assert (intent.kind, intent.style) == (OrderKind.MARKET, ExecutionStyle.GUARDED_MARKET)
    assert (intent.worst_price, intent.decision_price, intent.most_cost) == (D("100.5"), D(100), D(1005))
    assert (intent.created_at, intent.expires_at, intent.reason) == (NOW, after(60), "up-cross")


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        (ExecutionStyle.GUARDED_MARKET, ExecutionStyle.SINGLE),
        (ExecutionStyle.POST_ONLY, ExecutionStyle.POST_ONLY),
    ],
)
def test_a_limit_is_one_order_unless_it_is_to_rest(style: ExecutionStyle, kept: ExecutionStyle) -> None:
    intent = drafted(a_wish(limit_price=D(98), style=style))
    assert (intent.kind, intent.style, intent.limit_price) == (OrderKind.LIMIT, kept, D(98))
    assert (intent.worst_price, intent.max_slippage) == (None, None)


def test_what_reduces_is_a_close_that_needs_no_cost() -> None:
    intent = drafted(a_wish(side=Side.SELL, reduce_only=True))
    assert (intent.purpose, intent.reduce_only, intent.most_cost) == (Purpose.CLOSE, True, None)


def test_an_entry_that_cannot_be_is_told_and_what_reduces_always_can() -> None:
    beyond = a_wish(stop=D(101))
    problem = find_problem(beyond, D(10), QUOTE, most_leverage=D(3))
    assert problem == Problem(code="stop_wrong_side", params={"stop": D(101), "price": D("100.1")})
    out = a_wish(side=Side.SELL, stop=D(101), reduce_only=True)
    assert find_problem(out, D(10), QUOTE, most_leverage=D(3)) is None


def test_levels_come_with_the_first_entry_and_stay() -> None:
    wish = a_wish(stop=D(90), targets=(Target(price=D(120), share=D(1)),), trail_distance=D(4))
    opened = with_levels(wish, a_trade(wanted=D(0)), D(10))
    assert (opened.wanted, opened.stop, opened.targets) == (D(10), D(90), wish.targets)
    assert opened.trail_distance == D(4)

    more = with_levels(a_wish(stop=D(95), trail_distance=D(1)), opened, D(5))
    assert (more.wanted, more.stop, more.trail_distance) == (D(15), D(90), D(4))
    assert with_levels(a_wish(side=Side.SELL, stop=D(95), reduce_only=True), opened, D(5)) is opened
