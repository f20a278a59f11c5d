"""Every close of a bar is looked at once: indicators, rules, and a signal where all gates open."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.decision import ENTRY_FRAMES, Decision, View
from engines.signals.evidence import GateState
from engines.signals.proposal import Proposal
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
    _unmade: dict[str, list[Proposal]] = field(default_factory=dict)
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
        last_signal = await self.register.last_made(symbol)  # a store in trouble says so before anything
        news_for_s = self._due(symbol, self.frames.settle(symbol))
        instrument, frames = self.instrument(symbol), self.frames.of(symbol)
        if instrument is None:
            return
        for (now_ms, is_news), closing in sorted(self._together(frames, news_for_s).items()):
            view = view_of(instrument, frames, self.clock, now_ms=now_ms, last_signal=last_signal)
            self._judge(view, closing, is_news=is_news)

    def _due(self, symbol: str, changes: Mapping[Timeframe, Change]) -> Mapping[Timeframe, float]:
        """What is to be judged, and for how many real seconds after its close that is news."""
        due: dict[Timeframe, float] = {}
        for timeframe in ENTRY_FRAMES:
            match changes.get(timeframe):
                case Change.CLOSED:
                    due[timeframe] = timeframe.ms / 1000
                case Change.BEGUN:
                    due[timeframe] = NEWS_FOR_S
                case _ if changes and self._lacked_data(symbol, timeframe):
                    due[timeframe] = 0.0
        return due

    def _lacked_data(self, symbol: str, timeframe: Timeframe) -> bool:
        decision = self.decisions.get((symbol, timeframe))
        return decision is None or decision.gates[0].state is GateState.BLOCKED

    def _together(
        self, frames: Mapping[Timeframe, Frame], news_for_s: Mapping[Timeframe, float]
    ) -> Mapping[tuple[int, bool], Sequence[Timeframe]]:
        """Timeframes by when their last bar closed, and whether that is news still."""
        found: dict[tuple[int, bool], list[Timeframe]] = {}
        for timeframe, longest_s in news_for_s.items():
            if timeframe in frames:
                closed_ms = frames[timeframe].closed_ms
                is_news = self.clock.age_s(utc(closed_ms)) < longest_s
                found.setdefault((closed_ms, is_news), []).append(timeframe)
        return found

    def _judge(self, view: View, closing: Sequence[Timeframe], *, is_news: bool) -> None:
        """Decide on bars that closed together; only news makes a signal. The rules are compiled, so that they
        are imported no sooner than this."""
        from engines.signals.closing import at_close
        from engines.signals.rules import decide

        symbol = view.instrument.symbol
        if is_news:
            closed = at_close(view, closing)
            decisions = [look.decision for look in closed.looks]
            if closed.signal is not None:
                self._unmade.setdefault(symbol, []).append(closed.signal)
        else:
            decisions = [decide(view, timeframe) for timeframe in closing]
        for decision in decisions:
            self.decisions[symbol, decision.timeframe] = decision

    async def _store(self) -> None:
        """Make signals of what was decided, one a market: the surer one where several wait."""
        while self._unmade:
            symbol, waiting = next(iter(self._unmade.items()))
            young = [one for one in waiting if self._is_young(one)]
            if young:
                await self._make(max(young, key=lambda one: one.confidence))
            del self._unmade[symbol]

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

    def _is_young(self, proposal: Proposal) -> bool:
        return self.clock.age_s(proposal.created_at) < proposal.timeframe.ms / 1000

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(REVIEW_S):
                await self._news.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)
