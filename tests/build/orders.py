"""Instruments, intents, orders, fills and moves for tests: what a test does not name is ordinary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument, MarketKind
from engines.core.move import Move
from engines.core.side import Direction, Side
from engines.orders.order import Fill, Intent, Liquidity, Order, OrderKind, OrderState, Purpose, Terms
from engines.orders.trade import Trade, TradeState

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

PERP = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    kind=MarketKind.PERP,
    tick=Decimal("0.1"),
    lot=Decimal("0.001"),
    min_notional=Decimal(5),
)
SPOT = replace(PERP, kind=MarketKind.SPOT, tick=Decimal("0.01"), lot=Decimal("0.000001"))


def after(seconds: float) -> datetime:
    """So long after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def an_intent(**changes: Any) -> Intent:
    """A market purchase of one BTC perpetual that opens trade 12."""
    usual = Intent(
        id="t12",
        owner=7,
        account="paper",
        engine="person",
        trade_id=12,
        instrument=PERP,
        side=Side.BUY,
        quantity=Decimal(1),
        kind=OrderKind.MARKET,
        purpose=Purpose.ENTRY,
        created_at=NOW,
    )
    return replace(usual, **changes)


def an_order(
    state: OrderState = OrderState.CREATED, *, intent: Intent | None = None, **changes: Any
) -> Order:
    """The first order of an intent."""
    intent = intent or an_intent()
    usual = Order(
        id=f"{intent.id}-1",
        intent=intent,
        terms=Terms.of(intent),
        state=state,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(usual, **changes)


def a_fill(price: object = 100, quantity: object = 1, **changes: Any) -> Fill:
    """A fill of `an_order()` by the taker, without a fee."""
    usual = Fill(
        id="f1",
        order_id="t12-1",
        price=Decimal(str(price)),
        quantity=Decimal(str(quantity)),
        fee=Decimal(0),
        liquidity=Liquidity.TAKER,
        at=NOW,
    )
    return replace(usual, **changes)


def a_trade(**changes: Any) -> Trade:
    """A long BTC perpetual at one time leverage that waits for its first fill."""
    usual = Trade(
        id=12,
        owner=7,
        instrument=PERP,
        direction=Direction.LONG,
        leverage=Decimal(1),
        state=TradeState.WAITING,
        wanted=Decimal(1),
        created_at=NOW,
        seen_at=NOW,
    )
    return replace(usual, **changes)


def a_move(*prices: object, **changes: Any) -> Move:
    """Straight from the first price to the second; with four, a bar of open, high, low and close.

    The mark price goes where the traded price goes.
    """
    opened, *middle, closed = (Decimal(str(price)) for price in prices)
    high, low = middle or (max(opened, closed), min(opened, closed))
    usual = Move(
        symbol=PERP.symbol,
        kind=PERP.kind,
        since=NOW,
        at=after(60),
        open=opened,
        high=high,
        low=low,
        close=closed,
        mark=closed,
        mark_low=low,
        mark_high=high,
        is_bar=bool(middle),
    )
    return replace(usual, **changes)
