"""Linear perpetuals beside spot: mark, index, funding and predicted funding."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from engines.core.instrument import Instrument
from engines.core.perp import Funding, PerpTicker
from ports.health import FeedHealth


class Perps:
    """Perpetuals of the primary venue. `run` is the supervised loop."""

    async def run(self) -> None:
        """Endless: keep instruments and tickers fresh, stream those that somebody keeps."""
        raise NotImplementedError

    async def instrument(self, symbol: str) -> Instrument | None:
        """The perpetual of that exact symbol; `None` where there is none. Raises
        `Refused("markets_loading")` while the list cannot be had."""
        raise NotImplementedError

    def known(self, symbol: str) -> Instrument | None:
        """As `instrument`, from memory."""
        raise NotImplementedError

    def ticker(self, symbol: str) -> PerpTicker | None:
        """The latest ticker from memory, whatever its age."""
        raise NotImplementedError

    async def fresh(self, symbol: str) -> PerpTicker:
        """A ticker that is fresh enough to act on, asked for where ours is not. Raises `Transient` or
        `Stale`."""
        raise NotImplementedError

    async def fundings(self, symbol: str, *, since: datetime) -> Sequence[Funding]:
        """Settlements after `since`, oldest first. Raises `Transient`."""
        raise NotImplementedError

    def keep(self, reason: str, symbols: Collection[str]) -> None:
        """Stream these perpetuals for `reason` (`"trades"`), until the next call with the same reason."""
        raise NotImplementedError

    def listen(self, hear: Callable[[PerpTicker], None]) -> None:
        """Call `hear` with every new ticker of a streamed perpetual, on the event loop; it must be quick."""
        raise NotImplementedError

    def feeds(self) -> Sequence[FeedHealth]:
        """State of the feeds, for `/status`."""
        raise NotImplementedError
