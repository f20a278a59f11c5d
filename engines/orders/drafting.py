"""From a proposal to an intent, once it is known what the market costs.

Pure: the desk makes its orders of a wish here, and so does a replay of history.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.core.altered import altered
from engines.orders import plan as plans
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Intent, OrderKind, Purpose
from engines.orders.plan import Plan, Problem
from engines.orders.proposal import Proposal
from engines.orders.subaccount import SubAccount
from engines.orders.trade import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a size would cost now: the best price of the other side, the average expected, and the worst at
    which it may be filled. `is_partial`: the book shows less than the size."""

    best: Decimal
    expected: Decimal
    worst: Decimal
    is_partial: bool = False


def sized(proposal: Proposal, trade: Trade, price: Decimal) -> Decimal:
    """The size on the grid at `price`, zero where it is less than a lot; what reduces is never more than is
    held."""
    quantity = proposal.quantity
    if quantity is None and proposal.notional is not None:
        quantity = proposal.notional / (proposal.limit_price or price)
    if proposal.reduce_only:
        quantity = trade.quantity if quantity is None else min(quantity, trade.quantity)
    return proposal.instrument.quantity(quantity or Decimal(0))


def intent_of(
    proposal: Proposal,
    sub_account: SubAccount,
    trade: Trade,
    quantity: Decimal,
    quote: Quote,
    *,
    now: datetime,
    expires_at: datetime | None,
) -> Intent:
    """The intent of `quantity` at a quote. `now` and `expires_at` are market time: after that it is not sent
    any more."""
    is_limit = proposal.limit_price is not None
    return Intent(
        id=intent_name(proposal.engine, proposal.key),
        owner=sub_account.owner,
        account=sub_account.account,
        engine=proposal.engine.value,
        trade_id=trade.id,
        instrument=proposal.instrument,
        side=proposal.side,
        quantity=quantity,
        kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
        purpose=Purpose.CLOSE if proposal.reduce_only else Purpose.ENTRY,
        limit_price=proposal.limit_price,
        worst_price=None if is_limit else quote.worst,
        most_cost=None if proposal.reduce_only else quantity * max(quote.worst, quote.expected),
        style=_style(proposal, is_limit=is_limit),
        decision_price=quote.best,
        max_slippage=None if is_limit else proposal.max_slippage,
        reduce_only=proposal.reduce_only,
        reason=proposal.reason,
        created_at=now,
        expires_at=expires_at,
    )


def find_problem(
    proposal: Proposal, quantity: Decimal, quote: Quote, *, most_leverage: Decimal
) -> Problem | None:
    """Why an entry cannot be as it is, as `engines.orders.plan.find_problem` says; an exit always can."""
    if proposal.reduce_only:
        return None
    plan = Plan(
        instrument=proposal.instrument,
        direction=proposal.direction,
        price=quote.expected,
        worst_price=quote.worst,
        quantity=quantity,
        leverage=proposal.leverage,
        stop=proposal.stop,
        targets=proposal.targets,
        trail_distance=proposal.trail_distance,
    )
    return plans.find_problem(plan, most_leverage=most_leverage)


def with_levels(proposal: Proposal, trade: Trade, quantity: Decimal) -> Trade:
    """The trade with what an entry of `quantity` brings along; one that has levels keeps them."""
    if proposal.reduce_only:
        return trade
    wanted = trade.wanted + quantity
    if trade.stop is not None or trade.targets or trade.trail_distance is not None:
        return altered(trade, wanted=wanted)
    return altered(
        trade,
        wanted=wanted,
        stop=proposal.stop,
        targets=proposal.targets,
        trail_distance=proposal.trail_distance,
    )


def _style(proposal: Proposal, *, is_limit: bool) -> ExecutionStyle:
    """A limit is one order, unless it is to rest."""
    if is_limit and proposal.style is not ExecutionStyle.POST_ONLY:
        return ExecutionStyle.SINGLE
    return proposal.style
