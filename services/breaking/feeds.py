"""Feeds that fell silent: they stop what needs them until they were fresh for a minute."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from engines.orders.subaccount import EngineName
from engines.risk.breakers import CALM_FEED, Breaker
from engines.risk.latch import Cause, Latch, Scope
from ports.clock import Clock
from ports.health import FeedHealth
from services.breaking.latching import Latching, agree

PRICES: Final = {"spot": ("stream", "rest"), "perps": ("perp_stream", "perps")}
"""Roads on which prices of a kind come: while one of them speaks, there are prices."""
CANDLES: Final = "candles"
NEEDS_CANDLES: Final = (EngineName.TREND, EngineName.SIGNALS)


@dataclass(slots=True, repr=False)
class SilentFeeds:
    """Watches the feeds of the venue that everything is priced by."""

    feeds: Callable[[], Sequence[FeedHealth]]
    venue: str
    latches: Latching
    clock: Clock
    _breakers: dict[str, Breaker] = field(default_factory=dict)

    async def look(self, engines: Iterable[EngineName]) -> None:
        """Pull and release by how the feeds are now; `engines` are those in use. Raises `Transient`."""
        used = set(engines)
        health = {one.name: one for one in self.feeds()}
        wanted = [
            self._latch(kind, Scope())
            for kind, roads in PRICES.items()
            if self._is_stopped(kind, self._are_silent(health, roads)) and used
        ]
        if self._is_stopped(CANDLES, self._are_silent(health, (CANDLES,))):
            wanted += [
                self._latch(f"{CANDLES}:{engine}", Scope(engine=engine))
                for engine in NEEDS_CANDLES
                if engine in used
            ]
        await agree(self.latches, Cause.FEED, wanted)

    def _are_silent(self, health: Mapping[str, FeedHealth], roads: Iterable[str]) -> bool:
        """Whether all of them are in trouble that spoke before: at a start nothing is silent yet."""
        known = [health[f"{self.venue}_{road}"] for road in roads if f"{self.venue}_{road}" in health]
        return bool(known) and all(not one.is_ok and one.age_s is not None for one in known)

    def _is_stopped(self, kind: str, is_silent: bool) -> bool:
        breaker = self._breakers.setdefault(kind, self._remembered(kind))
        return breaker.look(self.clock.wire_now(), is_troubled=is_silent)

    def _remembered(self, kind: str) -> Breaker:
        """After a restart, the minute begins anew for what was stopped."""
        prefix = _latch_id(kind)
        is_stopped = any(latch.id.startswith(prefix) for latch in self.latches.all())
        return Breaker(CALM_FEED, self.clock.wire_now() if is_stopped else None)

    def _latch(self, name: str, scope: Scope) -> Latch:
        now = self.clock.wire_now()
        return Latch(id=_latch_id(name), scope=scope, cause=Cause.FEED, pulled_at=now, detail=name)


def _latch_id(name: str) -> str:
    return f"{Cause.FEED}:{name}"
