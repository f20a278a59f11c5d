"""The limits themselves: numbers. What they are held against is in `rules`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from engines.orders.subaccount import EngineName


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """Limits of one engine; multiples and fractions are of its capital.

    `order` bounds one entry, `day` all entries of a UTC day, `exposure` what it holds, `leverage` the
    leverage of a position at the venue, `positions` how many it holds at once, `liquidation` the distance to
    liquidation that is kept. `is_capped`: it belongs to the portfolio whose assets and cash are bounded.
    `is_stepped`: drawdown and a day's loss halve and halt it; else they only warn. `is_spread`: positions
    that go together are halved.
    """

    order: Decimal = Decimal(1)
    day: Decimal = Decimal(5)
    exposure: Decimal = Decimal(1)
    leverage: Decimal = Decimal(1)
    positions: int = 20
    liquidation: Decimal = Decimal("0.15")
    is_capped: bool = False
    is_stepped: bool = True
    is_spread: bool = False


ENGINES: Final[Mapping[EngineName, EngineLimits]] = {
    EngineName.CORE: EngineLimits(is_capped=True, is_stepped=False),
    EngineName.TREND: EngineLimits(
        exposure=Decimal(2),
        leverage=Decimal(2),
        positions=2,
        liquidation=Decimal("0.49"),  # 2x leaves half the price, less the maintenance margin
        is_capped=True,
        is_spread=True,
    ),
    EngineName.FUNDING: EngineLimits(leverage=Decimal(2), is_capped=True),
    EngineName.TACTICAL: EngineLimits(is_capped=True, is_stepped=False),
    EngineName.NEUTRAL: EngineLimits(order=Decimal("1.5"), exposure=Decimal(2), leverage=Decimal(5)),
    EngineName.TOUCH: EngineLimits(),
    EngineName.SIGNALS: EngineLimits(
        order=Decimal("0.2"), exposure=Decimal(2), leverage=Decimal(3), positions=10, is_spread=True
    ),
    EngineName.MANUAL: EngineLimits(exposure=Decimal(3), leverage=Decimal(5)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of the desk. Shares and losses are fractions.

    `order_usd` bounds any single entry. `asset_share` and `cash_share` are of the portfolio, `margin_share`
    of what stands for the margin, `delta_share` of everything the desk has. `band` is how far beyond the
    market an order may pay, `far` how far away on its own side a limit may rest. Losses from the high-water
    mark `warn_at`, `halve_at` and `halt_at`; `daily_loss` is from 00:00 UTC. `person_leverage` is the highest
    of people's own paper trades.
    """

    order_usd: Decimal = Decimal(100_000)
    asset_share: Decimal = Decimal("0.45")
    cash_share: Decimal = Decimal("0.05")
    margin_share: Decimal = Decimal("0.7")
    delta_share: Decimal = Decimal(1)
    warn_at: Decimal = Decimal("0.1")
    halve_at: Decimal = Decimal("0.15")
    halt_at: Decimal = Decimal("0.2")
    daily_loss: Decimal = Decimal("0.03")
    band: Decimal = Decimal("0.02")
    far: Decimal = Decimal("0.5")
    correlation: float = 0.9
    stale_after_s: float = 30.0
    person_leverage: Decimal = Decimal(5)
    engines: Mapping[EngineName, EngineLimits] = field(default_factory=lambda: ENGINES)
