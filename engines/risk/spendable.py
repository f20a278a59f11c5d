"""What a sub-account may still spend."""

from collections.abc import Callable
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.risk.exposure import Exposure
from engines.risk.worth import Worth

FeeRate = Callable[[Instrument], Decimal]
"""What an order at the market pays, as a fraction."""


def spendable(worth: Worth, fee_rate: FeeRate, owner: int, *, intent_id: str = "") -> Decimal:
    """Cash less what is about to leave, and what entries under way may still take of it; those of the intent
    left out."""
    cash = worth.cash(owner) - worth.promised(owner)
    for one in worth.held(owner):
        adding = one.adding(intent_id)
        price = worth.price(one.instrument) if adding else None
        if price is not None:
            share = 1 if one.instrument.kind is MarketKind.SPOT else 1 / one.leverage
            cash -= adding * price * (share + fee_rate(one.instrument))
    return cash


def unused(worth: Worth, owner: int, exposure: Exposure) -> Decimal:
    """Capital that stands for no margin; nothing while it is not known."""
    capital = worth.equity(owner) or Decimal(0)
    return capital - exposure.used_margin - worth.promised(owner)
