"""An intent before the gate, with everything that its rules ask for."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engines.orders.order import Intent, OrderKind
from engines.orders.trade import Trade
from engines.risk.limits import EngineLimits, Limits
from engines.risk.verdict import Check
from engines.risk.view import Account, Market, Pool, View

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A limit that the intent would break as it is: `most` is the notional that would keep it."""

    check: Check
    most: Decimal


@dataclass(slots=True, kw_only=True)
class Case:
    """An entry of an engine whose inputs are all there, as its rules read it. Not changed; not frozen only
    because freezing costs as much as half of the rules.

    `own` is the worst price that the order takes, `price` the dearest of it and the market's, `notional` the
    size there, `sign` that of its side. `capital` is what the engine is worth, `nav` its portfolio, `total`
    the desk.
    """

    intent: Intent
    trade: Trade
    view: View
    limits: Limits
    engine: EngineLimits
    market: Market
    account: Account
    portfolio: Pool
    own: Decimal | None
    price: Decimal
    notional: Decimal
    sign: int
    is_perp: bool
    capital: Decimal
    exposure: Decimal
    loss: Decimal
    day_loss: Decimal
    nav: Decimal
    delta: Decimal
    total: Decimal
    total_delta: Decimal
    total_loss: Decimal


def order_price(intent: Intent) -> Decimal | None:
    """The worst price at which the order may be filled; `None` where it says none."""
    if intent.kind is OrderKind.LIMIT:
        return intent.limit_price
    if intent.worst_price is not None:
        return intent.worst_price
    if intent.decision_price is not None and intent.max_slippage is not None:
        return intent.decision_price * (1 + intent.max_slippage * intent.side.sign)
    return None


def dearest(own: Decimal | None, market: Market) -> Decimal:
    """The price that sizes are reckoned at: the dearest that may come."""
    return market.price if own is None or own < market.price else own


def loss_from(mark: Decimal, now: Decimal) -> Decimal:
    """The fraction of `mark` that is lost; never negative."""
    return (mark - now) / mark if now < mark else ZERO


def known(value: Decimal | None) -> Decimal:
    """A number that `rules.missing_of` found to be there."""
    assert value is not None
    return value
