"""What a venue says of a linear perpetual beside its last price."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpTicker:
    """A perpetual's ticker. Prices and `turnover_24h` are in the quote currency.

    `funding_rate` is the predicted rate of the next settlement as a fraction of the mark notional, paid by
    longs to shorts when positive; `next_funding_at` is when. `at` is market time (aware UTC) of the event.
    """

    symbol: str
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    mark: Decimal
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding_at: datetime | None
    turnover_24h: Decimal | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """One settlement: `rate` is a fraction of the position's notional at `mark`, long pays when positive."""

    symbol: str
    rate: Decimal
    at: datetime
