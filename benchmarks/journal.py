"""Changes of trades as the order road makes them, and the disk beneath them."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction, Side
from engines.ledger import booking
from engines.orders.order import Fill, Intent, Liquidity, Order, OrderKind, OrderState, Purpose, Terms
from engines.orders.trade import Trade, TradeState
from ports.books import Change

_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
_MARKET = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    kind=MarketKind.PERP,
    tick=Decimal("0.1"),
    lot=Decimal("0.001"),
    min_notional=Decimal(5),
)
_SYNCS = 200
_PAGE = b"x" * 4096


def entries(numbers: range) -> Iterator[Change]:
    """A trade each, with an order that is about to be sent."""
    for number in numbers:
        order = _order(number, OrderState.SENT)
        yield Change(trade=_trade(number), key=f"key-{number}", orders=(order,))


def fills(numbers: range) -> Iterator[Change]:
    """Those orders filled: with fills and what they move in the ledger."""
    for number in numbers:
        order = _order(number, OrderState.FILLED)
        fill = Fill(
            id="f1",
            order_id=order.id,
            price=Decimal(87_210),
            quantity=Decimal("0.01"),
            fee=Decimal("0.48"),
            liquidity=Liquidity.TAKER,
            at=_AT,
        )
        cause = booking.Cause(id=f"fill:{order.id}:f1", owner=-8, trade_id=number, quote="USDT", at=_AT)
        fee = booking.Cause(id=f"fee:{order.id}:f1", owner=-8, trade_id=number, quote="USDT", at=_AT)
        moved = (
            booking.perp_fill(cause, margin=Decimal(0), realised=Decimal("1.5"), is_cross=True),
            booking.fee(fee, fill.fee),
        )
        yield Change(trade=_trade(number, version=2), orders=(order,), fills=(fill,), entries=moved)


def bare_sync_us(folder: Path) -> float:
    """What one small write costs until the disk has it, in microseconds."""
    times = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            start = time.perf_counter()
            file.write(_PAGE)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return median(times) * 1e6


def _trade(number: int, version: int = 1) -> Trade:
    return Trade(
        id=number,
        owner=-8,
        instrument=_MARKET,
        direction=Direction.LONG,
        leverage=Decimal(3),
        state=TradeState.WAITING if version == 1 else TradeState.OPEN,
        wanted=Decimal("0.01"),
        is_cross=True,
        created_at=_AT,
        seen_at=_AT,
        version=version,
    )


def _order(number: int, state: OrderState) -> Order:
    intent = Intent(
        id=f"bench{number}",
        owner=-8,
        account="bybit",
        engine="manual",
        trade_id=number,
        instrument=_MARKET,
        side=Side.BUY,
        quantity=Decimal("0.01"),
        kind=OrderKind.MARKET,
        purpose=Purpose.ENTRY,
        created_at=_AT,
    )
    return Order(
        id=f"bench{number}-1",
        intent=intent,
        terms=Terms.of(intent),
        state=state,
        created_at=_AT,
        updated_at=_AT,
    )
