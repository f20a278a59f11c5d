"""The best prices of a market, from a fresh order book."""

from dataclasses import dataclass

from engines.core.instrument import Instrument
from engines.orders.execution import Quote
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource


@dataclass(slots=True, repr=False)
class BookQuotes:
    """Asks one venue for its book, every time, whatever account an order is for: the books of big markets
    stand within a few hundredths of a percent of each other, and every order is guarded by a limit."""

    source: MarketSource
    clock: Clock
    stale_after_s: float

    async def of(self, account: str, instrument: Instrument) -> Quote | None:
        """The best prices now; `None` where they cannot be had or are too old to act on."""
        asked_at = self.clock.now()
        try:
            depth = await self.source.depth(instrument.symbol, instrument.kind)
        except (Refused, Transient):
            return None
        is_old = depth.at < asked_at and self.clock.age_s(depth.at) > self.stale_after_s
        if is_old or not depth.bids or not depth.asks:
            return None
        return Quote(bid=depth.bids[0][0], ask=depth.asks[0][0], at=depth.at)
