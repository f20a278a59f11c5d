"""The terms of a simulated run: the money it begins with, what trading costs, and which limits it keeps."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from engines.orders.subaccount import EngineName
from engines.risk.limits import EngineLimits, Limits
from engines.simulate.costs import Fees

_NONE: Final = Decimal(1_000_000_000)

OPEN_LIMITS: Final = Limits(
    order_usd=_NONE,
    asset_share=_NONE,
    cash_share=-_NONE,
    margin_share=_NONE,
    delta_share=_NONE,
    warn_at=_NONE,
    halve_at=_NONE,
    halt_at=_NONE,
    daily_loss=_NONE,
    engines={
        name: EngineLimits(
            order=_NONE,
            day=_NONE,
            exposure=_NONE,
            leverage=_NONE,
            positions=1_000_000,
            liquidation=Decimal(0),
            is_stepped=False,
        )
        for name in EngineName
    },
)
"""Limits that nothing meets: what a rule would do by itself. What is malformed, stale or cannot be paid is
refused still."""

USUAL_FEES: Final = Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055"))
"""Bybit's rates for those who trade little ("Trading Fee Structure" in its help centre)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`opening` is the capital in the quote currency. `slippage` is how much worse than the price shown a
    market order is filled, as a fraction; `participation` the largest part of a bar's volume that an order
    may take (`None`: any). `limits` are those of the gate."""

    opening: Decimal = Decimal(10_000)
    fees: Fees = USUAL_FEES
    slippage: Decimal = Decimal("0.0002")
    participation: Decimal | None = None
    limits: Limits = field(default_factory=Limits)
