"""The gap between our venue and the reference, watched: one of them may have gone astray."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from ports.clock import Clock
from ports.health import FeedHealth
from services.market.options import MarketOptions
from services.market.quote import Quote


class SpreadWatch:
    """Remembers since when prices lie too far from the reference venue's."""

    def __init__(self, clock: Clock, options: MarketOptions) -> None:
        self._clock = clock
        self._options = options
        self._wide: dict[str, tuple[datetime, Decimal]] = {}
        self._looked_at: datetime | None = None

    def look(self, quotes: Iterable[Quote]) -> None:
        """Compare these prices; a market that is not among them, or cannot be compared, is forgotten."""
        self._looked_at = self._clock.wire_now()
        now, before = self._clock.now(), self._wide
        self._wide = {
            quote.instrument.pair: (before.get(quote.instrument.pair, (now,))[0], quote.reference_gap)
            for quote in quotes
            if quote.reference_gap is not None and abs(quote.reference_gap) > self._options.wide_gap
        }

    def health(self) -> FeedHealth:
        """A warning while a gap stays wide: `pair` and `gap` of the widest, and how `many` there are."""
        now = self._clock.now()
        lasting = {
            pair: gap
            for pair, (since, gap) in self._wide.items()
            if (now - since).total_seconds() >= self._options.wide_for_s
        }
        age_s = None
        if self._looked_at is not None:
            age_s = max((self._clock.wire_now() - self._looked_at).total_seconds(), 0.0)
        if not lasting:
            return FeedHealth(name="spread", is_ok=True, age_s=age_s, code="even")
        pair = max(lasting, key=lambda one: abs(lasting[one]))
        params: dict[str, object] = {"pair": pair, "gap": lasting[pair], "many": len(lasting)}
        return FeedHealth(name="spread", is_ok=False, age_s=age_s, code="spread", params=params)
