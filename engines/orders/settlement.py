"""Fills and funding as one step: the trade after it, and the ledger entries that say the same."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.ledger import booking
from engines.ledger.booking import Cause
from engines.ledger.entry import Entry
from engines.orders import position
from engines.orders.order import Fill, Intent, Purpose
from engines.orders.trade import Trade


def settle_fill(trade: Trade, intent: Intent, fill: Fill) -> tuple[Trade, tuple[Entry, ...]]:
    """`trade` after a fill of an order of `intent`, and its entries: the fill itself, and a fee that is not
    zero, out of what it was taken from: cash, the coins traded, or points. Raises `ValueError` when an exit
    is larger than what is held."""
    after, flow = position.filled(trade, intent.side, intent.purpose, fill)
    cause = _cause(trade, f"fill:{fill.order_id}:{fill.id}", fill.at)
    if trade.instrument.kind is MarketKind.SPOT:
        entry = booking.spot_fill(
            cause, side=intent.side, base=trade.instrument.base, price=fill.price, quantity=fill.quantity
        )
    else:
        entry = booking.perp_fill(
            cause,
            margin=flow.margin,
            realised=flow.realised,
            is_cross=trade.is_cross,
            is_liquidation=intent.purpose is Purpose.LIQUIDATION,
        )
    fee_cause = _cause(trade, f"fee:{fill.order_id}:{fill.id}", fill.at)
    fee = _fee(fee_cause, trade.instrument, fill, flow.fee)
    return after, (entry, fee) if fee.postings else (entry,)


def settle_funding(
    trade: Trade, amount: Decimal, cash: Decimal, at: datetime
) -> tuple[Trade, tuple[Entry, ...]]:
    """`trade` after funding of `amount` (positive: received) settled at `at`, with its entry; no entry when
    nothing moved. `cash` is what the person can spend. `funded_at` is `at` either way."""
    after, into_cash, into_margin = position.funded(trade, amount, cash)
    after = replace(after, funded_at=at)
    if into_cash == 0 and into_margin == 0:
        return after, ()
    cause = _cause(trade, f"funding:{trade.id}:{at.isoformat()}", at)
    return after, (booking.funding(cause, cash=into_cash, margin=into_margin),)


def _fee(cause: Cause, instrument: Instrument, fill: Fill, charged: Decimal) -> Entry:
    if fill.fee_asset in (None, instrument.quote):
        return booking.fee(cause, charged)
    is_coin = fill.coin_fee(instrument) != 0
    account = booking.SPOT if is_coin else booking.POINTS
    return booking.fee(cause, fill.fee, asset=fill.fee_asset, account=account)


def _cause(trade: Trade, name: str, at: datetime) -> Cause:
    return Cause(id=name, owner=trade.owner, trade_id=trade.id, quote=trade.instrument.quote, at=at)
