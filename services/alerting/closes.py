"""Judges the alerts on formulas as candles close, each close once and in order."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from engines.alerts.alert import Alert, Draft
from engines.alerts.edges import live_through, look_back
from engines.alerts.formula import Formula
from engines.alerts.market_watch import Change
from engines.alerts.truth import Frames, Reading, known_before, moments_of, read
from engines.core.moment import utc
from ports.alerts import closes_mark
from ports.clock import Clock
from ports.errors import Refused, Transient
from services.alerting.columns import ColumnSource
from services.alerting.standing import Outlook

log = structlog.get_logger()

MOST_MISSED = 500
"""Closes that are judged afterwards; what was missed before them is not found."""
_LANES = 4
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


@dataclass(slots=True, repr=False)
class _Market:
    """Alerts of one market by number. Closes up to `judged_ms` are over, and while it `is_busy` others are
    being judged. While candles are not there they are asked for again at `again_at` (wire time)."""

    judged_ms: int
    alerts: dict[int, Alert] = field(default_factory=dict)
    pause_s: float = _FIRST_PAUSE_S
    again_at: datetime | None = None
    is_busy: bool = False

    @property
    def formulas(self) -> set[Formula]:
        """What is to be judged."""
        return {formula_in(alert) for alert in self.alerts.values()}

    def put_off(self, now: datetime) -> None:
        """Try again later, and later each time."""
        self.again_at = now + timedelta(seconds=self.pause_s)
        self.pause_s = min(2 * self.pause_s, _LONGEST_PAUSE_S)

    def go_on(self) -> None:
        """Everything was there."""
        self.again_at, self.pause_s = None, _FIRST_PAUSE_S


@dataclass(slots=True, kw_only=True, repr=False)
class Closes:
    """Alerts on formulas that watch. `tell` hears of each change at once, on the event loop."""

    source: ColumnSource
    clock: Clock
    tell: Callable[[Change], None]
    _markets: dict[str, _Market] = field(default_factory=dict)
    _readings: dict[int, Sequence[Reading]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def symbols(self) -> frozenset[str]:
        """Markets of which somebody waits for a close."""
        return frozenset(self._markets)

    def begin(self, alert: Alert, marks: Mapping[str, datetime]) -> None:
        """Take over a stored alert; closes since the mark of its market are still to be judged."""
        self._watch(alert, _ms(marks.get(closes_mark(alert.symbol), alert.since)))

    def put(self, alert: Alert) -> None:
        """Watch for an alert since it was asked for, or for its next turn: a candle may have closed while it
        was armed."""
        market = self._markets.get(alert.symbol)
        if market is not None and alert.id in market.alerts:
            market.alerts[alert.id] = alert
        else:
            self._watch(alert, _ms(alert.since))

    def note(self, alert_id: int, readings: Sequence[Reading]) -> None:
        """Remember what an alert compares, until its next close."""
        self._readings[alert_id] = readings

    async def outlook(self, draft: Draft) -> Outlook:
        """What a formula compares now, and how it went. Raises `Refused("no_candles")`, and `Refused` and
        `Transient` as `Markets.candles` does."""
        formula, now_ms = formula_in(draft), _ms(self.clock.now())
        since_ms = now_ms - MOST_MISSED * formula.timeframe.ms
        frames = await self.source.frames(draft.symbol, [formula], now_ms=now_ms, since_ms=since_ms)
        moments = moments_of(formula, frames)
        if not len(moments):
            raise Refused("no_candles", pair=draft.instrument.pair, timeframe=formula.timeframe.value)
        return Outlook(
            draft=draft,
            readings=read(formula, frames, int(moments[-1])),
            history=look_back(formula, frames, closes=MOST_MISSED),
        )

    def drop(self, alert: Alert) -> None:
        """Watch for it no more."""
        self._readings.pop(alert.id, None)
        market = self._markets.get(alert.symbol)
        if market is not None:
            market.alerts.pop(alert.id, None)
            if not market.alerts:
                del self._markets[alert.symbol]

    def readings(self, alert_id: int) -> Sequence[Reading]:
        """What was compared at the last close; nothing while that is not known."""
        return self._readings.get(alert_id, ())

    def marks(self) -> Mapping[str, datetime]:
        """Up to when the closes of each market are judged (market time)."""
        return {closes_mark(symbol): utc(market.judged_ms) for symbol, market in self._markets.items()}

    def wake(self) -> None:
        """Some candle has closed."""
        self._news.set()

    async def run(self) -> None:
        """Judge what closes, for ever; a market that has to wait holds back no other."""
        for market in self._markets.values():
            market.is_busy = False
        lanes = asyncio.Semaphore(_LANES)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                self._pursue_due(tasks, lanes)
                await self._wait()

    async def look(self) -> None:
        """Judge every close that is due, once; a market without its candles is asked for again later."""
        async with asyncio.TaskGroup() as tasks:
            self._pursue_due(tasks, asyncio.Semaphore(_LANES))

    def _pursue_due(self, tasks: asyncio.TaskGroup, lanes: asyncio.Semaphore) -> None:
        wire_now = self.clock.wire_now()
        for symbol, market in self._markets.items():
            is_time = market.again_at is None or market.again_at <= wire_now
            if is_time and not market.is_busy and self._is_due(market):
                market.is_busy = True
                tasks.create_task(self._pursue(symbol, market, lanes), name=f"closes {symbol}")

    def _watch(self, alert: Alert, since_ms: int) -> None:
        """The others of its market were judged at those closes already: to them that is no news."""
        market = self._markets.setdefault(alert.symbol, _Market(since_ms))
        market.judged_ms = min(market.judged_ms, since_ms)
        market.alerts[alert.id] = alert

    def _is_due(self, market: _Market) -> bool:
        """Whether a candle that somebody waits for has closed since."""
        now_ms = _ms(self.clock.now())
        return any(formula.timeframe.floor(now_ms) > market.judged_ms for formula in market.formulas)

    async def _pursue(self, symbol: str, market: _Market, lanes: asyncio.Semaphore) -> None:
        try:
            async with lanes:
                await self._judge(symbol, market)
        except (Transient, Refused) as error:
            log.warning("closes_not_known", market=symbol, error=str(error))
        finally:
            market.is_busy = False
            self._news.set()
        if self._is_due(market):
            market.put_off(self.clock.wire_now())
        else:
            market.go_on()

    async def _judge(self, symbol: str, market: _Market) -> None:
        asked, now_ms = market.formulas, _ms(self.clock.now())
        if not asked:  # all were deleted while it waited for its turn
            return
        shortest = min(formula.timeframe.ms for formula in asked)
        since_ms = max(market.judged_ms, now_ms - MOST_MISSED * shortest)
        frames = await self.source.frames(symbol, asked, now_ms=now_ms, since_ms=since_ms)
        for alert in list(market.alerts.values()):
            if formula_in(alert) in asked:
                self._live_through(market, alert, frames, since_ms)
        if market.formulas <= asked:  # others that came meanwhile are still to be judged
            until_ms = min(known_before(formula, frames) - 1 for formula in asked)
            market.judged_ms = max(market.judged_ms, min(until_ms, now_ms))

    def _live_through(self, market: _Market, alert: Alert, frames: Frames, since_ms: int) -> None:
        formula = formula_in(alert)
        moments = moments_of(formula, frames)
        if len(moments):
            self._readings[alert.id] = read(formula, frames, int(moments[-1]))
        for change in live_through(alert, formula, frames, since_ms=since_ms):
            market.alerts[alert.id] = change.alert
            self.tell(change)

    async def _wait(self) -> None:
        """Until a candle closes, or one that was not there may be there now."""
        idle = (market for market in self._markets.values() if not market.is_busy)
        waits = [market.again_at for market in idle if market.again_at is not None]
        pause_s = (min(waits) - self.clock.wire_now()).total_seconds() if waits else None
        with suppress(TimeoutError):
            async with asyncio.timeout(None if pause_s is None else max(pause_s, 0.0)):
                await self._news.wait()


def formula_in(alert: Draft) -> Formula:
    """What an alert on a formula waits for. Raises `TypeError` for another alert."""
    if not isinstance(alert.condition, Formula):
        raise TypeError(f"no formula: {alert.condition}")
    return alert.condition


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
