"""The tape: everything that a market did, in order and without holes, for the trades in it.

Tickers make it prompt, candles make it whole. From ticker to ticker the price is taken to go straight; every
minute is looked at once more when it has closed, so that no wick between two tickers is missed. A hole that
is too long for a straight line (a restart, a broken stream, market time that runs fast or jumps) is filled
with the candles before the next ticker counts.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.move import Move
from engines.core.perp import PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource, PriceOf
from services.market.perps import Perps
from services.markets import Markets
from services.trading.candle_moves import bar_moves, milliseconds
from services.trading.register import MarketKey, Register

log = structlog.get_logger()

LONGEST_LINE = timedelta(seconds=90)
"""Longest way between two tickers that is taken to be straight."""
PUBLISHED_AFTER_S = 2.0
"""Venues need a moment to publish a candle."""
GIVEN_UP_AFTER = timedelta(minutes=3)
"""A candle not published by then is not coming: nothing was traded."""
LOOK_EVERY_S = 0.5
ASK_AGAIN_S = 1.0
RESTS_S = (1.0, 60.0)
"""First and longest rest of a line that died, before it is taken up again."""
PATIENCE = 5
"""Failed questions for candles after which tickers count all the same: a straight line beats no stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A market at a moment of market time."""

    at: datetime
    price: Decimal
    mark: Decimal


@dataclass(slots=True, repr=False)
class Track:
    """How far one market was followed: by tickers until `at`, by candles until `audited_until`."""

    instrument: Instrument
    at: datetime
    audited_until: datetime
    price: Decimal | None = None
    mark: Decimal | None = None
    looks: deque[Look] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    ask_after: datetime | None = None


@dataclass(slots=True, repr=False)
class Tape:
    """Follows the markets in which there are live trades; `apply` lets a move have its effect."""

    source: MarketSource
    markets: Markets
    perps: Perps
    register: Register
    apply: Callable[[Move], Awaitable[None]]
    clock: Clock
    deaths: dict[MarketKey, int] = field(default_factory=dict)
    """How often in a row the line of a market died of an error that nobody foresaw."""
    _tracks: dict[MarketKey, Track] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        """Hear tickers and new trades from now on; once."""
        self.markets.listen(self._hear_spot)
        self.perps.listen(self._hear_perp)
        self.register.on_change.append(lambda _: self._changed.set())

    async def run(self) -> None:
        """Endless: follow what has to be followed, each market in a line of its own: one that dies takes no
        stop of another market with it, and is taken up again."""
        async with asyncio.TaskGroup() as lines:
            while True:
                self._changed.clear()
                for key in self.follow():
                    lines.create_task(self._keep_following(key), name=f"tape {key[1]}")
                with suppress(TimeoutError):
                    async with asyncio.timeout(ASK_AGAIN_S):
                        await self._changed.wait()

    def follow(self) -> list[MarketKey]:
        """Keep the streams of the markets with live trades; those that are new."""
        followed = self.register.markets()
        for kind, keeper in ((MarketKind.SPOT, self.markets.keep), (MarketKind.PERP, self.perps.keep)):
            keeper("trades", {symbol for one, symbol in followed if one is kind})
        new = [key for key in followed if key not in self._tracks]
        for key in new:
            self._tracks[key] = self._begin(key)
        return new

    async def round(self, key: MarketKey) -> None:
        """Take what came in since the last round."""
        track = self._tracks[key]
        looks = list(track.looks)
        track.looks.clear()
        now = self.clock.now()
        if self._is_audit_due(track, now):
            await self._replay(track, now)
        if _is_hole(track, looks[-1].at if looks else now):
            track.looks.extendleft(looks[-1:])
            return
        for look in looks:
            if look.at > track.at:
                await self.apply(_line(track, look))
                track.at, track.price, track.mark = look.at, look.price, look.mark

    async def _keep_following(self, key: MarketKey) -> None:
        try:
            while not await self._survived(key):
                first_s, longest_s = RESTS_S
                await asyncio.sleep(min(first_s * 2 ** min(self.deaths[key] - 1, 16), longest_s))
        finally:
            self.deaths.pop(key, None)
            del self._tracks[key]
            self._changed.set()

    async def _survived(self, key: MarketKey) -> bool:
        """Follow a market until nothing is live there; `False` when the line died, which is logged."""
        line = asyncio.create_task(self._follow(key), name=f"tape {key[1]}")
        try:
            await asyncio.wait([line])
        finally:
            line.cancel()
            await asyncio.gather(line, return_exceptions=True)
        error = asyncio.CancelledError() if line.cancelled() else line.exception()
        if error is not None:
            self.deaths[key] = self.deaths.get(key, 0) + 1
            log.error("tape_died", market=key[1], kind=key[0].value, exc_info=error)
        return error is None

    async def _follow(self, key: MarketKey) -> None:
        track = self._tracks[key]
        while key in self.register.markets():
            track.news.clear()
            await self.round(key)
            self.deaths.pop(key, None)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await track.news.wait()

    def _begin(self, key: MarketKey) -> Track:
        """From where the trade that was looked at least lately was left; the minute before may not have been
        looked at a second time."""
        first = min((held.trade for held in self.register.in_market(key)), key=lambda one: one.seen_at)
        minute = first.seen_at.replace(second=0, microsecond=0)
        is_new = first.opened_at == first.seen_at  # what it was filled at is where the market was then
        price = first.best_price if is_new else None
        return Track(
            instrument=first.instrument,
            at=first.seen_at,
            audited_until=minute - timedelta(minutes=1),
            price=price,
            mark=price,
        )

    def _is_audit_due(self, track: Track, now: datetime) -> bool:
        return self._closed_until(now) > track.audited_until

    def _closed_until(self, now: datetime) -> datetime:
        """The end of the last minute whose candle can be had."""
        published = now - timedelta(seconds=PUBLISHED_AFTER_S * max(self.clock.speed, 1.0))
        return published.replace(second=0, microsecond=0)

    async def _replay(self, track: Track, now: datetime) -> None:
        """Apply the candles not looked at yet, as far as they can be had now."""
        if track.ask_after is not None and self.clock.wire_now() < track.ask_after:
            return
        until = self._closed_until(now)
        try:
            while track.audited_until < until:
                traded, marks = await self._candles(track, until)
                for move in bar_moves(track.instrument, traded, marks):
                    await self._apply_bar(track, move)
                if not len(traded):
                    break
        except Transient as error:
            track.failures += 1
            track.ask_after = self.clock.wire_now() + timedelta(seconds=ASK_AGAIN_S)
            log.warning("tape_has_a_hole", market=track.instrument.symbol, error=str(error))
            return
        track.failures, track.ask_after = 0, None
        if track.audited_until < until:
            track.ask_after = self.clock.wire_now() + timedelta(seconds=ASK_AGAIN_S)
            if now - track.audited_until > GIVEN_UP_AFTER:
                track.audited_until = until

    async def _apply_bar(self, track: Track, move: Move) -> None:
        await self.apply(move)
        track.audited_until = move.at
        if move.at >= track.at:
            track.at, track.price, track.mark = move.at, move.close, move.mark

    async def _candles(self, track: Track, until: datetime) -> tuple[Candles, Candles | None]:
        wanted = [PriceOf.TRADES]
        if track.instrument.kind is MarketKind.PERP:
            wanted.append(PriceOf.MARK)
        try:
            answers = await asyncio.gather(*(self._history(track, until, price_of) for price_of in wanted))
        except Refused as error:
            raise Transient(f"{track.instrument.symbol} has no candles now") from error
        return answers[0], answers[1] if len(answers) > 1 else None

    async def _history(self, track: Track, until: datetime, price_of: PriceOf) -> Candles:
        return await self.source.history(
            track.instrument.symbol,
            Timeframe.M1,
            start_ms=milliseconds(track.audited_until),
            stop_ms=milliseconds(until),
            kind=track.instrument.kind,
            price_of=price_of,
        )

    def _hear_spot(self, ticker: Ticker) -> None:
        key = MarketKind.SPOT, ticker.symbol
        self._look(key, Look(at=ticker.at, price=ticker.last, mark=ticker.last))

    def _hear_perp(self, ticker: PerpTicker) -> None:
        key = MarketKind.PERP, ticker.symbol
        self._look(key, Look(at=ticker.at, price=ticker.last, mark=ticker.mark))

    def _look(self, key: MarketKey, look: Look) -> None:
        track = self._tracks.get(key)
        if track is not None:
            track.looks.append(look)
            track.news.set()


def _is_hole(track: Track, at: datetime) -> bool:
    """Whether the way to `at` is too long for a straight line, and candles may still tell of it."""
    known_until = max(track.at, track.audited_until)
    return at - known_until > LONGEST_LINE and track.failures <= PATIENCE


def _line(track: Track, look: Look) -> Move:
    """Straight from where the market was; from nowhere, a point."""
    start = look.price if track.price is None else track.price
    mark = look.mark if track.mark is None else track.mark
    return Move(
        symbol=track.instrument.symbol,
        kind=track.instrument.kind,
        since=track.at,
        at=look.at,
        open=start,
        high=max(start, look.price),
        low=min(start, look.price),
        close=look.price,
        mark=look.mark,
        mark_low=min(mark, look.mark),
        mark_high=max(mark, look.mark),
    )
