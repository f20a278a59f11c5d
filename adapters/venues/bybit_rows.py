"""What Bybit V5 tells of an account: its rows, over REST or on the private stream, as the desk's values."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from adapters.exchange.bybit import instant
from adapters.exchange.dialect import Row, number, positive
from adapters.venues.answer import Meaning
from adapters.venues.catalogue import Catalogue, Market
from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import Liquidity, OrderKind
from ports.venue_books import (
    KeyRights,
    MovementKind,
    VenueBalance,
    VenueFill,
    VenueFunding,
    VenueMovement,
    VenueOrder,
    VenueOrderState,
    VenuePosition,
)

_KINDS: Final = {"spot": MarketKind.SPOT, "linear": MarketKind.PERP}
_SIDES: Final = {"Buy": Side.BUY, "Sell": Side.SELL}
_TAKE_AND_GO: Final = ("IOC", "FOK")
_DIRECTIONS: Final = {"Buy": Direction.LONG, "Sell": Direction.SHORT}
_STATES: Final = {
    "New": VenueOrderState.OPEN,
    "PartiallyFilled": VenueOrderState.OPEN,
    "Untriggered": VenueOrderState.OPEN,
    "Triggered": VenueOrderState.OPEN,
    "Active": VenueOrderState.OPEN,
    "Filled": VenueOrderState.FILLED,
    "Cancelled": VenueOrderState.CANCELED,
    "PartiallyFilledCanceled": VenueOrderState.CANCELED,
    "Deactivated": VenueOrderState.CANCELED,
    "Rejected": VenueOrderState.REJECTED,
}
_REASONS: Final = {
    "EC_PostOnlyWillTakeLiquidity": Meaning.POST_ONLY_WOULD_TAKE.value,
    "EC_InsufficientBalance": Meaning.INSUFFICIENT_FUNDS.value,
    "EC_NoEnoughQtyToFill": "no_depth",
    "EC_NoImmediateQtyToFill": "no_depth",
}
"""What the desk has a word for; all else is told in the venue's."""
_NO_REASON: Final = ("", "EC_NoError", "UNKNOWN")
_TRADES: Final = ("Trade", "AdlTrade", "BustTrade", "Settle", "Delivery", "MovePosition", "")
_ACCOUNT_TYPES: Final = {"unified": "UNIFIED", "funding": "FUND"}
MOVED: Final = ("TRANSFER_IN", "TRANSFER_OUT")
"""Types of the transaction log that are money to or from the unified wallet."""


def order_of(row: Row, category: str, catalogue: Catalogue) -> VenueOrder | None:
    """An order; `None` in a market that the desk does not trade."""
    market = _market(row, category, catalogue)
    if market is None:
        return None
    # what takes and goes is a market order to the desk, and the price it has is its guard
    is_limit = row["orderType"] == "Limit" and row.get("timeInForce") not in _TAKE_AND_GO
    return VenueOrder(
        client_id=row["orderLinkId"],
        venue_id=row["orderId"],
        instrument=market.instrument,
        side=_SIDES[row["side"]],
        kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
        quantity=market.quantity(row["qty"]),
        filled=market.quantity(row["cumExecQty"] or "0"),
        limit_price=positive(row.get("price")) if is_limit else None,
        trigger_price=positive(row.get("triggerPrice")),
        is_reduce_only=bool(row.get("reduceOnly")),
        state=_STATES[row["orderStatus"]],
        reason=_reason(row),
        created_at=instant(row["createdTime"]),
        updated_at=instant(row["updatedTime"]),
    )


def fill_of(row: Row, category: str, catalogue: Catalogue) -> VenueFill | None:
    """An execution; `None` for what is none (funding comes in the same list) or not the desk's market."""
    market = _market(row, category, catalogue)
    if market is None or row.get("execType", "") not in _TRADES:
        return None
    return VenueFill(
        id=row["execId"],
        client_id=row["orderLinkId"],
        venue_order_id=row["orderId"],
        instrument=market.instrument,
        side=_SIDES[row["side"]],
        price=Decimal(row["execPrice"]),
        quantity=market.quantity(row["execQty"]),
        fee=number(row.get("execFee")) or Decimal(0),
        fee_asset=_fee_asset(row, market),
        liquidity=Liquidity.MAKER if row["isMaker"] else Liquidity.TAKER,
        at=instant(row["execTime"]),
    )


def position_of(row: Row, catalogue: Catalogue) -> VenuePosition | None:
    """A position, of nothing when it was closed; `None` where the row names no side or a strange market."""
    market = catalogue.find(MarketKind.PERP, row["symbol"])
    direction = _direction(row)
    if market is None or direction is None:
        return None
    return VenuePosition(
        instrument=market.instrument,
        direction=direction,
        quantity=market.quantity(row["size"]),
        entry_price=number(row.get("avgPrice") or row.get("entryPrice")) or Decimal(0),
        mark=number(row.get("markPrice")) or Decimal(0),
        leverage=number(row.get("leverage")) or Decimal(1),
        liquidation_price=positive(row.get("liqPrice")),
        unrealised=number(row.get("unrealisedPnl")) or Decimal(0),
    )


def balance_of(coin: Row) -> VenueBalance:
    """A coin of the unified wallet. What rests in spot orders is locked."""
    total = number(coin["walletBalance"]) or Decimal(0)
    return VenueBalance(
        asset=coin["coin"],
        total=total,
        free=max(total - (number(coin.get("locked")) or Decimal(0)), Decimal(0)),
        borrowed=number(coin.get("borrowAmount")) or Decimal(0),
    )


def funding_of(row: Row, catalogue: Catalogue) -> VenueFunding | None:
    """A settlement of funding out of the transaction log, positive when received."""
    market = catalogue.find(MarketKind.PERP, row["symbol"])
    if market is None:
        return None
    amount = number(row["funding"]) or Decimal(0)
    at = instant(row["transactionTime"])
    return VenueFunding(
        id=row["id"], instrument=market.instrument, amount=amount, asset=row["currency"], at=at
    )


def movement_of(row: Row) -> VenueMovement:
    """Money that reached or left the unified wallet, out of the transaction log. Where from, or where to, the
    log does not say: it is a transfer."""
    return VenueMovement(
        id=row["id"],
        kind=MovementKind.TRANSFER,
        asset=row["currency"],
        amount=Decimal(row["change"]),
        is_done=True,
        at=instant(row["transactionTime"]),
    )


def rights_of(key: Mapping[str, Any]) -> KeyRights:
    """What the key may do, as `/v5/user/query-api` tells it."""
    permissions: Mapping[str, Any] = key["permissions"]
    trades = {*permissions.get("ContractTrade", ()), *permissions.get("Spot", ())}
    ips = key.get("ips") or ["*"]
    return KeyRights(
        can_trade=str(key["readOnly"]) == "0" and bool(trades),
        can_withdraw="Withdraw" in permissions.get("Wallet", ()),
        is_bound_to_ip="*" not in ips,
        made_at=_moment(key.get("createdAt")),
        expires_at=_moment(key.get("expiredAt")),
    )


def wallet_name(ours: str) -> str:
    """Bybit's word for a wallet of ours. Raises `KeyError`."""
    return _ACCOUNT_TYPES[ours]


def _market(row: Row, category: str, catalogue: Catalogue) -> Market | None:
    kind = _KINDS.get(row.get("category") or category)
    return None if kind is None else catalogue.find(kind, row["symbol"])


def _reason(row: Row) -> str:
    """Why it ended: why it was refused, else who cancelled it."""
    for field in ("rejectReason", "cancelType"):
        told = str(row.get(field, ""))
        if told not in _NO_REASON:
            return _REASONS.get(told, told)
    return ""


def _fee_asset(row: Row, market: Market) -> str:
    """The coin of the fee. Where none is named, a spot purchase pays in what it buys, all else in quote."""
    named: str = row.get("feeCurrency") or ""
    if named:
        return named
    is_in_base = market.instrument.kind is MarketKind.SPOT and row["side"] == "Buy"
    return market.instrument.base if is_in_base else market.instrument.quote


def _direction(row: Row) -> Direction | None:
    """Which way; a closed position has no side, but where both ways are kept apart it has its place."""
    by_place = {"1": Direction.LONG, "2": Direction.SHORT}
    return _DIRECTIONS.get(row["side"]) or by_place.get(str(row.get("positionIdx", "")))


def _moment(text: str | None) -> datetime | None:
    """`"2022-09-08T03:18:05Z"`; none for a key without an end."""
    if not text or text.startswith("0001"):
        return None
    return datetime.fromisoformat(text)
