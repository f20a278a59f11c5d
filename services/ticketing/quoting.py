"""What a size would cost now, from a fresh order book."""

from dataclasses import dataclass
from decimal import Decimal

from engines.core.depth import Depth
from engines.core.instrument import Instrument
from engines.core.side import Side
from engines.orders.drafting import Quote
from engines.orders.plan import worst_price
from engines.simulate.consumption import Consumption
from engines.simulate.matching import take_depth
from ports.clock import Clock
from ports.markets import MarketSource
from services.market.depth import fresh_depth


@dataclass(slots=True, repr=False)
class Quoting:
    """Asks the venue for its book, every time: nobody decides on an old price."""

    source: MarketSource
    clock: Clock
    stale_after_s: float

    async def best(self, instrument: Instrument, side: Side) -> Decimal:
        """The best price of the other side. Raises `Refused("no_fresh_price")` (`pair`)."""
        return _levels(await self._depth(instrument), side)[0][0]

    async def quote(
        self,
        instrument: Instrument,
        side: Side,
        quantity: Decimal,
        *,
        max_slippage: Decimal,
        limit_price: Decimal | None = None,
    ) -> Quote:
        """What `quantity` would cost. Raises `Refused("no_fresh_price")` (`pair`)."""
        depth = await self._depth(instrument)
        best = _levels(depth, side)[0][0]
        worst = worst_price(instrument, side, best, max_slippage) if limit_price is None else limit_price
        if (worst - best) * side.sign < 0:
            return Quote(best=best, expected=worst, worst=worst)  # it rests until the market comes to it
        taken = take_depth(
            instrument, side, quantity, depth, at=depth.at, eaten=Consumption(), worst_price=worst
        )
        size = sum((part.quantity for part in taken), Decimal(0))
        cost = sum((part.price * part.quantity for part in taken), Decimal(0))
        return Quote(
            best=best, expected=cost / size if size else best, worst=worst, is_partial=size < quantity
        )

    async def _depth(self, instrument: Instrument) -> Depth:
        return await fresh_depth(self.source, instrument, self.clock, stale_after_s=self.stale_after_s)


def _levels(depth: Depth, side: Side) -> tuple[tuple[Decimal, Decimal], ...]:
    return depth.asks if side is Side.BUY else depth.bids
