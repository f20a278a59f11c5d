"""Balances, positions and books of an account in Gate's words."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from engines.core.instrument import MarketKind
from engines.core.money import cut
from engines.core.side import Direction
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.event import Cause, Movement, WalletChange
from engines.simulate.exchange.margin import Standing, liquidation_price
from engines.simulate.exchange.order import Dealing, Execution
from engines.simulate.exchange.position import Position
from engines.simulate.exchange.rules import POINTS, Rules
from sandbox.gate.call import within
from sandbox.gate.futures_quotes import MAINTENANCE, MOST_LEVERAGE
from sandbox.gate.moments import fine_seconds, millis, seconds
from sandbox.gate.wire import Contracts, pair_of

NO_LIQUIDATION = "99999999"

_ZERO = Decimal(0)
_MODES = {None: "single", Direction.LONG: "dual_long", Direction.SHORT: "dual_short"}
_FUTURES_TYPES = {
    Cause.FUNDING: "fund",
    Cause.FEE: "fee",
    Cause.REALISED: "pnl",
    Cause.INSURANCE: "pnl",
    Cause.TRANSFER: "dnw",
}
_SPOT_TYPES = {
    Cause.TRADE: "order_fill",
    Cause.FEE: "order_fee",
    Cause.DEPOSIT: "deposit",
    Cause.WITHDRAWAL: "withdraw",
    Cause.TRANSFER: "futures_out",
    Cause.FUNDING: "futures_fund",
    Cause.REALISED: "futures_pnl",
    Cause.INSURANCE: "futures_pnl",
}
"""In a unified account the futures' money is in the same wallet."""


def spot_accounts(account: Account) -> list[dict[str, Any]]:
    """The coins of the spot wallet."""
    wallet = account.setup.spot_wallet
    return [
        {
            "currency": asset,
            "available": f"{account.free(wallet, asset):f}",
            "locked": f"{amount - account.free(wallet, asset):f}",
            "update_id": len(account.changes),
        }
        for asset, amount in sorted(account.assets(wallet))
    ]


def unified_account(account: Account, now: Standing, user: int) -> dict[str, Any]:
    """A unified account: its coins, and how it stands."""
    total = f"{cut(now.equity):f}"
    return {
        "user_id": user,
        "locked": False,
        "balances": {asset: _unified_coin(account, asset) for asset, _ in _coins(account)},
        "total": total,
        "borrowed": "0",
        "total_initial_margin": f"{cut(now.initial + now.ordered):f}",
        "total_margin_balance": total,
        "total_maintenance_margin": f"{cut(now.maintenance):f}",
        "total_initial_margin_rate": _rate(now.equity, now.initial + now.ordered),
        "total_maintenance_margin_rate": _rate(now.equity, now.maintenance),
        "total_available_margin": f"{cut(now.available):f}",
        "unified_account_total": total,
        "unified_account_total_liab": "0",
        "unified_account_total_equity": total,
        "leverage": "10",
        "spot_order_loss": "0",
        "spot_hedge": False,
    }


def futures_account(account: Account, now: Standing, user: int) -> dict[str, Any]:
    """The account behind the perpetuals."""
    wallet = account.setup.perp_wallet
    sums = _history(account)
    return {
        "user": user,
        "currency": "USDT",
        "total": f"{account.balance(wallet, 'USDT'):f}",
        "unrealised_pnl": f"{cut(now.unrealised):f}",
        "position_margin": "0",
        "order_margin": f"{cut(now.ordered):f}",
        "available": f"{cut(max(now.available, _ZERO)):f}",
        "point": f"{account.balance(wallet, POINTS):f}",
        "bonus": "0",
        "in_dual_mode": account.is_hedged,
        "enable_credit": account.setup.is_unified,
        "enable_evolved_classic": False,
        "position_initial_margin": f"{cut(now.initial):f}",
        "maintenance_margin": f"{cut(now.maintenance):f}",
        "cross_order_margin": f"{cut(now.ordered):f}",
        "cross_initial_margin": f"{cut(now.initial):f}",
        "cross_maintenance_margin": f"{cut(now.maintenance):f}",
        "cross_unrealised_pnl": f"{cut(now.unrealised):f}",
        "cross_available": f"{cut(max(now.available, _ZERO)):f}",
        "history": {
            **{name: f"{sums.get(name, _ZERO):f}" for name in ("dnw", "pnl", "fee", "fund")},
            **dict.fromkeys(_NO_HISTORY, "0"),
        },
    }


_NO_HISTORY = ("refr", "point_dnw", "point_fee", "point_refr", "bonus_dnw", "bonus_offset")


def position(
    account: Account, held: Position, mark: Decimal, rules: Rules, now: Standing, user: int
) -> dict[str, Any]:
    """A position, perhaps of nothing. All are cross: leverage 0 says so, and the limit stands beside it."""
    one = held.instrument
    liquidation = liquidation_price(held, rules, now, mark) if held.size else None
    notional = abs(held.size) * mark
    leverage = account.leverage(one.symbol)
    return {
        "user": user,
        "contract": pair_of(one.symbol),
        "size": Contracts(one.lots(held.size)),
        "trade_max_size": "0",
        "lever": "0",
        "leverage": "0",
        "cross_leverage_limit": f"{leverage:f}",
        "risk_limit": "1000000",
        "leverage_max": MOST_LEVERAGE,
        "maintenance_rate": MAINTENANCE,
        "value": f"{cut(notional):f}",
        "margin": "0",
        "initial_margin": f"{cut(notional / leverage):f}",
        "maintenance_margin": f"{cut(notional * rules.maintenance):f}",
        "entry_price": f"{held.entry_price:f}",
        "liq_price": NO_LIQUIDATION if liquidation is None else f"{liquidation:f}",
        "mark_price": f"{mark:f}",
        "unrealised_pnl": f"{cut(held.unrealised(mark)):f}",
        "realised_pnl": f"{cut(held.realised):f}",
        "pnl_pnl": f"{cut(held.realised):f}",
        "pnl_fund": "0",
        "pnl_fee": "0",
        "history_pnl": "0",
        "last_close_pnl": "0",
        "realised_point": "0",
        "history_point": "0",
        "adl_ranking": 5,
        "pending_orders": len(account.live_in(one)),
        "close_order": None,
        "mode": _MODES[held.slot],
        "open_time": 0 if held.opened_at is None else seconds(held.opened_at),
        "update_time": seconds(held.updated_at),
        "update_id": len(account.executions),
    }


def pushed_position(account: Account, held: Position, user: int) -> dict[str, Any]:
    """A position as the stream tells it: no mark, no profit, numbers for texts."""
    one = held.instrument
    return {
        "contract": pair_of(one.symbol),
        "cross_leverage_limit": float(account.leverage(one.symbol)),
        "entry_price": float(held.entry_price),
        "history_pnl": 0,
        "history_point": 0,
        "last_close_pnl": 0,
        "leverage": 0,
        "leverage_max": int(MOST_LEVERAGE),
        "liq_price": 0,
        "maintenance_rate": float(MAINTENANCE),
        "margin": 0,
        "mode": _MODES[held.slot],
        "realised_pnl": float(held.realised),
        "realised_point": 0,
        "risk_limit": 1_000_000,
        "size": Contracts(one.lots(held.size)),
        "time": seconds(held.updated_at),
        "time_ms": millis(held.updated_at),
        "user": str(user),
        "update_id": len(account.executions),
    }


def spot_change(account: Account, change: WalletChange, at: datetime, user: int) -> dict[str, Any]:
    """A change of the spot wallet as the stream tells it."""
    free = account.free(change.wallet, change.asset)
    return {
        "timestamp": str(seconds(at)),
        "timestamp_ms": str(millis(at)),
        "user": str(user),
        "currency": change.asset,
        "change": f"{change.amount:f}",
        "total": f"{change.balance:f}",
        "available": f"{free:f}",
        "freeze": f"{change.balance - free:f}",
        "freeze_change": "0",
        "change_type": _SPOT_TYPES[change.cause].replace("_", "-"),
    }


def futures_change(change: WalletChange, at: datetime, user: int) -> dict[str, Any]:
    """A change of the futures wallet as the stream tells it."""
    return {
        "balance": float(change.balance),
        "change": float(change.amount),
        "text": f"{pair_of(change.symbol)}:{change.reference}" if change.symbol else "",
        "time": seconds(at),
        "time_ms": millis(at),
        "type": _FUTURES_TYPES.get(change.cause, "dnw"),
        "user": str(user),
        "currency": change.asset.lower(),
    }


def futures_book(account: Account, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """What happened to the money of perpetuals between `from` and `to`, the newest first."""
    changes = reversed(_futures_changes(account))
    return [_futures_line(at, change) for at, change in changes if within(query, at)]


def spot_book(account: Account) -> list[dict[str, Any]]:
    """What happened in the spot wallet, the newest first."""
    wallet = account.setup.spot_wallet
    changes = [(at, one) for at, one in account.changes if one.wallet == wallet]
    return [
        {
            "id": str(number),
            "time": millis(at),
            "currency": one.asset,
            "change": f"{one.amount:f}",
            "balance": f"{one.balance:f}",
            "type": _SPOT_TYPES[one.cause],
            "code": "",
            "text": one.reference,
        }
        for number, (at, one) in reversed(list(enumerate(changes, start=1)))
    ]


def movement(one: Movement) -> dict[str, Any]:
    """A deposit or a withdrawal."""
    return {
        "id": one.id,
        "timestamp": str(seconds(one.at)),
        "withdraw_order_id": "",
        "currency": one.asset,
        "address": "",
        "txid": one.id,
        "block_number": "0",
        "amount": f"{one.amount:f}",
        "fee": "0",
        "memo": "",
        "status": "DONE" if one.is_done else "PEND",
        "chain": one.asset,
    }


def fills_of(account: Account, kind: MarketKind) -> Iterable[Execution]:
    """Executions in markets of a kind, the newest first; funding is none."""
    return (
        done
        for done in reversed(account.executions)
        if done.instrument.kind is kind and done.dealing is not Dealing.FUNDING
    )


def _coins(account: Account) -> list[tuple[str, Decimal]]:
    return sorted(account.assets(account.setup.spot_wallet))


def _unified_coin(account: Account, asset: str) -> dict[str, str]:
    wallet = account.setup.spot_wallet
    total, free = account.balance(wallet, asset), account.free(wallet, asset)
    return {
        "available": f"{max(free, _ZERO):f}",
        "freeze": f"{total - free:f}",
        "borrowed": f"{max(-total, _ZERO):f}",
        "negative_liab": "0",
        "futures_pos_liab": "0",
        "equity": f"{total:f}",
        "total_freeze": f"{total - free:f}",
        "total_liab": f"{max(-total, _ZERO):f}",
        "spot_in_use": "0",
    }


def _rate(equity: Decimal, margin: Decimal) -> str:
    return "0" if margin == 0 else f"{cut(equity / margin):f}"


def _futures_changes(account: Account) -> list[tuple[datetime, WalletChange]]:
    """The changes in the wallet of perpetuals that perpetuals made, or that moved money in and out."""
    wallet = account.setup.perp_wallet
    kinds = {done.id: done.instrument.kind for done in account.executions}
    return [
        (at, one)
        for at, one in account.changes
        if one.wallet == wallet and (kinds.get(one.reference) is MarketKind.PERP or _is_moved(account, one))
    ]


def _is_moved(account: Account, change: WalletChange) -> bool:
    return change.cause is Cause.INSURANCE or (
        change.cause is Cause.TRANSFER and not account.setup.is_unified
    )


def _futures_line(at: datetime, change: WalletChange) -> dict[str, Any]:
    contract = pair_of(change.symbol) if change.symbol else ""
    kind = _FUTURES_TYPES.get(change.cause, "dnw")
    if change.asset == POINTS:
        kind = f"point_{kind}"
    return {
        "time": fine_seconds(at),
        "change": f"{change.amount:f}",
        "balance": f"{change.balance:f}",
        # of funding, clients read the contract from here
        "text": contract if kind == "fund" else f"{contract}:{change.reference}",
        "type": kind,
        "contract": contract,
        "trade_id": change.reference,
        "id": change.reference,
    }


def _history(account: Account) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for _, change in _futures_changes(account):
        if change.asset == "USDT":
            name = _FUTURES_TYPES.get(change.cause, "dnw")
            sums[name] = sums.get(name, _ZERO) + change.amount
    return sums
