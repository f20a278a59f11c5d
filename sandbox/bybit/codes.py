"""Bybit's codes and words for what its exchange refuses; spot and perpetuals have their own."""

from typing import Final

from engines.core.instrument import MarketKind
from engines.simulate.exchange import refusal
from engines.simulate.exchange.order import Touch
from engines.simulate.exchange.refusal import Why
from sandbox.bybit.wire import PARAMS_ERROR, Declined

BAD_REQUEST_TIME: Final = 10002
BAD_KEY: Final = 10003
BAD_SIGN: Final = 10004
NO_PERMISSION: Final = 10005
TOO_MANY: Final = 10006
KEY_ENDED: Final = 33004

_LINEAR: Final = {
    Why.UNKNOWN_SYMBOL: (PARAMS_ERROR, "params error: symbol invalid"),
    Why.HALTED: (110066, "Trading is currently not allowed."),
    Why.BAD_PRICE: (PARAMS_ERROR, "params error: The price is invalid"),
    Why.BAD_QUANTITY: (PARAMS_ERROR, "Qty invalid"),
    Why.BELOW_MINIMUM: (PARAMS_ERROR, "The number of contracts is below the minimum allowed"),
    Why.BELOW_MIN_NOTIONAL: (110094, "Order does not meet minimum order value 5USDT"),
    Why.PRICE_OUT_OF_BAND: (110003, "Order price exceeds the allowable range."),
    Why.INSUFFICIENT_BALANCE: (110004, "Wallet balance is insufficient"),
    Why.INSUFFICIENT_MARGIN: (110007, "ab not enough for new order"),
    Why.REDUCE_ONLY: (110017, "current position is zero, cannot fix reduce-only order qty"),
    Why.POSITION_MODE: (PARAMS_ERROR, "position idx not match position mode"),
    Why.DUPLICATE_ID: (110072, "OrderLinkedID is duplicate"),
    Why.ORDER_NOT_FOUND: (110001, "order not exists or too late to cancel"),
    Why.ORDER_FINISHED: (110001, "order not exists or too late to cancel"),
    Why.NOT_MODIFIED: (PARAMS_ERROR, "The order remains unchanged."),
    Why.BAD_LEVERAGE: (110013, "cannot set leverage due to risk limit"),
    Why.HAS_POSITIONS: (110024, "You have an existing position, so position mode cannot be switched"),
    Why.NO_POSITION: (PARAMS_ERROR, "can not set tp/sl/ts for zero position"),
}  # fmt: skip
_TRIGGERS: Final = {
    Touch.RISING: (110092, "expect Rising, but trigger_price is not above the current price"),
    Touch.FALLING: (110093, "expect Falling, but trigger_price is not below the current price"),
}
_SPOT: Final = {
    Why.UNKNOWN_SYMBOL: (170121, "Invalid symbol."),
    Why.HALTED: (170151, "This trading pair is not open yet."),
    Why.BAD_PRICE: (170134, "Order price has too many decimals."),
    Why.BAD_QUANTITY: (170137, "Order quantity has too many decimals."),
    Why.BELOW_MINIMUM: (170136, "Order quantity exceeded lower limit."),
    Why.BELOW_MIN_NOTIONAL: (170140, "Order value exceeded lower limit."),
    Why.PRICE_OUT_OF_BAND: (170193, "Order price cannot be that far from the market."),
    Why.INSUFFICIENT_BALANCE: (170131, "Insufficient balance."),
    Why.INSUFFICIENT_MARGIN: (170131, "Insufficient balance."),
    Why.DUPLICATE_ID: (170141, "Duplicate clientOrderId"),
    Why.ORDER_NOT_FOUND: (170213, "Order does not exist."),
    Why.ORDER_FINISHED: (170142, "Order has been canceled."),
}
_ASSET: Final = {
    Why.INSUFFICIENT_BALANCE: (131212, "Insufficient balance"),
    Why.INSUFFICIENT_MARGIN: (131212, "Insufficient balance"),
    Why.BAD_AMOUNT: (131215, "Amount error"),
    Why.UNKNOWN_WALLET: (131207, "Account not exist"),
}


def declined(error: refusal.Declined, kind: MarketKind | None) -> Declined:
    """The refusal as Bybit says it; `kind` is `None` for what is not about a market."""
    if error.why is Why.BAD_TRIGGER:
        code, message = _TRIGGERS[Touch(error.detail)]
        return Declined(message, code)
    words = _ASSET if kind is None else _SPOT if kind is MarketKind.SPOT else _LINEAR
    code, message = words.get(error.why) or _LINEAR.get(error.why, (PARAMS_ERROR, str(error)))
    return Declined(message, code)
