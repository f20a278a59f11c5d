"""The latest traded price of an instrument and its last 24 hours."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """A venue's ticker. Prices and `turnover_24h` are in the quote currency.

    `change_24h` is a fraction (0.012 is +1.2 %), `None` when the venue does not say. `at` is market time
    (aware UTC) of the event at the venue.
    """

    symbol: str
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    change_24h: Decimal | None
    high_24h: Decimal | None
    low_24h: Decimal | None
    turnover_24h: Decimal | None
    at: datetime
