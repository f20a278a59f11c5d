"""Order books as the paper venue looks at them: fresh, and asked for once by all who need one at a time."""

import asyncio
from dataclasses import dataclass, field

from engines.core.depth import Depth
from engines.core.instrument import Instrument, MarketKind
from engines.simulate.consumption import Consumption
from ports.clock import Clock
from ports.errors import Refused, Stale, Transient
from ports.markets import MarketSource


@dataclass(slots=True)
class BookReader:
    """Books of a venue. In a crash many stops ask for the same one: they share the answer under way."""

    source: MarketSource
    clock: Clock
    stale_after_s: float
    _asked: dict[tuple[MarketKind, str], "asyncio.Task[Depth]"] = field(default_factory=dict)

    async def fresh(self, instrument: Instrument) -> Depth:
        """The book now. Raises `Stale` for an old one, `Transient` when there is none."""
        asked_at = self.clock.now()
        try:
            depth = await asyncio.shield(self._ask(instrument))
        except Refused as error:
            raise Transient(f"{self.source.venue} does not trade {instrument.symbol}") from error
        # What came while we waited is fresh however fast market time runs.
        age_s = 0.0 if depth.at >= asked_at else self.clock.age_s(depth.at)
        if age_s > self.stale_after_s:
            raise Stale(f"the book of {instrument.symbol}", age_s=age_s)
        return depth

    def _ask(self, instrument: Instrument) -> "asyncio.Task[Depth]":
        key = instrument.key
        if key not in self._asked:
            asking = asyncio.create_task(self.source.depth(instrument.symbol, instrument.kind))
            self._asked[key] = asking
            asking.add_done_callback(lambda done: self._answered(key, done))
        return self._asked[key]

    def _answered(self, key: tuple[MarketKind, str], done: "asyncio.Task[Depth]") -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()  # seen, also when whoever asked has given up


@dataclass(slots=True)
class Eaten:
    """What paper orders have taken, by market."""

    _by_market: dict[tuple[MarketKind, str], Consumption] = field(default_factory=dict)

    def of(self, instrument: Instrument) -> Consumption:
        """The memory of one market, shared by all people."""
        return self._by_market.setdefault(instrument.key, Consumption())
