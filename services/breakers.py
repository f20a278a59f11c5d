"""Circuit breakers of the desk: they watch losses, prices and feeds, and pull latches.

A person's own paper trades are nobody's risk but their own: only engines' accounts are watched, and nothing
is pulled while no engine has one.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from engines.orders.subaccount import EngineName, engine_of
from engines.risk.limits import Limits
from engines.risk.look import owners_of
from ports.clock import Clock
from ports.errors import Transient
from ports.health import FeedHealth
from services.breaking.candles import WildCandles
from services.breaking.feeds import SilentFeeds
from services.breaking.latching import Latching
from services.breaking.losses import Losses
from services.judging.viewing import Viewing

log = structlog.get_logger()

LOOK_EVERY_S: Final = 1.0
TEND_EVERY_S: Final = 60.0


@dataclass(slots=True, repr=False)
class Breakers:
    """`load` comes first, then `run`, which is endless. Until the latches are loaded nothing is seen."""

    viewing: Viewing
    latches: Latching
    losses: Losses
    candles: WildCandles
    feeds: SilentFeeds
    clock: Clock
    _tended_at: datetime | None = field(default=None)

    @classmethod
    def over(
        cls,
        viewing: Viewing,
        latches: Latching,
        *,
        feeds: Callable[[], Sequence[FeedHealth]],
        account_of: Callable[[EngineName], str | None],
        limits: Limits,
    ) -> "Breakers":
        """Breakers over what the gate draws its views from. `account_of` names the venue account of an
        engine's real money."""
        clock, markets = viewing.clock, viewing.prices.markets
        return cls(
            viewing,
            latches,
            Losses(viewing, latches, account_of, limits, clock),
            WildCandles(markets, latches, clock),
            SilentFeeds(feeds, markets.venue, latches, clock),
            clock,
        )

    async def load(self) -> None:
        """Learn what is held, what it was worth, and what was entered today; once, after the register. Raises
        `Transient`."""
        await self.viewing.load()

    async def run(self) -> None:
        """Look for ever."""
        self.candles.listen()
        while True:
            try:
                await self.look()
            except Transient as error:
                log.error("breakers_in_trouble", error=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Pull and release by how everything stands now. Raises `Transient`; the next look does it again."""
        if not self.latches.is_loaded or not self.viewing.marks.is_loaded:
            return
        owners = self._owners()
        held = self._held(owners)
        await self.candles.look(held)
        await self.feeds.look(held)
        await self.losses.look(owners)
        await self._tend(held)

    async def _tend(self, held: Mapping[EngineName, Collection[str]]) -> None:
        """Once a minute: write marks down, learn how assets go together."""
        now = self.clock.wire_now()
        is_due = self._tended_at is None or (now - self._tended_at).total_seconds() >= TEND_EVERY_S
        if held and is_due:
            self._tended_at = now
            await self.viewing.marks.save()
            await self.viewing.correlations.refresh()

    def _owners(self) -> Sequence[int]:
        """Sub-accounts that are in use."""
        both = (owners_of(EngineName, is_paper=is_paper) for is_paper in (True, False))
        return [owner for owners in both for owner in owners if self.viewing.worth().is_known(owner)]

    def _held(self, owners: Sequence[int]) -> dict[EngineName, set[str]]:
        """Assets that engines in use hold."""
        held: dict[EngineName, set[str]] = {}
        for owner in owners:
            engine = engine_of(owner)
            if engine is not None:
                assets = {one.instrument.base for one in self.viewing.holdings.of(owner)}
                held.setdefault(engine, set()).update(assets)
        return held
