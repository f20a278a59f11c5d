"""Order books that can be acted on."""

from engines.core.depth import Depth
from engines.core.instrument import Instrument
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource


async def fresh_depth(
    source: MarketSource, instrument: Instrument, clock: Clock, *, stale_after_s: float
) -> Depth:
    """The book of a market now, with both sides. Raises `Refused("no_fresh_price")` (`pair`)."""
    asked_at = clock.now()
    try:
        depth = await source.depth(instrument.symbol, instrument.kind)
    except (Refused, Transient) as error:
        raise Refused("no_fresh_price", pair=instrument.pair) from error
    is_old = depth.at < asked_at and clock.age_s(depth.at) > stale_after_s
    if is_old or not depth.bids or not depth.asks:
        raise Refused("no_fresh_price", pair=instrument.pair)
    return depth
