"""Every close of a bar is looked at once: indicators, rules, and a signal where all gates open."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.signals.decision import ENTRY_FRAMES, Decision, surest
from engines.signals.evidence import GateState
from engines.signals.proposal import LEAST_STORED, Proposal
from engines.signals.rules import decide
from ports.candles import Series
from ports.clock import Clock
from ports.errors import Transient
from services.market.retry import Backoff
from services.signalling.frames import Change, Frames
from services.signalling.register import Register
from services.signalling.views import view_of

log = structlog.get_logger()

GATHER_S = 0.005
"""Candles that close at the same moment come one after the other: so long the first one waits."""
REVIEW_S = 5.0
"""How often it is looked which markets are collected."""
BUILT_AT_ONCE = 4
"""Markets that are built or judged before others may use the event loop again."""
BACKOFF_S = (1.0, 30.0)
NEWS_FOR_S = 300.0
"""Age of a close (real seconds) up to which the first look at a market may still make a signal of it: the
desk may have been killed between the close and the signal."""


class Warm(Protocol):
    """Indicators that have to be made ready first."""

    async def ready(self) -> None: ...


@dataclass(slots=True, kw_only=True, repr=False)
class Closes:
    """Hears of closed candles, keeps the frames, and remembers the last decision of each market.

    `collected` tells the markets, `instrument` knows them, `readers` names who is to hear of a proposal.
    """

    frames: Frames
    register: Register
    clock: Clock
    warm: Warm
    collected: Callable[[], Collection[str]]
    instrument: Callable[[str], Instrument | None]
    readers: Callable[[Proposal], Collection[int]]
    decisions: dict[tuple[str, Timeframe], Decision] = field(default_factory=dict)
    looked_at: datetime | None = None
    """When the last batch was judged (market time)."""
    _followed: frozenset[str] = frozenset()
    _unmade: dict[tuple[str, Timeframe], Decision] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, series: Series, candles: Candles) -> None:
        """Candles closed; they are in their ring already."""
        if series.symbol in self._followed:
            self.frames.take(series, candles)
            self._news.set()

    async def run(self) -> None:
        """Endless: follow what is collected, judge what closes."""
        backoff = Backoff(*BACKOFF_S)
        while True:
            self._news.clear()
            try:
                await self.round()
            except Transient as error:
                log.warning("signals_not_stored", error=str(error))
                await backoff.wait(error)
                continue
            backoff.reset()
            await self._pause()

    async def round(self) -> None:
        """Judge what closed since the last round. Raises `Transient` when the store is in trouble; what was
        decided is stored in the next round then."""
        await self._follow()
        await self._store()
        for number, symbol in enumerate(sorted(self.frames.waiting())):
            if number % BUILT_AT_ONCE == BUILT_AT_ONCE - 1:
                await asyncio.sleep(0)
            await self._settle(symbol)
        self.looked_at = self.clock.now()
        await self._store()

    def known(self, symbol: str) -> Sequence[Decision]:
        """The last decisions of a market, by entry timeframe."""
        found = (self.decisions.get((symbol, timeframe)) for timeframe in ENTRY_FRAMES)
        return [one for one in found if one is not None]

    async def _follow(self) -> None:
        """Begin with markets that are collected by now, and look at each once."""
        collected = frozenset(self.collected())
        if collected:
            await self.warm.ready()  # a desk that collects nothing needs no kernels
        for symbol in self._followed - collected:
            self.frames.let_go(symbol)
            for timeframe in ENTRY_FRAMES:
                self.decisions.pop((symbol, timeframe), None)
        new = collected - self._followed
        self._followed = collected
        for symbol in sorted(new):
            self.frames.follow(symbol)
        if new:
            log.info("signals_watch", markets=len(collected), new=len(new))

    async def _settle(self, symbol: str) -> None:
        """Judge what has a new bar; and anew, but not as news, what lacked data before."""
        await self.register.last_made(symbol)  # a store in trouble says so before anything is settled
        changes = self.frames.settle(symbol)
        for timeframe in ENTRY_FRAMES:
            match changes.get(timeframe):
                case Change.CLOSED:
                    await self._judge(symbol, timeframe, news_for_s=timeframe.ms / 1000)
                case Change.BEGUN:
                    await self._judge(symbol, timeframe, news_for_s=NEWS_FOR_S)
                case _ if changes and self._lacked_data(symbol, timeframe):
                    await self._judge(symbol, timeframe, news_for_s=0.0)

    def _lacked_data(self, symbol: str, timeframe: Timeframe) -> bool:
        decision = self.decisions.get((symbol, timeframe))
        return decision is None or decision.gates[0].state is GateState.BLOCKED

    async def _judge(self, symbol: str, timeframe: Timeframe, *, news_for_s: float) -> None:
        """Decide on the last closed bar of that timeframe; it makes no signal when it is older than
        `news_for_s` real seconds."""
        instrument, frames = self.instrument(symbol), self.frames.of(symbol)
        if instrument is None or timeframe not in frames:
            return
        last_signal = await self.register.last_made(symbol)
        now_ms = frames[timeframe].closed_ms
        view = view_of(instrument, frames, self.clock, now_ms=now_ms, last_signal=last_signal)
        decision = decide(view, timeframe)
        self.decisions[symbol, timeframe] = decision
        if decision.proposal is not None and self._is_news(decision.proposal, news_for_s):
            self._unmade[symbol, timeframe] = decision

    async def _store(self) -> None:
        """Make signals of what was decided, one a market: the surer one where both timeframes speak."""
        while self._unmade:
            symbol = next(iter(self._unmade))[0]
            best = surest(self._of(symbol))
            proposal = None if best is None else best.proposal
            if proposal is not None and self._is_news(proposal, proposal.timeframe.ms / 1000):
                await self._make(proposal)
            for timeframe in ENTRY_FRAMES:
                self._unmade.pop((symbol, timeframe), None)

    async def _make(self, proposal: Proposal) -> None:
        signal = await self.register.add(proposal, self.readers(proposal))
        log.info(
            "signal",
            what=f"#{signal.id}",
            symbol=proposal.instrument.symbol,
            timeframe=proposal.timeframe.value,
            direction=proposal.direction.value,
            confidence=round(proposal.confidence, 3),
            after_ms=round(self.clock.age_s(proposal.created_at) * 1000, 1),
        )

    def _is_news(self, proposal: Proposal, longest_s: float) -> bool:
        return proposal.confidence >= LEAST_STORED and self.clock.age_s(proposal.created_at) < longest_s

    def _of(self, symbol: str) -> Iterable[Decision]:
        return [decision for (one, _), decision in self._unmade.items() if one == symbol]

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(REVIEW_S):
                await self._news.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)
