"""Bybit's account endpoints: wallet, settings, key, positions, and the log of every change of money."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.orders.order import Liquidity
from engines.simulate.exchange import refusal
from engines.simulate.exchange.account import NOTHING
from engines.simulate.exchange.event import Cause, WalletChange
from engines.simulate.exchange.order import Dealing, Execution
from engines.simulate.exchange.refusal import Why
from sandbox.bybit.call import CATEGORIES, Call, Endpoint
from sandbox.bybit.pages import page
from sandbox.bybit.quotes import plain
from sandbox.bybit.rows import SIDES, Row, amount, position_row, stamp, wallet_row
from sandbox.bybit.venue import UNIFIED
from sandbox.bybit.wire import Declined
from sandbox.bybit.wishes import place_of
from sandbox.exchange import VenueExchange

_DAY_MS: Final = 86_400_000
_MODES: Final = {0: False, 3: True}
_UNIFIED_PRO: Final = 6
_LOG = (20, 50)
_LEVERAGE_UNCHANGED, _MODE_UNCHANGED, _HAS_ORDERS = 110043, 110025, 110028
_MOVED: Final = {
    Cause.TRANSFER: ("TRANSFER_OUT", "TRANSFER_IN"),
    Cause.DEPOSIT: ("TRANSFER_OUT", "TRANSFER_IN"),
    Cause.WITHDRAWAL: ("TRANSFER_OUT", "TRANSFER_IN"),
    Cause.INSURANCE: ("BONUS", "BONUS"),
}


class BybitAccounts:
    """What an account is, has and holds."""

    def __init__(self, venue: VenueExchange) -> None:
        self._venue = venue

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {
            ("GET", "/v5/user/query-api"): self.key,
            ("GET", "/v5/account/info"): self.info,
            ("GET", "/v5/account/fee-rate"): self.fee_rate,
            ("GET", "/v5/account/wallet-balance"): self.wallet,
            ("GET", "/v5/account/transaction-log"): self.log,
            ("GET", "/v5/position/list"): self.positions,
            ("POST", "/v5/position/set-leverage"): self.set_leverage,
            ("POST", "/v5/position/switch-mode"): self.switch_mode,
            ("POST", "/v5/position/trading-stop"): self.trading_stop,
        }

    def key(self, call: Call) -> Row:
        """What the key may do."""
        key = call.key
        ends_ms = None if key.ends_days is None else call.made_ms + (key.age_days + key.ends_days) * _DAY_MS
        left_ms = 0 if ends_ms is None else max(ends_ms - call.wire_ms, 0)
        traded = ["Order", "Position"] if key.can_trade else []
        wallet = ["AccountTransfer", "SubMemberTransferList"] if key.can_trade else []
        return {
            "id": "24600000",
            "note": "sandbox",
            "apiKey": key.key,
            "readOnly": 0 if key.can_trade else 1,
            "secret": "",
            "permissions": {
                "ContractTrade": traded,
                "Spot": ["SpotTrade"] if key.can_trade else [],
                "Wallet": [*wallet, *(["Withdraw"] if key.can_withdraw else [])],
                "Options": [],
                "Derivatives": ["DerivativesTrade"] if key.can_trade else [],
                "CopyTrading": [],
                "BlockTrade": [],
                "Exchange": [],
                "NFT": [],
                "Affiliate": [],
            },
            "ips": ["127.0.0.1"] if key.is_bound_to_ip else ["*"],
            "type": 1,
            "deadlineDay": left_ms // _DAY_MS,
            "expiredAt": "" if ends_ms is None else _day(ends_ms),
            "createdAt": _day(call.made_ms),
            "unified": 0,
            "uta": 1,
            "userID": 24600000,
            "inviterID": 0,
            "vipLevel": "No VIP",
            "mktMakerLevel": "0",
            "affiliateID": 0,
            "rsaPublicKey": "",
            "isMaster": True,
            "parentUid": "0",
            "kycLevel": "LEVEL_1",
            "kycRegion": "",
        }

    def info(self, call: Call) -> Row:
        """A unified account with cross margin."""
        return {
            "marginMode": "REGULAR_MARGIN",
            "updatedTime": str(call.made_ms),
            "unifiedMarginStatus": _UNIFIED_PRO,
            "dcpStatus": "OFF",
            "timeWindow": 10,
            "smpGroup": 0,
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
        }

    def fee_rate(self, call: Call) -> Row:
        """The rates of one market, or of the whole category."""
        kind, fees = call.kind, self._venue.exchange.rules.fees
        if kind is None:
            return {"list": []}
        symbol = call.instrument().symbol if call.text("symbol") else ""
        rates = {
            "takerFeeRate": amount(fees.rate(kind, Liquidity.TAKER)),
            "makerFeeRate": amount(fees.rate(kind, Liquidity.MAKER)),
        }
        return {"list": [{"symbol": symbol, **rates}]}

    def wallet(self, call: Call) -> Row:
        """The unified wallet."""
        if call.text("accountType") != UNIFIED:
            raise Declined("accountType only support UNIFIED.")
        row = wallet_row(call.account, self._venue.exchange, call.at)
        wanted = [coin for coin in call.text("coin").split(",") if coin]
        coins = [coin for coin in row["coin"] if not wanted or coin["coin"] in wanted]
        return {"list": [{**row, "coin": coins}]}

    def positions(self, call: Call) -> Row:
        """The positions of a market, held or not; or all that are held."""
        account, kind = call.account, call.kind
        if kind is not MarketKind.PERP:
            return {"list": [], "nextPageCursor": "", "category": call.category}
        slots: Sequence[Direction | None] = tuple(Direction) if account.is_hedged else (None,)
        if call.text("symbol"):
            one = call.instrument()
            held = [account.position(one, slot, call.at) for slot in slots]
        elif call.text("settleCoin"):
            held = account.held() if call.text("settleCoin") == "USDT" else []
        else:
            raise Declined("params error: symbol or settleCoin is required")
        rows = [position_row(account, position, self._venue.exchange, call.at) for position in held]
        return {"list": rows, "nextPageCursor": "", "category": call.category}

    def set_leverage(self, call: Call) -> Row:
        """Leverage of a market; both sides have the same in cross margin."""
        buy, sell = call.number("buyLeverage"), call.number("sellLeverage")
        if buy is None or buy != sell:
            raise Declined("params error: buyLeverage must equal sellLeverage")
        try:
            self._venue.exchange.set_leverage(call.account, call.instrument(), buy, call.at)
        except refusal.Declined as declined:
            if declined.why is Why.NOT_MODIFIED:
                raise Declined("leverage not modified", _LEVERAGE_UNCHANGED) from declined
            raise
        return {}

    def switch_mode(self, call: Call) -> Row:
        """One position a market, or long and short apart."""
        mode = call.whole("mode")
        if mode not in _MODES:
            raise Declined("params error: mode invalid")
        try:
            self._venue.exchange.set_hedged(call.account, _MODES[mode], call.at)
        except refusal.Declined as declined:
            if declined.why is Why.NOT_MODIFIED:
                raise Declined("Position mode is not modified", _MODE_UNCHANGED) from declined
            if not call.account.held():
                raise Declined(
                    "You have existing orders, so position mode cannot be switched", _HAS_ORDERS
                ) from declined
            raise
        return {}

    def trading_stop(self, call: Call) -> Row:
        """Stop and target of a position."""
        position = call.account.position(call.instrument(), place_of(call), call.at)
        stop_loss, take_profit = call.number("stopLoss"), call.number("takeProfit")
        self._venue.exchange.protect(
            call.account, position, call.at, stop_loss=stop_loss, take_profit=take_profit
        )
        return {}

    def log(self, call: Call) -> Row:
        """Every change of the unified wallet, newest first; a fill with its fee is one."""
        executions = {done.id: done for done in call.account.executions}
        asked = call.text("type"), call.text("category"), call.text("currency")

        def is_meant(changes: _Changes) -> bool:
            _, _, last = changes[-1]
            if last.wallet != UNIFIED or asked[2] not in ("", last.asset):
                return False
            about = _about(last, executions.get(last.reference))
            return asked[0] in ("", about["type"]) and asked[1] in ("", about["category"])

        groups = _together(call.account.changes)
        rows, cursor = page(call, groups, is_meant, lambda changes: changes[-1][:2], _LOG)
        return {"nextPageCursor": cursor, "list": [_logged(changes, executions) for changes in rows]}


_Changes = Sequence[tuple[int, datetime, WalletChange]]


def _together(changes: Sequence[tuple[datetime, WalletChange]]) -> list[_Changes]:
    """Changes of one asset by one cause, which the venue logs as one."""
    numbered = [(number, at, change) for number, (at, change) in enumerate(changes, 1)]
    groups = groupby(numbered, lambda one: (one[2].reference, one[2].wallet, one[2].asset))
    return [list(group) for _, group in groups]


def _logged(changes: _Changes, executions: Mapping[str, Execution]) -> Row:
    number, at, last = changes[-1]
    by_cause = {change.cause: change.amount for _, _, change in changes}
    return {
        "id": f"{number}_{last.reference}",
        "transactionTime": stamp(at),
        "currency": last.asset,
        "funding": amount(by_cause[Cause.FUNDING]) if Cause.FUNDING in by_cause else "",
        "fee": amount(-by_cause.get(Cause.FEE, NOTHING)),
        "cashFlow": amount(by_cause.get(Cause.TRADE, NOTHING) + by_cause.get(Cause.REALISED, NOTHING)),
        "change": amount(sum(by_cause.values(), NOTHING)),
        "cashBalance": amount(last.balance),
        "bonusChange": "",
        **_about(last, executions.get(last.reference)),
    }


def _about(last: WalletChange, done: Execution | None) -> Row:
    """What a change came of: an execution, or money that moved."""
    if done is None:
        out, into = _MOVED[last.cause]
        nothing = dict.fromkeys(("symbol", "category", "orderId", "orderLinkId", "tradeId"), "")
        empty = {"side": "None", "qty": "0", "size": "0", "tradePrice": "", "feeRate": ""}
        return {**nothing, **empty, "type": into if last.amount > 0 else out}
    return {
        "symbol": done.instrument.symbol,
        "category": CATEGORIES[done.instrument.kind],
        "side": SIDES[done.side],
        "type": _log_type(done),
        "qty": plain(done.quantity),
        "size": plain(done.quantity),
        "tradePrice": plain(done.price),
        "feeRate": amount(done.rate),
        "orderId": done.order_id,
        "orderLinkId": done.client_id,
        "tradeId": done.id,
    }


def _log_type(done: Execution) -> str:
    types = {Dealing.FUNDING: "SETTLEMENT", Dealing.LIQUIDATION: "LIQUIDATION"}
    return types.get(done.dealing, "TRADE")


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
