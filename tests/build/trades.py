"""Builders of trades, intents, orders, fills and ledger entries."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from engines.core.side import Direction, Side
from engines.ledger.entry import Entry, EntryKind, Posting
from engines.orders.order import Fill, Intent, Liquidity, Order, OrderKind, OrderState, Purpose, Terms
from engines.orders.trade import Target, Trade, TradeState
from tests.build.clock import NOON
from tests.build.markets import an_instrument


def a_trade(trade_id: int = 1, **fields: Any) -> Trade:
    """A new long of 0.01 BTC, waiting, at version 1."""
    usual: dict[str, Any] = {
        "owner": 11,
        "instrument": an_instrument(),
        "direction": Direction.LONG,
        "leverage": Decimal(1),
        "state": TradeState.WAITING,
        "wanted": Decimal("0.01"),
        "stop": Decimal("85000.00"),
        "targets": (
            Target(price=Decimal("90000.10"), share=Decimal("0.5")),
            Target(price=Decimal("92000"), share=Decimal("0.5"), hit_at=NOON),
        ),
        "created_at": NOON,
        "seen_at": NOON,
        "version": 1,
    }
    return Trade(id=trade_id, **usual | fields)


def an_intent(intent_id: str = "t1-e", **fields: Any) -> Intent:
    """To buy 0.01 BTC at the market, within the minute."""
    usual: dict[str, Any] = {
        "owner": 11,
        "account": "paper",
        "engine": "person",
        "trade_id": 1,
        "instrument": an_instrument(),
        "side": Side.BUY,
        "quantity": Decimal("0.01"),
        "kind": OrderKind.MARKET,
        "purpose": Purpose.ENTRY,
        "created_at": NOON,
        "expires_at": NOON + timedelta(seconds=60),
    }
    return Intent(id=intent_id, **usual | fields)


def an_order(intent: Intent | None = None, child: int = 0, **fields: Any) -> Order:
    """The first order of an intent, as written down."""
    intent = intent or an_intent()
    usual: dict[str, Any] = {
        "terms": Terms.of(intent),
        "state": OrderState.CREATED,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Order(id=f"{intent.id}-{child}", intent=intent, **usual | fields)


def a_fill(fill_id: str = "f1", **fields: Any) -> Fill:
    """All of `an_order()`, taken at 87210.50."""
    usual: dict[str, Any] = {
        "order_id": "t1-e-0",
        "price": Decimal("87210.50"),
        "quantity": Decimal("0.01"),
        "fee": Decimal("0.8721050"),
        "liquidity": Liquidity.TAKER,
        "at": NOON,
    }
    return Fill(id=fill_id, **usual | fields)


def an_entry(entry_id: str = "opening:11", **fields: Any) -> Entry:
    """The opening balance of person 11: 1000 USDT."""
    usual: dict[str, Any] = {
        "owner": 11,
        "kind": EntryKind.OPENING,
        "at": NOON,
        "postings": (
            Posting(account="cash", asset="USDT", amount=Decimal(1000)),
            Posting(account="equity", asset="USDT", amount=Decimal(-1000)),
        ),
    }
    return Entry(id=entry_id, **usual | fields)
