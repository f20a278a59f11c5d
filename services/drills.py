"""Rehearsals against paper: the same code that would act in earnest, on nothing that matters."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from engines.core.instrument import Toward
from engines.core.side import Direction
from engines.orders.naming import intent_name
from engines.orders.order import Intent, OrderKind, OrderState, Purpose
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.risk.kill import Closing, Leg
from engines.risk.latch import Cause, Latch, Scope
from ports.clock import Clock
from ports.desk_state import LatchFile, LatchStore
from ports.errors import DeskError, Transient
from ports.health import FeedHealth
from services.breaking.feeds import PRICES, SilentFeeds
from services.latches import Latches, LatchNews
from services.markets import Markets
from services.orders import Orders
from services.stopping.road import Road
from services.trading.intents import intent_of
from services.trading.register import Held, Register

DRILL: Final = "drill"
"""The engine and the latch of rehearsals: nobody trades under that name."""
SYMBOL: Final = "BTCUSDT"
NAMES: Final = ("kill", "feed", "restart", "telegram")
_LASTS: Final = timedelta(minutes=5)
_ROOM: Final = Decimal("1.02")
_WORST: Final = Decimal("1.005")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was checked. `detail` is what was seen: an amount, or why it was not as it should be.
    `count` is how many of what it looked at. `stopped_by` kept it from being tried at all."""

    code: str
    is_kept: bool
    took_ms: float
    detail: str = ""
    count: int | None = None
    stopped_by: Latch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a rehearsal showed, and when (wire time)."""

    name: str
    at: datetime
    steps: tuple[Step, ...]

    @property
    def is_passed(self) -> bool:
        """Whether every step was as it should be."""
        return all(step.is_kept for step in self.steps if step.stopped_by is None)

    @property
    def is_whole(self) -> bool:
        """Whether every step was tried."""
        return all(step.stopped_by is None for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a check saw; as `Step`."""

    is_kept: bool = False
    detail: str = ""
    count: int | None = None
    stopped_by: Latch | None = None


Check = Callable[[], Awaitable[Seen]]


@dataclass(slots=True, repr=False)
class Drills:
    """Rehearses over the desk's own parts. What a restart would make of the same disk is tried on copies of
    it: nothing is ever written there by a rehearsal but its own latch. `register_anew` is a register that
    was not loaded yet."""

    latches: Latches
    register_anew: Callable[[], Register]
    orders: Orders
    road: Road
    markets: Markets
    clock: Clock
    _count: int = field(default=0)

    async def run(self, name: str, *, by: int) -> Evidence:
        """Rehearse; a step that fails does not keep the others from being shown."""
        checks: dict[str, Sequence[tuple[str, Check]]] = {
            "kill": (
                ("latched", lambda: self._latched(by)),
                ("entries_refused", self._entries_refused),
                ("survives", self._survives),
                ("paper_closed", self._paper_closed),
                ("released", self._released),
            ),
            "feed": (
                ("silence_stops", self._silence_stops),
                ("freshness_releases", self._freshness_releases),
            ),
            "restart": (("same_latches", self._same_latches), ("same_trades", self._same_trades)),
            "telegram": (("latched_without", self._latched_without),),
        }
        at = self.clock.wire_now()
        steps = [await _timed(code, check) for code, check in checks[name]]
        return Evidence(name=name, at=at, steps=tuple(steps))

    async def _latched(self, by: int) -> Seen:
        await self.latches.pull(self._latch(by))
        return Seen(is_kept=self.latches.get(DRILL) is not None)

    async def _entries_refused(self) -> Seen:
        """An entry of the drill's engine is stopped, a reducing order is not."""
        entry = await self._intent()
        stopped, passed = (
            self.latches.stopping(entry),
            self.latches.stopping(replace(entry, reduce_only=True)),
        )
        return Seen(is_kept=stopped is not None and passed is None)

    async def _survives(self) -> Seen:
        """Another process would be latched too."""
        anew = self._latches_anew(_untold)
        await anew.load()
        return Seen(is_kept=anew.get(DRILL) is not None, count=len(anew.all()))

    async def _paper_closed(self) -> Seen:
        """A position on paper is opened, closed by the kill's own road, and gone."""
        entry = await self._intent()
        place = SubAccount(engine=EngineName.MANUAL, account=PAPER)
        trade = await self.orders.trade_for(place, entry.instrument, Direction.LONG)
        before = trade.quantity
        self._count += 1
        name = intent_name(EngineName.MANUAL, f"{DRILL}:{entry.created_at.isoformat()}:{self._count}")
        bought = intent_of(
            trade,
            name,
            Purpose.ENTRY,
            entry.quantity,
            self.clock.now(),
            worst_price=entry.worst_price,
            most_cost=entry.most_cost,
            reason=DRILL,
        )
        stopping = self.latches.stopping(bought)
        if stopping is not None:
            return Seen(stopped_by=stopping)
        held = await self.orders.place(trade, [bought])
        filled = held.quantity - before
        if filled <= 0:
            return Seen(detail="not_filled")
        leg = Leg(
            trade_id=held.id,
            owner=held.owner,
            account=PAPER,
            instrument=held.instrument,
            direction=held.direction,
            quantity=held.quantity,
        )
        await self.road.close(Closing(leg=leg, quantity=filled), tries=0)
        left = self.orders.register.get(held.id)
        rest = Decimal(0) if left is None else left.trade.quantity
        return Seen(is_kept=rest == before, detail=f"{filled.normalize():f} {held.instrument.base}")

    async def _released(self) -> Seen:
        await self.latches.release(DRILL)
        return Seen(is_kept=self.latches.get(DRILL) is None)

    async def _silence_stops(self) -> Seen:
        rehearsal = _Rehearsal(self.markets.venue, _LaterClock(self.clock.wire_now()))
        await rehearsal.look(is_fresh=False)
        return Seen(is_kept=bool(rehearsal.in_force))

    async def _freshness_releases(self) -> Seen:
        """It holds through 59 fresh seconds, and no longer than 60."""
        rehearsal = _Rehearsal(self.markets.venue, _LaterClock(self.clock.wire_now()))
        await rehearsal.look(is_fresh=False)
        await rehearsal.look(is_fresh=True, after_s=59)
        held = bool(rehearsal.in_force)
        await rehearsal.look(is_fresh=True, after_s=1)
        return Seen(is_kept=held and not rehearsal.in_force)

    async def _same_latches(self) -> Seen:
        anew = self._latches_anew(_untold)
        await anew.load()
        return Seen(is_kept=list(anew.all()) == list(self.latches.all()), count=len(anew.all()))

    async def _same_trades(self) -> Seen:
        """What the books would give a new process is what this one has."""
        anew = self.register_anew()
        await anew.load()
        ours, theirs = _states(self.orders.register.live()), _states(anew.live())
        return Seen(is_kept=ours == theirs, count=len(theirs))

    async def _latched_without(self) -> Seen:
        """A latch stands although nobody can be told."""
        anew = self._latches_anew(_unreachable)
        await anew.load()
        await anew.pull(self._latch(None))
        await anew.tend()
        stands = anew.get(DRILL) is not None
        await anew.release(DRILL)
        return Seen(is_kept=stands)

    def _latches_anew(self, tell: Callable[[LatchNews], Awaitable[None]]) -> Latches:
        kept = self.latches
        return Latches(_FileCopy(kept.file), _StoreCopy(kept.store), self.clock, tell)

    def _latch(self, by: int | None) -> Latch:
        now = self.clock.wire_now()
        scope = Scope(engine=DRILL)
        return Latch(id=DRILL, scope=scope, cause=Cause.STARTING, by=by, pulled_at=now, until=now + _LASTS)

    async def _intent(self) -> Intent:
        """The smallest purchase that the market takes."""
        quote = await self.markets.quote(SYMBOL)
        instrument = quote.instrument
        least = max(instrument.min_notional, Decimal(5)) * 2 / quote.ticker.last
        quantity = instrument.quantity(least, Toward.UP)
        return Intent(
            id=DRILL,
            owner=SubAccount(engine=EngineName.MANUAL, account=PAPER).owner,
            account=PAPER,
            engine=DRILL,
            trade_id=0,
            instrument=instrument,
            side=Direction.LONG.entry,
            quantity=quantity,
            kind=OrderKind.MARKET,
            purpose=Purpose.ENTRY,
            worst_price=instrument.price(quote.ticker.last * _WORST, Toward.UP),
            most_cost=quantity * quote.ticker.last * _ROOM,
            created_at=self.clock.now(),
        )


@dataclass(slots=True, repr=False)
class _FileCopy:
    """The side file as it is, never written."""

    original: LatchFile

    async def read(self) -> Sequence[Latch]:
        """What stands there."""
        return await self.original.read()

    async def write(self, latches: Sequence[Latch]) -> None:
        """Nowhere."""


@dataclass(slots=True, repr=False)
class _StoreCopy:
    """The rows as they are, never written."""

    original: LatchStore

    async def all(self) -> Sequence[Latch]:
        """What stands there."""
        return await self.original.all()

    async def put(self, latch: Latch) -> None:
        """Nowhere."""

    async def remove(self, latch_id: str) -> None:
        """Nowhere."""


@dataclass(slots=True, repr=False)
class _LaterClock:
    """A clock that is moved by hand, beginning now."""

    began: datetime
    ahead_s: float = 0.0
    speed: float = 1.0

    def now(self) -> datetime:
        """As wire time."""
        return self.wire_now()

    def wire_now(self) -> datetime:
        """So far ahead of the beginning."""
        return self.began + timedelta(seconds=self.ahead_s)

    def age_s(self, at: datetime) -> float:
        """Seconds since then."""
        return max((self.wire_now() - at).total_seconds(), 0.0)

    async def sleep(self, market_s: float) -> None:
        """The hand moves on."""
        self.ahead_s += market_s


@dataclass(slots=True, repr=False)
class _Rehearsal:
    """Feeds that are said to be silent or fresh, and latches that stop nothing."""

    venue: str
    clock: _LaterClock
    in_force: dict[str, Latch] = field(default_factory=dict)
    is_loaded: bool = True
    is_fresh: bool = True
    _feeds: SilentFeeds | None = None

    async def look(self, *, is_fresh: bool, after_s: float = 0.0) -> None:
        """What the breaker of feeds makes of it, so much later."""
        self.is_fresh = is_fresh
        await self.clock.sleep(after_s)
        if self._feeds is None:
            self._feeds = SilentFeeds(self._health, self.venue, self, self.clock)
        await self._feeds.look([EngineName.MANUAL])

    def all(self) -> Sequence[Latch]:
        """Those in force here."""
        return list(self.in_force.values())

    async def pull(self, latch: Latch) -> None:
        """In force here."""
        self.in_force[latch.id] = latch

    async def release(self, latch_id: str) -> None:
        """Not any more."""
        self.in_force.pop(latch_id, None)

    def _health(self) -> Sequence[FeedHealth]:
        names = [f"{self.venue}_{road}" for roads in PRICES.values() for road in roads]
        return [FeedHealth(name=name, is_ok=self.is_fresh, age_s=70.0, code="silent") for name in names]


async def _timed(code: str, check: Check) -> Step:
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        seen = await check()
    except DeskError as error:
        seen = Seen(detail=f"{type(error).__name__}: {error}"[:120])
    return Step(
        code=code,
        is_kept=seen.is_kept,
        took_ms=(loop.time() - began) * 1000,
        detail=seen.detail,
        count=seen.count,
        stopped_by=seen.stopped_by,
    )


def _states(live: Sequence[Held]) -> dict[int, tuple[int, Decimal, Mapping[str, OrderState]]]:
    """What must be the same before and after: versions, sizes, the states of all orders."""
    return {
        held.trade.id: (
            held.trade.version,
            held.trade.quantity,
            {order.id: order.state for order in held.orders},
        )
        for held in live
    }


async def _untold(news: LatchNews) -> None:
    """Nobody hears of a rehearsal's latches."""


async def _unreachable(news: LatchNews) -> None:
    """As when Telegram and the database are away."""
    raise Transient("a rehearsal: nobody can be told")
