"""What a sub-account may still spend."""

from decimal import Decimal

from engines.core.instrument import MarketKind
from engines.ledger import booking
from engines.risk.exposure import Exposure
from services.judging.worth import Worth
from services.trading.funds import Funds
from services.trading.ledger import QUOTE


def spendable(worth: Worth, funds: Funds, owner: int, *, intent_id: str = "") -> Decimal:
    """Cash less what is about to leave, and what entries under way may still take of it; those of the intent
    left out."""
    cash = booking.free(worth.register.balances(owner), QUOTE) - worth.register.promised(owner)
    for one in worth.held(owner):
        adding = one.adding(intent_id)
        price = worth.price(one.instrument) if adding else None
        if price is not None:
            share = 1 if one.instrument.kind is MarketKind.SPOT else 1 / one.leverage
            cash -= adding * price * (share + funds.fee_rate(one.instrument))
    return cash


def unused(worth: Worth, owner: int, exposure: Exposure) -> Decimal:
    """Capital that stands for no margin; nothing while it is not known."""
    capital = worth.equity(owner) or Decimal(0)
    return capital - exposure.used_margin - worth.register.promised(owner)
