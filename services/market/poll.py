"""Reading something again and again."""

import asyncio
from collections.abc import Awaitable, Callable

from ports.errors import Transient
from services.market.feed import FeedMeter
from services.market.options import MarketOptions
from services.market.retry import Backoff, retried


async def polled(
    load: Callable[[], Awaitable[None]], every_s: float, meter: FeedMeter, options: MarketOptions
) -> None:
    """Endless: `load` every so many real seconds; patience first, then back-off, when it fails."""
    backoff = Backoff(*options.backoff_s)
    while True:
        try:
            await retried(load, options.patience_s, meter.failed)
        except Transient as error:
            meter.failed(error)
            await backoff.wait(error)
        else:
            backoff.reset()
            await asyncio.sleep(every_s)
