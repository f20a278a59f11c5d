"""What a market did between two looks at it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import MarketKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Traded prices after `since` and until `at` (market time, aware UTC).

    `open` is the last price known at `since`, so that a gap shows as `open` outside the range that orders
    expect; `low <= open, close <= high`. `mark_low` and `mark_high` bound the mark price over the same time,
    `mark` is the last one; on spot they are the traded prices. `volume` is the base coin traded where it is
    known, else `None`. `is_bar`: the way inside is unknown (a candle), so rules take the worse order of
    events; otherwise the price went straight from `open` to `close`.
    """

    symbol: str
    kind: MarketKind
    since: datetime
    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    mark: Decimal
    mark_low: Decimal
    mark_high: Decimal
    volume: Decimal | None = None
    is_bar: bool = False
