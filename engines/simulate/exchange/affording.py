"""Whether an account can pay for an order. Raises `Declined` and changes nothing."""

from datetime import datetime
from decimal import Decimal

from engines.core.side import Side
from engines.orders.order import Liquidity
from engines.simulate.exchange.account import NOTHING, Account, Waiting
from engines.simulate.exchange.margin import spendable, standing
from engines.simulate.exchange.order import Wish
from engines.simulate.exchange.refusal import Declined, Why
from engines.simulate.exchange.rules import Quotes, Rules


def check_affordable(
    account: Account,
    wish: Wish,
    quantity: Decimal,
    price: Decimal,
    rules: Rules,
    quotes: Quotes,
    at: datetime,
) -> None:
    """`price` is the worst that it can cost. What only closes needs nothing."""
    if wish.is_perp:
        _check_margin(account, wish, quantity, price, rules, quotes, at)
    elif wish.side is Side.SELL:
        if account.free(account.setup.spot_wallet, wish.instrument.base) < quantity:
            raise Declined(Why.INSUFFICIENT_BALANCE, wish.instrument.base)
    else:
        cost = wish.cost if wish.cost is not None else quantity * price
        fee = cost * rules.fees.spot if account.setup.pays_in_quote else NOTHING
        if spendable(account, rules, quotes, at) < cost + fee:
            raise Declined(Why.INSUFFICIENT_BALANCE, wish.instrument.quote)


def _check_margin(
    account: Account,
    wish: Wish,
    quantity: Decimal,
    price: Decimal,
    rules: Rules,
    quotes: Quotes,
    at: datetime,
) -> None:
    if wish.is_reducing:
        return
    key = (wish.instrument.symbol, wish.direction)
    held = account.position(wish.instrument, wish.direction, at)
    waiting = account.waiting.setdefault(key, Waiting())
    before = waiting.opening(held.size)
    waiting.add(wish.side, quantity, price)
    added = waiting.opening(held.size) - before
    waiting.add(wish.side, -quantity, price)
    if added <= 0:
        return
    fee = added * rules.fees.rate(wish.instrument.kind, Liquidity.TAKER)
    needed = added / account.leverage(wish.instrument.symbol) + fee
    if standing(account, rules, quotes, at).available < needed:
        raise Declined(Why.INSUFFICIENT_MARGIN)
