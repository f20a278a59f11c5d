"""How Bybit writes orders, executions, positions and wallets; REST and the private stream alike."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from engines.core.instrument import MarketKind
from engines.core.money import cut
from engines.core.side import Direction, Side
from engines.orders.order import Liquidity, OrderKind
from engines.simulate.exchange.account import NOTHING, Account
from engines.simulate.exchange.exchange import Exchange
from engines.simulate.exchange.margin import Standing, liquidation_price
from engines.simulate.exchange.order import (
    Dealing,
    ExchangeOrder,
    Execution,
    Protects,
    State,
    TimeInForce,
    Touch,
)
from engines.simulate.exchange.position import Position
from engines.simulate.exchange.refusal import Why
from sandbox.bybit.call import CATEGORIES
from sandbox.bybit.quotes import plain
from sandbox.quotes import ms_of

Row = dict[str, Any]

SIDES: Final = {Side.BUY: "Buy", Side.SELL: "Sell"}
KINDS: Final = {OrderKind.MARKET: "Market", OrderKind.LIMIT: "Limit"}
TIFS: Final = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "PostOnly",
}
PLACES: Final = {None: 0, Direction.LONG: 1, Direction.SHORT: 2}
_REJECTED: Final = {
    Why.POST_ONLY_WOULD_TAKE: "EC_PostOnlyWillTakeLiquidity",
    Why.NO_DEPTH: "EC_NoImmediateQtyToFill",
    Why.INSUFFICIENT_BALANCE: "EC_InsufficientBalance",
    Why.INSUFFICIENT_MARGIN: "EC_InsufficientBalance",
    Why.CANCELED_BY_USER: "EC_PerCancelRequest",
}
_CANCELED: Final = {
    Why.CANCELED_BY_USER: "CancelByUser",
    Why.REDUCE_ONLY: "CancelByReduceOnly",
    Why.LIQUIDATED: "CancelAllBeforeLiq",
}
_PROTECTS: Final = {Protects.STOP: "StopLoss", Protects.TARGET: "TakeProfit"}
_CREATED: Final = {Protects.STOP: "CreateByStopLoss", Protects.TARGET: "CreateByTakeProfit"}
_DEALINGS: Final = {
    Dealing.TRADE: "Trade",
    Dealing.FUNDING: "Funding",
    Dealing.LIQUIDATION: "BustTrade",
}
_TOUCHES: Final = {None: 0, Touch.RISING: 1, Touch.FALLING: 2}
_CENTS: Final = Decimal("0.0001")


def amount(value: Decimal) -> str:
    """A number without needless zeros."""
    return "0" if value == 0 else plain(value.normalize())


def stamp(at: datetime) -> str:
    """A moment in milliseconds, as text."""
    return str(ms_of(at))


def status(order: ExchangeOrder) -> str:
    """Bybit's word for where an order stands."""
    match order.state:
        case State.SLEEPING:
            return "Untriggered"
        case State.OPEN:
            return "PartiallyFilled" if order.filled else "New"
        case State.FILLED:
            return "Filled"
        case State.REJECTED:
            return "Rejected"
        case State.CANCELED:
            if order.trigger_price is not None and not order.is_triggered:
                return "Deactivated"
            is_spot = order.instrument.kind is MarketKind.SPOT
            return "PartiallyFilledCanceled" if is_spot and order.filled else "Cancelled"


def order_row(order: ExchangeOrder) -> Row:
    """An order in every list of orders."""
    wish, one = order.wish, order.instrument
    price = order.limit_price if wish.kind is OrderKind.LIMIT and order.limit_price is not None else NOTHING
    left = order.left if order.is_live else NOTHING
    average = order.average_price
    stop_type = "" if wish.trigger_price is None else "Stop"
    return {
        "category": CATEGORIES[one.kind],
        "orderId": order.id,
        "orderLinkId": wish.client_id,
        "blockTradeId": "",
        "symbol": one.symbol,
        "price": plain(price),
        "qty": plain(order.quantity if wish.cost is None else wish.cost),
        "side": SIDES[order.side],
        "isLeverage": "0" if one.kind is MarketKind.SPOT else "",
        "positionIdx": PLACES[wish.direction],
        "orderStatus": status(order),
        "cancelType": "UNKNOWN" if order.why is None else _CANCELED.get(order.why, "UNKNOWN"),
        "rejectReason": "EC_NoError" if order.why is None else _REJECTED.get(order.why, "EC_NoError"),
        "avgPrice": "" if average is None else amount(one.price(average)),
        "leavesQty": plain(left),
        "leavesValue": amount(left * price),
        "cumExecQty": plain(order.filled),
        "cumExecValue": amount(order.cost),
        "cumExecFee": amount(order.fees),
        "timeInForce": "IOC" if wish.kind is OrderKind.MARKET else TIFS[wish.tif],
        "orderType": KINDS[wish.kind],
        "stopOrderType": stop_type if wish.protects is None else _PROTECTS[wish.protects],
        "orderIv": "",
        "triggerPrice": "" if order.trigger_price is None else plain(order.trigger_price),
        "takeProfit": "" if wish.take_profit is None else plain(wish.take_profit),
        "stopLoss": "" if wish.stop_loss is None else plain(wish.stop_loss),
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "triggerDirection": _TOUCHES[wish.touch],
        "triggerBy": "" if order.trigger_price is None else "LastPrice",
        "lastPriceOnCreated": "" if order.last_on_created is None else plain(order.last_on_created),
        "reduceOnly": wish.is_reduce_only,
        "closeOnTrigger": wish.protects is not None,
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "tpslMode": "Full" if wish.protects is not None else "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "placeType": "",
        "marketUnit": "quoteCoin" if wish.cost is not None else "",
        "createType": _CREATED.get(wish.protects, "CreateByUser") if wish.protects else "CreateByUser",
        "feeCurrency": order.fee_asset if one.kind is MarketKind.SPOT else "",
        "createdTime": stamp(order.created_at),
        "updatedTime": stamp(order.updated_at),
    }


def execution_row(done: Execution) -> Row:
    """A fill, or a funding payment, in every list of executions."""
    is_spot = done.instrument.kind is MarketKind.SPOT
    return {
        "category": CATEGORIES[done.instrument.kind],
        "symbol": done.instrument.symbol,
        "orderType": "UNKNOWN" if done.dealing is Dealing.FUNDING else KINDS[done.kind],
        "underlyingPrice": "",
        "orderLinkId": done.client_id,
        "side": SIDES[done.side],
        "indexPrice": "",
        "orderId": done.order_id,
        "stopOrderType": "UNKNOWN",
        "leavesQty": plain(done.left),
        "execTime": stamp(done.at),
        "feeCurrency": done.fee_asset if is_spot else "",
        "isMaker": done.liquidity is Liquidity.MAKER,
        "execFee": amount(done.fee),
        "feeRate": amount(done.rate),
        "execId": done.id,
        "tradeIv": "",
        "blockTradeId": "",
        "markPrice": "" if is_spot else plain(done.price),
        "execPrice": plain(done.price),
        "markIv": "",
        "orderQty": plain(done.order_quantity),
        "orderPrice": "0" if done.order_price is None else plain(done.order_price),
        "execValue": amount(done.price * done.quantity),
        "execType": _DEALINGS[done.dealing],
        "execQty": plain(done.quantity),
        "closedSize": "" if is_spot else amount(done.closed),
        "execPnl": amount(done.realised),
        "isLeverage": "0",
        "seq": done.number,
    }


def position_row(account: Account, position: Position, exchange: Exchange, at: datetime) -> Row:
    """A position in the list and on the stream, which calls the entry price by another name."""
    one = position.instrument
    mark = exchange.quotes.last(one, at)
    leverage = account.leverage(one.symbol)
    value = abs(position.size) * mark
    entry = amount(position.entry_price.quantize(Decimal("1E-8")))
    guards = {
        order.wish.protects: plain(order.trigger_price)
        for order in account.live_in(one)
        if order.trigger_price is not None and order.wish.direction is position.slot
    }
    return {
        "category": "linear",
        "positionIdx": PLACES[position.slot],
        "riskId": 1,
        "riskLimitValue": "2000000",
        "symbol": one.symbol,
        "side": SIDES[Side.BUY if position.size > 0 else Side.SELL] if position.size else "",
        "size": plain(abs(position.size)),
        "avgPrice": entry,
        "entryPrice": entry,
        "positionValue": amount(abs(position.cost)),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 2 if position.size else 0,
        "leverage": amount(leverage),
        "positionBalance": "0",
        "markPrice": plain(mark),
        "liqPrice": _liquidation(account, position, exchange, mark, at),
        "bustPrice": "",
        "positionMM": amount(cut(value * exchange.rules.maintenance)),
        "positionIM": amount(cut(value / leverage)),
        "tpslMode": "Full",
        "takeProfit": guards.get(Protects.TARGET, ""),
        "stopLoss": guards.get(Protects.STOP, ""),
        "trailingStop": "0",
        "unrealisedPnl": amount(position.unrealised(mark)) if position.size else "",
        "curRealisedPnl": amount(position.realised),
        "cumRealisedPnl": amount(position.realised),
        "seq": account.executions[-1].number if account.executions else 0,
        "isReduceOnly": False,
        "mmrSysUpdateTime": "",
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "sessionAvgPrice": "",
        "createdTime": stamp(position.opened_at or position.updated_at),
        "updatedTime": stamp(position.updated_at),
    }


def wallet_row(account: Account, exchange: Exchange, at: datetime) -> Row:
    """The unified wallet."""
    wallet, now = account.setup.perp_wallet, exchange.standing(account, at)
    coins = [_coin_row(account, exchange, asset, held, now, at) for asset, held in account.assets(wallet)]
    worth = sum((Decimal(coin["usdValue"]) for coin in coins), NOTHING)
    used = now.initial + now.ordered
    return {
        "accountType": "UNIFIED",
        "totalEquity": amount(cut(worth)),
        "accountIMRate": _rate(used, now.equity),
        "totalMarginBalance": amount(cut(now.equity)),
        "totalInitialMargin": amount(cut(used)),
        "totalAvailableBalance": amount(cut(max(now.available, NOTHING))),
        "accountMMRate": _rate(now.maintenance, now.equity),
        "totalPerpUPL": amount(cut(now.unrealised)),
        "totalPerpUpl": amount(cut(now.unrealised)),
        "totalWalletBalance": amount(cut(worth - now.unrealised)),
        "accountLTV": "0",
        "totalMaintenanceMargin": amount(cut(now.maintenance)),
        "coin": coins,
    }


def _coin_row(
    account: Account, exchange: Exchange, asset: str, held: Decimal, now: Standing, at: datetime
) -> Row:
    is_currency = asset == exchange.rules.currency
    unrealised = now.unrealised if is_currency else NOTHING
    price = Decimal(1) if is_currency else exchange.quotes.worth(asset, at)
    equity = held + unrealised
    realised = sum((one.realised for one in account.positions.values()), NOTHING) if is_currency else NOTHING
    locked = account.locked.get((account.setup.spot_wallet, asset), NOTHING)
    return {
        "coin": asset,
        "equity": amount(equity),
        "usdValue": amount(cut(equity * price)),
        "walletBalance": amount(held),
        "availableToWithdraw": amount(max(held - locked, NOTHING)),
        "availableToBorrow": "",
        "borrowAmount": amount(max(-held, NOTHING)),
        "accruedInterest": "0",
        "totalOrderIM": amount(cut(now.ordered)) if is_currency else "0",
        "totalPositionIM": amount(cut(now.initial)) if is_currency else "0",
        "totalPositionMM": amount(cut(now.maintenance)) if is_currency else "0",
        "unrealisedPnl": amount(unrealised),
        "cumRealisedPnl": amount(realised),
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "locked": amount(locked),
        "spotHedgingQty": "0",
        "spotBorrow": amount(max(-held, NOTHING)),
    }


def _liquidation(
    account: Account, position: Position, exchange: Exchange, mark: Decimal, at: datetime
) -> str:
    if not position.size:
        return ""
    price = liquidation_price(position, exchange.rules, exchange.standing(account, at), mark)
    return "" if price is None else plain(price)


def _rate(part: Decimal, whole: Decimal) -> str:
    return "0" if whole <= 0 or part == 0 else plain((part / whole).quantize(_CENTS))
