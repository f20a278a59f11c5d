"""Notices when a feed falls silent for long, and when it is back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ports.clock import Clock
from ports.health import FeedHealth
from ports.people import Noise

TOLD_AFTER_S = {Noise.ALL: 60.0, Noise.NORMAL: 300.0}
"""Real seconds of outage after which people of that noise level are told; the quiet ones see the cockpit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNews:
    """A feed broke for `away_s` real seconds and still is broken, or is back. For one noise level."""

    feed: FeedHealth
    is_back: bool
    away_s: float
    noise: Noise
    since: datetime


@dataclass(slots=True, repr=False)
class _Outage:
    since: datetime
    told: set[Noise] = field(default_factory=set)


@dataclass(slots=True, repr=False)
class FeedAlarm:
    """Watches `feeds` and hands each piece of news to `tell`, once; again when `tell` raises."""

    feeds: Callable[[], Sequence[FeedHealth]]
    tell: Callable[[FeedNews], Awaitable[None]]
    clock: Clock
    every_s: float = 5.0
    _outages: dict[str, _Outage] = field(default_factory=dict)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(self.every_s)

    async def look(self) -> None:
        """Compare the feeds with what was told."""
        now, feeds = self.clock.wire_now(), self.feeds()
        for name in self._outages.keys() - {feed.name for feed in feeds}:
            del self._outages[name]  # nobody needs that feed any more
        for feed in feeds:
            if feed.is_ok:
                if (outage := self._outages.get(feed.name)) is not None:
                    for noise in outage.told:
                        await self._say(feed, outage, noise, now, is_back=True)
                    del self._outages[feed.name]
                continue
            outage = self._outages.setdefault(feed.name, _Outage(now))
            for noise, after_s in TOLD_AFTER_S.items():
                if noise not in outage.told and (now - outage.since).total_seconds() >= after_s:
                    await self._say(feed, outage, noise, now, is_back=False)
                    outage.told.add(noise)

    async def _say(
        self, feed: FeedHealth, outage: _Outage, noise: Noise, now: datetime, *, is_back: bool
    ) -> None:
        away_s = (now - outage.since).total_seconds()
        await self.tell(FeedNews(feed=feed, is_back=is_back, away_s=away_s, noise=noise, since=outage.since))
