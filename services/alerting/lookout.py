"""Hears every price, finds what was missed, and says what happened to which alert."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import structlog

from engines.alerts.alert import Alert, AlertState, Condition, PriceLevel
from engines.alerts.formula import Formula
from engines.alerts.market_watch import Change
from engines.core.ticker import Ticker
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from services.alerting.closes import Closes
from services.alerting.columns import ColumnSource
from services.alerting.past import Past
from services.alerting.post import Post, knows
from services.markets import Markets

log = structlog.get_logger()

_RETRY_S = 5.0
_LANES = 4


@dataclass(slots=True, kw_only=True, repr=False)
class Lookout:
    """All live alerts in memory, by market. `tell` hears of each change at once, on the event loop."""

    markets: Markets
    source: MarketSource
    clock: Clock
    tell: Callable[[Change], None]
    columns: ColumnSource
    stale_after_s: float = 30.0
    alerts: dict[int, Alert] = field(default_factory=dict)
    closes: Closes = field(init=False)
    _posts: dict[str, Post] = field(default_factory=dict)
    _followed: frozenset[str] = frozenset()
    _pursued: set[str] = field(default_factory=set)
    _missed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.closes = Closes(source=self.columns, clock=self.clock, tell=self._turned_at_a_close)

    def begin(self, alerts: Iterable[Alert], marks: Mapping[str, datetime]) -> None:
        """Take over what is stored, judged up to `marks`; everything since then is still to be found."""
        for alert in sorted(alerts, key=lambda one: one.since):
            self.alerts[alert.id] = alert
            if alert.state is AlertState.WATCHING and isinstance(alert.condition, Formula):
                self.closes.begin(alert, marks)
            elif alert.state is AlertState.WATCHING:
                if alert.symbol not in self._posts:
                    seen_at = max(alert.since, marks.get(alert.symbol, alert.since))
                    self._posts[alert.symbol] = Post(alert.symbol, seen_at)
                    self._posts[alert.symbol].fall_behind(self.clock.wire_now())
                self._posts[alert.symbol].put(alert)
        self.markets.listen(self._hear)
        self.follow()

    def remember(self, alert: Alert) -> None:
        """Hold an alert as the store has it."""
        if alert.state.is_live:
            self.alerts[alert.id] = alert
        else:
            self.alerts.pop(alert.id, None)
        if isinstance(alert.condition, Formula):
            self._remember_formula(alert)
        elif alert.state is AlertState.WATCHING:
            if not self._post(alert.symbol).put(alert):
                self._post(alert.symbol).is_behind = True
                self._missed.set()
        elif (post := self._posts.get(alert.symbol)) is not None:
            post.drop(alert.id)
        self.follow()

    def reading(self, symbol: str, condition: Condition) -> Decimal | None:
        """The price that is waited for, or how large the move is now; `None` while that is not known."""
        if isinstance(condition, PriceLevel):
            return condition.price
        post = self._posts.get(symbol)
        return None if post is None else post.watch.reading(condition)

    async def learn(self, symbol: str, condition: Condition) -> None:
        """Ask for the candles that a condition needs and that nobody needed before. Raises `Transient`."""
        post = self._post(symbol)
        if not knows(post.watch, condition):
            await self._live_through(post, [condition])

    def days_known(self, symbol: str) -> int:
        """Closed days whose range is known."""
        return len(self._post(symbol).watch.days)

    def marks(self) -> Mapping[str, datetime]:
        """Up to when each market is judged (market time)."""
        prices = {symbol: post.seen_at for symbol, post in self._posts.items()}
        return {**prices, **self.closes.marks()}

    def follow(self) -> None:
        """Keep the markets streamed that somebody waits for, and forget the others."""
        for symbol in [symbol for symbol, post in self._posts.items() if not post.alerts]:
            del self._posts[symbol]
        followed = self.closes.symbols.union(self._posts)
        if self._followed != followed:
            self._followed = followed
            self.markets.keep("alerts", followed)

    async def run(self) -> None:
        """Find what was missed, for ever; four markets at a time."""
        lanes = asyncio.Semaphore(_LANES)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._missed.clear()
                for post in self._posts.values():
                    if post.is_behind and post.symbol not in self._pursued:
                        self._pursued.add(post.symbol)
                        tasks.create_task(self._pursue(post, lanes))
                await self._missed.wait()

    def _remember_formula(self, alert: Alert) -> None:
        if alert.state is AlertState.WATCHING:
            self.closes.put(alert)
        else:
            self.closes.drop(alert)

    def _turned_at_a_close(self, change: Change) -> None:
        self._hold(change.alert)
        if change.alert.state is not AlertState.WATCHING:
            self.closes.drop(change.alert)
        self.tell(change)

    def _hold(self, alert: Alert) -> None:
        if alert.state is AlertState.WATCHING:
            self.alerts[alert.id] = alert
        else:
            self.alerts.pop(alert.id, None)

    def _post(self, symbol: str) -> Post:
        if symbol not in self._posts:
            self._posts[symbol] = Post(symbol, self.clock.now())
        return self._posts[symbol]

    def _hear(self, ticker: Ticker) -> None:
        post = self._posts.get(ticker.symbol)
        if post is None or ticker.last <= 0:
            return
        if self.clock.age_s(ticker.at) > self.stale_after_s:
            return
        wire_now = self.clock.wire_now()
        if post.is_cut_off(ticker, self.clock.speed):
            post.fall_behind(wire_now)
            self._missed.set()
        if not post.is_held(wire_now):
            self._take(post, post.hear(ticker))

    def _take(self, post: Post, changes: Sequence[Change]) -> None:
        for change in changes:
            alert = change.alert
            self._hold(alert)
            if alert.state is AlertState.WATCHING:
                post.alerts[alert.id] = alert
            else:
                post.alerts.pop(alert.id, None)
            self.tell(change)

    async def _pursue(self, post: Post, lanes: asyncio.Semaphore) -> None:
        """Live through what was missed; tried again later where the venue does not answer."""
        try:
            async with lanes:
                await self._live_through(post)
        except (Transient, Refused) as error:
            log.warning("alerts_past_unknown", market=post.symbol, error=str(error))
            post.held_until = None
            await asyncio.sleep(_RETRY_S)
        finally:
            self._pursued.discard(post.symbol)
            if post.is_behind:
                self._missed.set()

    async def _live_through(self, post: Post, more: Collection[Condition] = ()) -> None:
        """Build the market's watch anew from candles, and take in what happened in them."""
        now = self.clock.now()
        conditions = [*more, *(alert.condition for alert in post.alerts.values())]
        past = Past(post.symbol, conditions, seen_at=post.seen_at, now=now)
        await past.fetch(self.source)
        known = [alert for alert in post.alerts.values() if past.covers(alert.condition)]
        watch, changes = past.relive(known)
        post.catch_up(watch, now, is_all=len(known) == len(post.alerts))  # some may be armed while we ask
        self._take(post, changes)
        for quote in self.markets.quotes([post.symbol]):
            self._hear(quote.ticker)
