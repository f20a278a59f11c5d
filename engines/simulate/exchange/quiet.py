"""Whether anything can happen in a stretch of time, judged by the lowest and highest price of each market.

Where nothing can, the stretch is passed in one step, and comes out as if it had been gone through second by
second.
"""

from collections.abc import Mapping
from decimal import Decimal

from engines.core.instrument import MarketKind
from engines.core.side import Side
from engines.simulate.exchange.account import NOTHING, Account
from engines.simulate.exchange.margin import valued
from engines.simulate.exchange.order import ExchangeOrder, State, Touch
from engines.simulate.exchange.rules import Rules

Ranges = Mapping[tuple[MarketKind, str], tuple[Decimal, Decimal]]
"""The lowest and highest price, by market."""


def is_quiet(account: Account, rules: Rules, ranges: Ranges) -> bool:
    """Whether no order is reached and the account stays above its maintenance margin at the worst of all
    prices together. A market without a range did not trade."""
    if any(is_reached(order, ranges.get(order.instrument.key)) for order in account.live.values()):
        return False
    return not account.held() or _stands(account, rules, ranges)


def is_reached(order: ExchangeOrder, span: tuple[Decimal, Decimal] | None) -> bool:
    """Whether prices between `span` wake or touch the order."""
    if span is None:
        return False
    low, high = span
    if order.state is State.SLEEPING:
        return is_woken(order, low, high)
    if order.limit_price is None:
        return False
    return low <= order.limit_price if order.side is Side.BUY else high >= order.limit_price


def is_woken(order: ExchangeOrder, low: Decimal, high: Decimal) -> bool:
    """Whether prices between `low` and `high` touch a trigger."""
    trigger = order.trigger_price
    if trigger is None:
        return False
    return high >= trigger if order.wish.touch is Touch.RISING else low <= trigger


def _stands(account: Account, rules: Rules, ranges: Ranges) -> bool:
    def lowest(asset: str) -> Decimal:
        span = ranges.get((MarketKind.SPOT, f"{asset}{rules.currency}"))
        return NOTHING if span is None else span[0]

    equity = valued(account, rules, lowest)
    maintenance = NOTHING
    for position in account.held():
        span = ranges.get(position.instrument.key)
        if span is None:
            return False
        equity += min(position.unrealised(price) for price in span)
        maintenance += abs(position.size) * max(span) * rules.maintenance
    return equity > maintenance
