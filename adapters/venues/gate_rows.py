"""What Gate v4 tells of an account: its rows, over REST or on the private stream, as the desk's values."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from adapters.exchange.dialect import Row, number, positive
from adapters.venues.answer import Meaning
from adapters.venues.catalogue import Catalogue, Market
from adapters.venues.gate_requests import PREFIX
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

POINTS, GT = "POINT", "GT"
_WOKE: Final = "ao-"
"""What wakes is another order with an id of its own; its text is this and the id of the one that slept."""

_SPOT_STATES: Final = {
    "open": VenueOrderState.OPEN,
    "closed": VenueOrderState.FILLED,
    "cancelled": VenueOrderState.CANCELED,
}
_SLEEPING_STATES: Final = {
    "open": VenueOrderState.OPEN,
    "cancelled": VenueOrderState.CANCELED,
    "finish": VenueOrderState.FILLED,
    "finished": VenueOrderState.FILLED,
    "failed": VenueOrderState.REJECTED,
    "expired": VenueOrderState.EXPIRED,
}
_SLEEPING_ENDS: Final = {
    "cancelled": VenueOrderState.CANCELED,
    "expired": VenueOrderState.EXPIRED,
    "failed": VenueOrderState.REJECTED,
}
_NO_REASON: Final = ("", "-", "open", "filled", "_new", "_update")
_REASONS: Final = {
    "poc": Meaning.POST_ONLY_WOULD_TAKE.value,
    "ioc": "no_depth",
    "depth_not_enough": "no_depth",
}
"""What the desk has a word for; all else is told in the venue's."""
_TAKE_AND_GO: Final = ("ioc", "fok")
_DUAL: Final = {"dual_long": Direction.LONG, "dual_short": Direction.SHORT}
_TRADING: Final = ("spot", "futures", "unified", "delivery", "options")
_DONE: Final = "DONE"
_CAME_TO_NOTHING: Final = ("CANCEL", "FAIL", "REJECT", "INVALID", "BLOCKED")
_FAR_AWAY: Final = Decimal("99999999")
_MILLISECONDS: Final = Decimal(10**11)
"""As seconds the year 5138, so a time from here on is in milliseconds."""


def client_id_of(text: str | None) -> str:
    """Our id in `text`; empty for an order that was not sent with one."""
    return text.removeprefix(PREFIX) if text and text.startswith(PREFIX) else ""


def venue_id_of(row: Row, name: str) -> str:
    """The venue's id of an order: one that woke is told under the id that it slept under, by which it was
    placed and is known to us."""
    text = str(row.get("text") or "")
    return text.removeprefix(_WOKE) if text.startswith(_WOKE) else str(row[name])


def spot_order_of(row: Row, catalogue: Catalogue) -> VenueOrder | None:
    """A spot order; `None` in a market that the desk does not trade."""
    market = catalogue.find(MarketKind.SPOT, row["currency_pair"])
    if market is None:
        return None
    filled, side = _spot_filled(row, market), Side(row["side"])
    is_by_cost = row["type"].startswith("market") and side is Side.BUY
    kind = _kind(row["type"].startswith("limit"), row.get("time_in_force"))
    return VenueOrder(
        client_id=client_id_of(row.get("text")),
        venue_id=venue_id_of(row, "id"),
        instrument=market.instrument,
        side=side,
        kind=kind,
        quantity=filled if is_by_cost else Decimal(row["amount"]),
        filled=filled,
        limit_price=positive(row.get("price")) if kind is OrderKind.LIMIT else None,
        state=_spot_state(row),
        reason=_reason(row),
        created_at=moment(row, "create_time"),
        updated_at=moment(row, "update_time"),
    )


def futures_order_of(row: Row, catalogue: Catalogue) -> VenueOrder | None:
    """An order of a perpetual; `None` in a market that the desk does not trade."""
    market = catalogue.find(MarketKind.PERP, row["contract"])
    if market is None:
        return None
    size, price = Decimal(str(row["size"])), positive(str(row["price"]))
    quantity, created_at = market.quantity(str(row["size"])), moment(row, "create_time")
    kind = _kind(price is not None, row.get("tif"))
    return VenueOrder(
        client_id=client_id_of(row.get("text")),
        venue_id=venue_id_of(row, "id"),
        instrument=market.instrument,
        side=Side.BUY if size > 0 else Side.SELL,
        kind=kind,
        quantity=quantity,
        filled=quantity - market.quantity(str(row["left"])),
        limit_price=price if kind is OrderKind.LIMIT else None,
        is_reduce_only=bool(row.get("is_reduce_only")),
        state=_futures_state(row),
        reason=_reason(row),
        created_at=created_at,
        updated_at=_finished(row) or moment_or(row, "update_time", created_at),
    )


def sleeping_spot_order_of(row: Row, catalogue: Catalogue) -> VenueOrder | None:
    """A spot order that waits for its trigger, or waited."""
    market = catalogue.find(MarketKind.SPOT, row["market"])
    if market is None:
        return None
    put, created_at = row["put"], _instant(row["ctime"])
    kind = _kind(put["type"].startswith("limit"), put.get("time_in_force"))
    return VenueOrder(
        client_id=client_id_of(put.get("text")),
        venue_id=str(row["id"]),
        instrument=market.instrument,
        side=Side(put["side"]),
        kind=kind,
        quantity=Decimal(put["amount"]),
        filled=Decimal(0),
        limit_price=positive(put.get("price")) if kind is OrderKind.LIMIT else None,
        trigger_price=positive(row["trigger"]["price"]),
        state=_SLEEPING_STATES[row["status"] or "open"],
        reason=row.get("reason", ""),
        created_at=created_at,
        updated_at=_instant(row["ftime"]) if _is_set(row.get("ftime")) else created_at,
    )


def sleeping_futures_order_of(row: Row, catalogue: Catalogue) -> VenueOrder | None:
    """An order of a perpetual that waits for its trigger, or waited."""
    initial = row["initial"]
    market = catalogue.find(MarketKind.PERP, initial["contract"])
    if market is None:
        return None
    price, created_at = positive(str(initial["price"])), moment(row, "create_time")
    kind = _kind(price is not None, initial.get("tif"))
    return VenueOrder(
        client_id=client_id_of(initial.get("text")),
        venue_id=str(row["id"]),
        instrument=market.instrument,
        side=Side.BUY if Decimal(str(initial["size"])) > 0 else Side.SELL,
        kind=kind,
        quantity=market.quantity(str(initial["size"])),
        filled=Decimal(0),
        limit_price=price if kind is OrderKind.LIMIT else None,
        trigger_price=positive(str(row["trigger"]["price"])),
        is_reduce_only=bool(initial.get("reduce_only") or initial.get("is_reduce_only")),
        state=_sleeping_futures_state(row),
        reason=str(row.get("reason") or row.get("finish_as") or ""),
        created_at=created_at,
        updated_at=_finished(row) or created_at,
    )


def spot_fill_of(row: Row, catalogue: Catalogue) -> VenueFill | None:
    """An execution on spot; `None` in a market that the desk does not trade."""
    market = catalogue.find(MarketKind.SPOT, row["currency_pair"])
    if market is None:
        return None
    side = Side(row["side"])
    in_coin = market.instrument.base if side is Side.BUY else market.instrument.quote
    fee, fee_asset = _fee(row, row.get("fee_currency") or in_coin)
    return VenueFill(
        id=str(row["id"]),
        client_id=client_id_of(row.get("text")),
        venue_order_id=venue_id_of(row, "order_id"),
        instrument=market.instrument,
        side=side,
        price=Decimal(row["price"]),
        quantity=Decimal(row["amount"]),
        fee=fee,
        fee_asset=fee_asset,
        liquidity=Liquidity(row["role"]),
        at=moment(row, "create_time"),
    )


def futures_fill_of(row: Row, catalogue: Catalogue) -> VenueFill | None:
    """An execution of a perpetual; `None` in a market that the desk does not trade."""
    market = catalogue.find(MarketKind.PERP, row["contract"])
    if market is None:
        return None
    size = str(row["size"])
    fee, fee_asset = _fee(row, market.instrument.quote)
    return VenueFill(
        id=str(row.get("id") or row["trade_id"]),
        client_id=client_id_of(row.get("text")),
        venue_order_id=venue_id_of(row, "order_id"),
        instrument=market.instrument,
        side=Side.BUY if Decimal(size) > 0 else Side.SELL,
        price=Decimal(str(row["price"])),
        quantity=market.quantity(size),
        fee=fee,
        fee_asset=fee_asset,
        liquidity=Liquidity(row["role"]),
        at=moment(row, "create_time"),
    )


def position_of(row: Row, catalogue: Catalogue) -> VenuePosition | None:
    """A position. The stream tells neither mark nor unrealised profit: the entry price stands there then."""
    market = catalogue.find(MarketKind.PERP, row["contract"])
    size = Decimal(str(row["size"]))
    if market is None:
        return None
    entry_price = number(str(row["entry_price"])) or Decimal(0)
    by_sign = Direction.LONG if size >= 0 else Direction.SHORT
    return VenuePosition(
        instrument=market.instrument,
        direction=_DUAL.get(row.get("mode", "single"), by_sign),
        quantity=market.quantity(str(row["size"])),
        entry_price=entry_price,
        mark=number(str(row.get("mark_price") or entry_price)) or entry_price,
        leverage=leverage_of(row),
        liquidation_price=_liquidation(row),
        unrealised=number(str(row.get("unrealised_pnl") or "0")) or Decimal(0),
    )


def leverage_of(row: Row) -> Decimal:
    """Of a position: 0 says that it is cross, and that the limit stands beside it."""
    isolated = positive(str(row.get("leverage", "0")))
    return isolated or positive(str(row.get("cross_leverage_limit", "0"))) or Decimal(1)


def balances_of(account: Mapping[str, Any]) -> Sequence[VenueBalance]:
    """The coins of a unified account."""
    return [_balance(asset, row) for asset, row in account["balances"].items()]


def funding_of(row: Row, catalogue: Catalogue) -> VenueFunding | None:
    """A line of the futures account's book of type `fund`, positive when received. Gate numbers these lines
    nowhere; where long and short are kept apart, each has a line of the same moment, with another amount."""
    contract = row.get("contract") or row["text"].split(":")[0]
    market = catalogue.find(MarketKind.PERP, contract)
    if market is None:
        return None
    at, amount = _instant(row["time"]), Decimal(str(row["change"]))
    return VenueFunding(
        id=f"{contract}-{int(at.timestamp() * 1000)}-{amount}",
        instrument=market.instrument,
        amount=amount,
        asset=market.instrument.quote,
        at=at,
    )


def movement_of(row: Row, kind: MovementKind) -> VenueMovement | None:
    """A deposit or a withdrawal; `None` for one that came to nothing."""
    if row["status"] in _CAME_TO_NOTHING:
        return None
    amount, fee = Decimal(row["amount"]), number(row.get("fee")) or Decimal(0)
    return VenueMovement(
        id=str(row["id"]),
        kind=kind,
        asset=row["currency"],
        amount=amount if kind is MovementKind.DEPOSIT else -(amount + fee),
        is_done=row["status"] == _DONE,
        at=_instant(row["timestamp"]),
    )


def rights_of(key: Mapping[str, Any]) -> KeyRights:
    """What the key may do."""
    perms: Mapping[str, Mapping[str, Any]] = {one["name"]: one for one in key.get("perms") or ()}
    writes = {name for name, one in perms.items() if not one.get("read_only")}
    return KeyRights(
        can_trade=bool(writes & set(_TRADING)),
        can_withdraw=any(name.startswith("withdraw") for name in writes),
        is_bound_to_ip=bool(key.get("ip_whitelist")),
        made_at=_instant(key["created_at"]) if _is_set(key.get("created_at")) else None,
    )


def moment(row: Row, name: str) -> datetime:
    """The time called `name`: in milliseconds where they are told, else in seconds."""
    in_ms = row.get(f"{name}_ms")
    return _instant(Decimal(str(in_ms)) / 1000) if _is_set(in_ms) else _instant(row[name])


def moment_or(row: Row, name: str, other: datetime) -> datetime:
    """As `moment`; `other` where the row has no such time."""
    return moment(row, name) if _is_set(row.get(name)) or _is_set(row.get(f"{name}_ms")) else other


def _kind(has_limit: bool, time_in_force: str | None) -> OrderKind:
    """What takes and goes is a market order to the desk, and the price it has is its guard."""
    return OrderKind.LIMIT if has_limit and time_in_force not in _TAKE_AND_GO else OrderKind.MARKET


def _instant(epoch_s: Any) -> datetime:
    """Gate tells seconds, with a fraction or without; a few rows have milliseconds there."""
    seconds = Decimal(str(epoch_s))
    if seconds >= _MILLISECONDS:
        seconds /= 1000
    return datetime.fromtimestamp(float(seconds), UTC)


def _is_set(value: Any) -> bool:
    return value is not None and str(value) not in ("", "0")


def _finished(row: Row) -> datetime | None:
    return moment(row, "finish_time") if _is_set(row.get("finish_time")) else None


def _spot_filled(row: Row, market: Market) -> Decimal:
    """Base coin filled. A purchase by cost counts `amount` and `left` in quote currency."""
    if _is_set(row.get("filled_amount")):
        return Decimal(row["filled_amount"])
    if row["type"].startswith("market") and row["side"] == "buy":
        price = positive(row.get("avg_deal_price"))
        return (
            Decimal(0) if price is None else market.instrument.quantity(Decimal(row["filled_total"]) / price)
        )
    return Decimal(row["amount"]) - Decimal(row["left"])


def _spot_state(row: Row) -> VenueOrderState:
    """The stream has no status but the event and how it ended."""
    status = row.get("status")
    if status is None:
        status = "open" if row["finish_as"] == "open" else "cancelled"
        status = "closed" if row["finish_as"] == "filled" else status
    return VenueOrderState.REJECTED if row.get("finish_as") == "poc" else _SPOT_STATES[status]


def _reason(row: Row) -> str:
    """Why it ended without being filled."""
    finished = str(row.get("finish_as") or "")
    return "" if finished in _NO_REASON else _REASONS.get(finished, finished)


def _futures_state(row: Row) -> VenueOrderState:
    if row["status"] == "open":
        return VenueOrderState.OPEN
    if row.get("finish_as") == "filled":
        return VenueOrderState.FILLED
    return VenueOrderState.REJECTED if row.get("finish_as") == "poc" else VenueOrderState.CANCELED


def _sleeping_futures_state(row: Row) -> VenueOrderState:
    state = _SLEEPING_STATES[row["status"]]
    return _SLEEPING_ENDS.get(row.get("finish_as", ""), state) if state is VenueOrderState.FILLED else state


def _fee(row: Row, asset: str) -> tuple[Decimal, str]:
    """What was paid, and in what: points and the venue's own coin go before the market's coins."""
    for field, name in (("point_fee", POINTS), ("gt_fee", GT)):
        paid = positive(str(row.get(field) or "0"))
        if paid is not None:
            return paid, name
    return number(str(row.get("fee") or "0")) or Decimal(0), asset


def _liquidation(row: Row) -> Decimal | None:
    price = positive(str(row.get("liq_price", "0")))
    return None if price is None or price >= _FAR_AWAY else price


def _balance(asset: str, row: Row) -> VenueBalance:
    free, frozen = Decimal(row["available"]), Decimal(row["freeze"])
    borrowed = number(row.get("borrowed")) or Decimal(0)
    return VenueBalance(asset=asset, total=free + frozen - borrowed, free=free, borrowed=borrowed)
