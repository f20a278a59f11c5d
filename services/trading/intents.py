"""Intents of trades: what every one of them has in common follows from its trade."""

from datetime import datetime
from decimal import Decimal

from engines.orders.order import Intent, OrderKind, Purpose
from engines.orders.subaccount import PAPER, PERSON, engine_of
from engines.orders.trade import Trade


def intent_of(
    trade: Trade,
    name: str,
    purpose: Purpose,
    quantity: Decimal,
    at: datetime,
    *,
    account: str = PAPER,
    kind: OrderKind = OrderKind.MARKET,
    limit_price: Decimal | None = None,
    worst_price: Decimal | None = None,
    trigger_price: Decimal | None = None,
    most_cost: Decimal | None = None,
    reason: str = "",
    expires_at: datetime | None = None,
) -> Intent:
    """An intent `name` to enter `trade`, or else to leave it, which only ever reduces it: of
    whole lots, for dust cannot be sold."""
    is_entry = purpose is Purpose.ENTRY
    return Intent(
        id=name,
        owner=trade.owner,
        account=account,
        engine=engine_of(trade.owner) or PERSON,
        trade_id=trade.id,
        instrument=trade.instrument,
        side=trade.direction.entry if is_entry else trade.direction.exit,
        quantity=quantity if is_entry else trade.instrument.quantity(quantity),
        kind=kind,
        purpose=purpose,
        limit_price=limit_price,
        worst_price=worst_price,
        trigger_price=trigger_price,
        most_cost=most_cost,
        reduce_only=not is_entry,
        reason=reason,
        created_at=at,
        expires_at=expires_at,
    )
