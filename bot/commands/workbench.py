"""What the commands about candles work with: the store, the venue and its clock, for as long as they run."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from bot.outside import build_sources, fence, open_candles, running_clock
from bot.settings import Settings
from engines.core.instrument import Instrument
from ports.candles import CandleStore
from ports.clock import Clock
from ports.errors import Fatal, Refused
from ports.markets import MarketSource
from services.market.options import MarketOptions
from services.market.ring import Rings
from services.markets import Markets

_CLOCK_WITHIN_S = 15.0
_ANSWER_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """Everything open. `rings` are those that `markets` reads."""

    store: CandleStore
    source: MarketSource
    clock: Clock
    rings: Rings
    markets: Markets


@asynccontextmanager
async def workbench(settings: Settings) -> AsyncIterator[Workbench]:
    """Open the store and the traded venue during the block.

    Raises `Fatal` for a store that cannot be used, `Transient` when the sandbox's clock is not told.
    """
    store, end_fence = await open_candles(settings), fence(settings)
    try:
        async with running_clock(settings, within_s=_CLOCK_WITHIN_S) as clock:
            source, _ = build_sources(settings, clock)
            rings = Rings()
            options = MarketOptions(answer_within_s=_ANSWER_WITHIN_S)
            markets = Markets(source, None, clock, options, rings=rings, store=store)
            try:
                yield Workbench(store=store, source=source, clock=clock, rings=rings, markets=markets)
            finally:
                await markets.close()
                await source.close()
    finally:
        end_fence()
        await store.close()


async def instrument_of(markets: Markets, text: str) -> Instrument:
    """The market that `text` names. Raises `Fatal` that says which names are near."""
    try:
        return await markets.resolve(text)
    except Refused as error:
        if error.code == "markets_loading":
            raise Fatal(f"{markets.venue} does not tell its markets; try again in a moment") from error
        names = ", ".join(one.symbol for one in _near(error))
        hint = f"; did you mean {names}?" if names else "; write it as the venue does, such as BTCUSDT"
        raise Fatal(f"{markets.venue} has no market {text}{hint}") from error


def _near(error: Refused) -> list[Instrument]:
    near = error.params.get("near")
    return [one for one in near if isinstance(one, Instrument)] if isinstance(near, list) else []


@contextmanager
def stopped_by_signal() -> Iterator[asyncio.Event]:
    """An event that Ctrl+C or SIGTERM sets, during the block."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
