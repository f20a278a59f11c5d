"""Live signals hear what their markets do, in order and without holes, to their end."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from engines.core.candle import Bar, Candles
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.market.plan import FIVE, PAGE
from engines.signals.course import advance
from engines.signals.signal import Signal
from engines.signals.stretch import Stretch, stretch_of
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from services.markets import Markets
from services.signalling.register import Register
from services.signalling.trail import Trail

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
SEEN_EVERY_S = 15.0
SILENT_AFTER_S = 45.0
"""Real seconds without a telling after which minutes are asked what happened."""
ASK_AGAIN_S = 5.0
PUBLISHED_AFTER_S = 2.0
"""Venues need a moment to publish a candle."""
GIVEN_UP_AFTER_S = 180.0
"""A candle not published by then is not coming: nothing was traded."""
LANES = 4


@dataclass(slots=True, kw_only=True, repr=False)
class Following:
    """One trail a market with live signals. The markets are kept streamed and collected; forming and closed
    five-minute candles move the signals, and what was not heard (a restart, silence, a jump of the clock) is
    filled with the venue's minutes before the next look counts."""

    register: Register
    markets: Markets
    source: MarketSource
    clock: Clock
    _trails: dict[str, Trail] = field(default_factory=dict)
    _seen_at: datetime | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        """Take over the live signals, and hear of new ones; once, when the register is loaded."""
        self.register.on_change.append(self._take)
        self.follow()
        for trail in self._trails.values():
            trail.is_behind = True

    def hear(self, bar: Bar) -> None:
        """A telling of a spot candle; must be quick."""
        trail = self._trails.get(bar.symbol)
        if trail is not None and bar.timeframe is FIVE and 0 < bar.low <= bar.close <= bar.high:
            trail.hear(bar)
            self._news.set()

    def follow(self) -> None:
        """Follow exactly the markets with live signals."""
        wanted = self.register.markets()
        if wanted != self._trails.keys():
            for symbol in self._trails.keys() - wanted:
                del self._trails[symbol]
            for symbol in wanted - self._trails.keys():
                self._trails[symbol] = Trail(symbol=symbol, at_ms=self._seen_ms(symbol))
            self.markets.keep("signals", wanted)
        self._news.set()

    async def run(self) -> None:
        """Endless: look at what was heard, fill what was not; a market that has to wait holds back no
        other."""
        for trail in self._trails.values():
            trail.is_filling = False  # the run before may have died meanwhile
        lanes = asyncio.Semaphore(LANES)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                await self.round()
                for trail in self._due():
                    trail.is_filling = True
                    tasks.create_task(self._fill_in_turn(trail, lanes), name=f"signals past {trail.symbol}")
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._news.wait()

    async def round(self) -> None:
        """Look at everything heard since the last round."""
        for trail in list(self._trails.values()):
            if not trail.is_filling and not trail.is_behind:
                await self._look(trail)
        await self._keep_seen()

    async def fill(self, symbol: str) -> None:
        """Live through what was missed in a market, as far as it can be had now. Raises `Transient` and
        `Refused` as the venue does."""
        trail = self._trails[symbol]
        until_ms = Timeframe.M1.floor(self._ago_ms(PUBLISHED_AFTER_S))
        while trail.at_ms < until_ms:
            start_ms = FIVE.floor(trail.at_ms)
            stop_ms = min(until_ms, start_ms + PAGE * Timeframe.M1.ms)
            minutes = await self.source.history(symbol, Timeframe.M1, start_ms=start_ms, stop_ms=stop_ms)
            if trail.at_ms < start_ms:  # an older signal came meanwhile
                continue
            reached_ms = self._reached_ms(trail, minutes, stop_ms)
            if reached_ms <= trail.at_ms:
                break
            for stretch in trail.catch_up(minutes, reached_ms):
                await self._apply(trail, stretch)
        trail.is_behind = False
        trail.ask_after = self.clock.wire_now() + timedelta(seconds=LOOK_EVERY_S)

    def _take(self, signal: Signal) -> None:
        """A signal is new or has moved. One that was stored long after its close has seen less than the
        others of its market: the trail goes back, and they have met what comes again."""
        self.follow()
        trail, seen_ms = self._trails.get(signal.proposal.instrument.symbol), signal.course.seen_ms
        if trail is not None and signal.version == 1 and seen_ms < FIVE.floor(trail.at_ms):
            trail.at_ms, trail.last, trail.is_behind = seen_ms, None, True

    def _reached_ms(self, trail: Trail, minutes: Candles, stop_ms: int) -> int:
        """Up to where the answer tells; what the venue has not told for long was not traded."""
        last_ms = int(minutes.time_ms[-1]) + Timeframe.M1.ms if len(minutes) else trail.at_ms
        given_up_ms = Timeframe.M1.floor(self._ago_ms(GIVEN_UP_AFTER_S))
        return min(max(last_ms, given_up_ms), stop_ms)

    async def _look(self, trail: Trail) -> None:
        bars, trail.bars = trail.bars, []
        try:
            for bar in bars:
                stretch = trail.follow(bar)
                if stretch is not None:
                    await self._apply(trail, stretch, bar)
        except Transient as error:
            self._fall_back(trail, error)
        if trail.is_behind:
            trail.bars = [*bars[-1:], *trail.bars][-1:]
        elif self.clock.age_s(utc(trail.at_ms)) > SILENT_AFTER_S:
            trail.is_behind = True

    async def _apply(self, trail: Trail, stretch: Stretch, bar: Bar | None = None) -> None:
        for signal in self.register.in_market(trail.symbol):
            is_new = bar is not None and signal.course.seen_ms == bar.time_ms  # made as this candle began
            met = stretch_of(None, bar) if bar is not None and is_new else stretch
            course, events = advance(signal.proposal, signal.course, met)
            if events:
                await self.register.advance(signal, course)
            elif course is not signal.course:
                self.register.see(signal, course)

    def _fall_back(self, trail: Trail, error: Exception) -> None:
        """Something could not be stored or asked: go on later from where the signals are."""
        log.warning("signals_behind", what=trail.symbol, error=str(error))
        if self.register.in_market(trail.symbol):
            trail.at_ms, trail.last = self._seen_ms(trail.symbol), None
        trail.is_behind = True
        trail.ask_after = self.clock.wire_now() + timedelta(seconds=ASK_AGAIN_S)

    async def _fill_in_turn(self, trail: Trail, lanes: asyncio.Semaphore) -> None:
        try:
            async with lanes:
                if self._trails.get(trail.symbol) is trail:
                    await self.fill(trail.symbol)
        except Transient as error:
            self._fall_back(trail, error)
        except Refused as error:
            self._fall_back(trail, error)
            await self._expire(trail)
        finally:
            trail.is_filling = False
            self._news.set()

    async def _expire(self, trail: Trail) -> None:
        """A market that is gone: what has run out ends where it was last seen."""
        now_ms = self._ago_ms(0)
        for signal in self.register.in_market(trail.symbol):
            price = _last_price(signal)
            still = Stretch(start_ms=now_ms, at_ms=now_ms, open=price, high=price, low=price, close=price)
            course, events = advance(signal.proposal, signal.course, still)
            if events and self.clock.now() >= signal.proposal.expires_at:
                with suppress(Transient):
                    await self.register.advance(signal, course)

    def _due(self) -> Sequence[Trail]:
        wire_now = self.clock.wire_now()
        return [
            trail
            for trail in self._trails.values()
            if trail.is_behind
            and not trail.is_filling
            and (trail.ask_after is None or wire_now >= trail.ask_after)
        ]

    async def _keep_seen(self) -> None:
        wire_now = self.clock.wire_now()
        if self._seen_at is not None and wire_now < self._seen_at + timedelta(seconds=SEEN_EVERY_S):
            return
        self._seen_at = wire_now
        try:
            await self.register.keep_seen()
        except Transient as error:
            log.warning("signals_not_marked", error=str(error))

    def _seen_ms(self, symbol: str) -> int:
        return min(signal.course.seen_ms for signal in self.register.in_market(symbol))

    def _ago_ms(self, real_s: float) -> int:
        """Market time so many real seconds ago."""
        return int(self.clock.now().timestamp() * 1000 - real_s * 1000 * self.clock.speed)


def _last_price(signal: Signal) -> float:
    entered = signal.course.entry_price
    return float(signal.proposal.price) if entered is None else entered
