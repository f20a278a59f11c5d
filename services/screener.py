"""The daily screen: all spot markets against USDT looked at once a day, and the ten most worth a look."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import isfinite

import structlog

from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.screen import Candidate, rank
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from ports.people import Facts
from services.market.options import MarketOptions
from services.market.retry import retried
from services.markets import Markets
from services.optional_work import OptionalWork
from services.screening.day_screen import DayScreen, read, written
from services.screening.sieve import sift
from services.signalling.frames import frame_of
from services.signalling.looking import HotStates

log = structlog.get_logger()

SCREEN_FACT = "screen"
SHOWN = 10
FRAMES = (Timeframe.D1, Timeframe.H4)
BARS = 1000
AT_ONCE = 3
"""Markets that are read at the same time: people's own requests wait behind few."""
REFRESHED_AFTER = timedelta(minutes=15)
"""Market time from one screen to the next that somebody may ask for."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the making of a screen is, in markets."""

    done: int
    total: int


@dataclass(slots=True, repr=False)
class Screener:
    """Makes the screen and keeps it over a restart. `run` is endless; the caller supervises it.

    `known` has the frames of markets whose candles are collected; the candles of others are asked for.
    """

    source: MarketSource
    markets: Markets
    facts: Facts
    clock: Clock
    hot: HotStates
    known: Callable[[str], Mapping[Timeframe, Frame]]
    options: MarketOptions = field(default_factory=MarketOptions)
    work: OptionalWork = field(default_factory=OptionalWork)
    patience_s: float = 3.0
    """How long somebody waits for a screen that is being made before they see how far it is."""
    latest: DayScreen | None = None
    """The last that was made, perhaps on another day."""
    progress: Progress | None = None
    """While one is made."""
    has_failed: bool = False
    """Whether the last one that was begun could not be made."""
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> None:
        """Read what was made before."""
        kept = await self.facts.get(SCREEN_FACT)
        self.latest = None if kept is None else read(kept)

    async def run(self) -> None:
        """Endless: make a screen whenever one is wanted."""
        while True:
            await self._wanted.wait()
            await self.work.turn()
            self.progress = Progress(0, 0)
            try:
                await self._make()
                self.has_failed = False
            except Transient as error:
                self.has_failed = True
                log.warning("screen_not_made", error=str(error))
            finally:
                self.progress = None
                self._wanted.clear()
                self._ended.set()

    @property
    def today(self) -> DayScreen | None:
        """Today's (UTC), once it is made."""
        is_of_today = self.latest is not None and self.latest.made_at.date() == self.clock.now().date()
        return self.latest if is_of_today else None

    async def want(self) -> None:
        """Have today's made, unless there is one."""
        if self.today is None:
            self._begin()

    async def wait(self) -> None:
        """Have today's made, and wait `patience_s` for it at most."""
        if self.today is None:
            self._begin()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.patience_s):
                    await self._ended.wait()

    def again(self) -> None:
        """Have it made anew. Raises `Refused("screen_too_soon", left_s=…)` shortly after the last
        one; `left_s` is market time."""
        if self.today is not None:
            left = self.today.made_at + REFRESHED_AFTER - self.clock.now()
            if left > timedelta():
                raise Refused("screen_too_soon", left_s=left.total_seconds())
        self._begin()

    def _begin(self) -> None:
        if not self._wanted.is_set():
            self._ended.clear()
            self._wanted.set()

    async def _make(self) -> None:
        await self.hot.ready()
        tickers = await retried(self.source.tickers, self.options.patience_s)
        chosen, sifted = sift(tickers.values(), self.markets.instrument, self.options)
        candidates = await self._candidates(chosen)
        unread = len(chosen) - len(candidates)
        if not sifted.listed or 2 * unread > len(chosen):
            raise Transient(f"{unread} of {len(chosen)} markets could not be read", kind="nonsense")
        ranked = rank(candidates, len(candidates))
        young = len(candidates) - len(ranked)
        made = DayScreen(
            made_at=self.clock.now(),
            sifted=replace(sifted, young=young, unread=unread, ranked=len(ranked)),
            picks=tuple(ranked[:SHOWN]),
        )
        await self.facts.put(SCREEN_FACT, written(made))
        self.latest = made
        log.info("screen_made", listed=sifted.listed, ranked=len(ranked), unread=unread)

    async def _candidates(self, tickers: Sequence[Ticker]) -> Sequence[Candidate]:
        """Those that can be read, a few at a time."""
        found: list[Candidate] = []
        left, total = iter(tickers), len(tickers)
        self.progress = Progress(0, total)

        async def work(left: Iterator[Ticker]) -> None:
            for ticker in left:
                candidate = await self._candidate(ticker)
                if candidate is not None:
                    found.append(candidate)
                done = 0 if self.progress is None else self.progress.done
                self.progress = Progress(done + 1, total)

        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(work(left))
        return found

    async def _candidate(self, ticker: Ticker) -> Candidate | None:
        """A market with its last closed bars; `None` where there are no current ones."""
        frames = [await self._frame(ticker.symbol, timeframe) for timeframe in FRAMES]
        daily, four_hours = frames
        if daily is None or four_hours is None:
            return None
        turnover = float(ticker.turnover_24h or 0)
        return Candidate(symbol=ticker.symbol, turnover=turnover, daily=daily, four_hours=four_hours)

    async def _frame(self, symbol: str, timeframe: Timeframe) -> Frame | None:
        now_ms = int(self.clock.now().timestamp() * 1000)
        known = self.known(symbol).get(timeframe)
        if known is not None and _is_current(known, now_ms) and isfinite(known.value("ema200")):
            return known  # with fewer bars its history may still be on the way
        try:
            candles = await self.markets.candles(symbol, timeframe, BARS)
        except (Transient, Refused) as error:  # the others are still worth a screen
            log.info("screen_candles_missing", symbol=symbol, timeframe=timeframe, error=str(error))
            return None
        frame = frame_of(self.hot.new_state(), candles, timeframe, now_ms)
        return frame if frame is not None and _is_current(frame, now_ms) else None


def _is_current(frame: Frame, now_ms: int) -> bool:
    """Whether no later bar can have closed by then."""
    return frame.closed_ms == frame.timeframe.floor(now_ms)
