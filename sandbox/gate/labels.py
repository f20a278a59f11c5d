"""How Gate words what the exchange refuses."""

from dataclasses import dataclass

from engines.core.instrument import MarketKind
from engines.simulate.exchange import refusal
from engines.simulate.exchange.refusal import Why
from sandbox.gate.wire import BAD_VALUE, Declined

NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class _Said:
    label: str
    message: str
    status: int = 400


def declined(refused: refusal.Declined, kind: MarketKind) -> Declined:
    """The refusal of an order or an account's setting in Gate's words."""
    said = (_SPOT if kind is MarketKind.SPOT else _FUTURES).get(refused.why) or _BOTH[refused.why]
    return Declined(said.label, said.message.format(detail=refused.detail), said.status)


_BOTH = {
    Why.BELOW_MIN_NOTIONAL: _Said(
        BAD_VALUE, "Your order size {detail} USDT is too small. The minimum is 3 USDT"
    ),
    Why.BAD_TRIGGER: _Said("AUTO_TRIGGER_PRICE_LESS_LAST", "invalid argument: Trigger.Price {detail}"),
    Why.INSUFFICIENT_BALANCE: _Said("BALANCE_NOT_ENOUGH", "Not enough balance"),
    Why.NO_DEPTH: _Said("NO_DEPTH", "no counterpart"),
    Why.POSITION_MODE: _Said("POSITION_DUAL_MODE", "operation does not fit the position mode"),
    Why.DUPLICATE_ID: _Said("REPEATED_CREATION", "repeated text {detail}"),
    Why.ORDER_NOT_FOUND: _Said("ORDER_NOT_FOUND", "Order not found", NOT_FOUND),
    Why.NOT_MODIFIED: _Said("NO_CHANGE", "No change is made"),
    Why.BAD_LEVERAGE: _Said("LEVERAGE_TOO_HIGH", "leverage {detail} is out of range"),
    Why.HAS_POSITIONS: _Said("POSITION_HOLDING", "close positions and cancel orders first"),
    Why.NO_POSITION: _Said("POSITION_EMPTY", "empty position"),
    Why.BAD_AMOUNT: _Said(BAD_VALUE, "invalid argument: amount {detail}"),
    Why.UNKNOWN_WALLET: _Said(BAD_VALUE, "invalid argument: account {detail}"),
    Why.WITHDRAWALS_SUSPENDED: _Said("API_WITHDRAW_DISABLED", "Withdrawals are suspended"),
    Why.CANCELED_BY_USER: _Said("ORDER_CANCELLED", "Order cancelled"),
    Why.LIQUIDATED: _Said("POSITION_IN_LIQUIDATION", "position is being liquidated"),
    Why.REDUCE_ONLY: _Said("REDUCE_EXCEEDED", "empty position"),
}
_SPOT = {
    Why.UNKNOWN_SYMBOL: _Said("INVALID_CURRENCY_PAIR", "Invalid currency pair {detail}"),
    Why.HALTED: _Said("TRADE_RESTRICTED", "{detail} is not tradable now"),
    Why.BAD_PRICE: _Said("INVALID_PRECISION", "Invalid price {detail}"),
    Why.BAD_QUANTITY: _Said("INVALID_PRECISION", "Invalid amount {detail}"),
    Why.BELOW_MINIMUM: _Said(BAD_VALUE, "Your order size {detail} is too small"),
    Why.PRICE_OUT_OF_BAND: _Said("PRICE_THRESHOLD_EXCEEDED", ": {detail}"),
    Why.INSUFFICIENT_MARGIN: _Said("MARGIN_BALANCE_NOT_ENOUGH", "Not enough margin"),
    Why.POST_ONLY_WOULD_TAKE: _Said(
        "POC_FILL_IMMEDIATELY", "Order would match and take immediately so its cancelled"
    ),
    Why.ORDER_FINISHED: _Said("ORDER_CLOSED", "Order {detail} is closed"),
}
_FUTURES = {
    Why.UNKNOWN_SYMBOL: _Said("CONTRACT_NOT_FOUND", "Contract {detail} not found"),
    Why.HALTED: _Said("CONTRACT_IN_DELISTING", "{detail} is not trading now"),
    Why.BAD_PRICE: _Said(BAD_VALUE, "invalid argument: price {detail}"),
    Why.BAD_QUANTITY: _Said(BAD_VALUE, "invalid argument: size {detail}"),
    Why.BELOW_MINIMUM: _Said("SIZE_TOO_SMALL", "size is too small"),
    Why.PRICE_OUT_OF_BAND: _Said("PRICE_TOO_DEVIATED", "price {detail} is too far from the mark"),
    Why.INSUFFICIENT_MARGIN: _Said("INSUFFICIENT_AVAILABLE", "not enough margin available"),
    Why.POST_ONLY_WOULD_TAKE: _Said("ORDER_POC_IMMEDIATE", "order would be filled immediately"),
    Why.ORDER_FINISHED: _Said("ORDER_FINISHED", "order {detail} is finished"),
}
