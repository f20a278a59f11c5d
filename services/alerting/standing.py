"""An alert as screens show it. Values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.alerts.alert import Alert, Draft, PercentMove
from engines.alerts.edges import History
from engines.alerts.truth import Reading
from services.market.quote import Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alert and the market now. `reading` is the price it waits for, or how large its move is at present;
    `None` while that is not known, as `quote` is without a price. `readings` are what its formula compared at
    the last close, nothing while that is not known."""

    alert: Alert
    quote: Quote | None
    reading: Decimal | None
    readings: Sequence[Reading] = ()

    @property
    def distance(self) -> Decimal | None:
        """How far the price has to go, as a signed fraction of it; `None` where it is not known, and for
        moves, which have no price of their own."""
        is_move = isinstance(self.alert.condition, PercentMove)
        if is_move or self.quote is None or self.reading is None or not self.quote.ticker.last:
            return None
        return self.reading / self.quote.ticker.last - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert that fired at `price`, at market time `at`, real seconds `age_s` ago. It `is_late` when we
    found out afterwards, from candles; `quote` is the price now, `move` how far a percent move went, and
    `readings` what a formula compared."""

    alert: Alert
    price: Decimal
    at: datetime
    age_s: float
    is_late: bool
    move: Decimal | None
    quote: Quote | None
    readings: Sequence[Reading] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """An alert on a formula before it is armed: what it compares at the last close, and how that went."""

    draft: Draft
    readings: Sequence[Reading]
    history: History
