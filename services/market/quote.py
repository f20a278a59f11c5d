"""A price as the desk speaks of it."""

from dataclasses import dataclass
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.ticker import Ticker


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A ticker with its age, and what the reference venue says of it.

    `is_stale` forbids acting on the price. `reference_gap` is a fraction of the reference price
    (0.001: we are 0.1 % above it); both are `None` while the reference is silent or stale.
    """

    instrument: Instrument
    ticker: Ticker
    age_s: float
    is_stale: bool
    reference_price: Decimal | None = None
    reference_gap: Decimal | None = None
