"""The kill ladder: the latch first, then what was asked for, until the venues themselves show it.

It needs neither Telegram nor the database to latch and to cancel. What was offered for confirmation is kept
in memory: after a restart one asks again, and the latch stands anyway.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import structlog

from engines.orders.subaccount import PAPER
from engines.risk.kill import plan
from engines.risk.latch import Cause, KillLevel, Latch, Scope
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.people import Facts
from services.latches import Latches
from services.stopping.pursuit import Pause, Pursuit
from services.stopping.report import AccountReport, KillPreview, KillReport, KillWish
from services.stopping.road import Road, Witness
from services.stopping.survey import Survey

log = structlog.get_logger()

KILL: Final = "kill"
BROKEN: Final = "kill-broken"
GOOD_FOR: Final = timedelta(minutes=2)
FACT: Final = "kill"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    wish: KillWish
    chat_id: int
    until: datetime


@dataclass(slots=True, repr=False)
class _Run:
    """`latched` is the level that the latch has to keep for it to go on; `None` where it needs no latch."""

    wish: KillWish
    latched: KillLevel | None
    left: Mapping[int, Decimal]
    report: KillReport


@dataclass(slots=True, repr=False)
class Killing:
    """Latches, previews, acts, verifies. `hear` is told of every step of the kill at work."""

    latches: Latches
    road: Road
    books: Mapping[str, Witness]
    clock: Clock
    facts: Facts
    new_token: Callable[[], str]
    hear: Callable[[KillReport], None]
    pause: Pause = asyncio.sleep
    _offers: dict[str, _Offer] = field(default_factory=dict)
    _queue: "asyncio.Queue[_Run]" = field(default_factory=asyncio.Queue)
    _run: _Run | None = None

    @property
    def report(self) -> KillReport | None:
        """How the last kill stands."""
        return None if self._run is None else self._run.report

    async def latch(self, wish: KillWish, *, seen_in: int | None = None) -> Latch:
        """No new entries from now on: the first level, which is in every other. A kill that is in force is
        never made smaller. The chat `seen_in` shows it already."""
        before = self.latches.get(KILL)
        has_paper = wish.has_paper or (before is not None and before.scope.has_paper)
        level = max(wish.level, KillLevel.NO_ENTRIES if before is None else before.level)
        latch = Latch(
            id=KILL,
            scope=Scope(has_paper=has_paper),
            cause=Cause.KILL,
            level=level,
            by=wish.by,
            pulled_at=wish.at,
        )
        await self.latches.pull(latch, seen_in=seen_in)
        return self.latches.get(KILL) or latch

    async def preview(self, wish: KillWish, *, chat_id: int) -> tuple[KillPreview, str]:
        """What the wish would send, and the token that confirms it, once, in that chat, within two minutes.
        A kill stops entries before it looks."""
        if wish.is_kill:
            await self.latch(replace(wish, level=KillLevel.NO_ENTRIES), seen_in=chat_id)
        seen = await Survey(self.road, self.books).look(wish)
        now, token = self.clock.wire_now(), self.new_token()
        self._offers = {name: one for name, one in self._offers.items() if one.until > now}
        self._offers[token] = _Offer(wish=wish, chat_id=chat_id, until=now + GOOD_FOR)
        return seen, token

    async def confirm(self, token: str, *, by: int, chat_id: int) -> KillReport:
        """Do what was previewed: latched when this returns, the rest follows at once. Raises
        `Refused("offer_gone")` for a token that was used, is too old, or of another chat."""
        offer = self._offers.get(token)
        if offer is None or offer.chat_id != chat_id or offer.until <= self.clock.wire_now():
            raise Refused("offer_gone")
        del self._offers[token]
        wish = replace(offer.wish, by=by, at=self.clock.wire_now())
        return await self.start(wish, seen_in=chat_id)

    async def start(self, wish: KillWish, *, seen_in: int | None = None) -> KillReport:
        """Latch, and begin. An older kill that is still at work becomes a part of it: nothing that was
        confirmed is left undone."""
        if wish.is_kill:
            await self.latch(wish, seen_in=seen_in)
        before = self._run
        if before is None or before.report.is_done or before.report.given_up is not None:
            return self._begin(wish, self._left(wish), _level(wish))
        both = _together(before.wish, wish)
        left = self._left(both)
        least = {trade: min(rest, before.left.get(trade, rest)) for trade, rest in left.items()}
        levels = [level for level in (before.latched, _level(wish)) if level is not None]
        return self._begin(both, least, max(levels, default=None))

    async def load(self) -> None:
        """After a restart: a kill that was not verified goes on. Raises `Transient`."""
        latch = self.latches.get(KILL)
        if latch is None or latch.level < KillLevel.CANCEL:
            return
        stored = _read(await self.facts.get(FACT))
        if stored is not None and datetime.fromisoformat(stored["at"]) >= latch.pulled_at:
            if stored["is_done"]:
                return
            left = {int(trade): Decimal(rest) for trade, rest in stored["left"].items()}
        else:
            left = None
        wish = KillWish(level=latch.level, has_paper=latch.scope.has_paper, by=latch.by, at=latch.pulled_at)
        log.warning("kill_goes_on", level=int(latch.level))
        self._begin(wish, self._left(wish) if left is None else left, wish.level)

    async def run(self) -> None:
        """Work for ever. What nobody foresaw halts the kill, is alarmed and raised."""
        async with asyncio.TaskGroup() as pursuits:
            while True:
                pursuits.create_task(self._pursue(await self._queue.get()))

    def _begin(self, wish: KillWish, left: Mapping[int, Decimal], latched: KillLevel | None) -> KillReport:
        known = sorted(self.road.accounts() - self.books.keys() - {PAPER})  # one may not be connected yet
        accounts = {name: AccountReport(account=name) for name in (*self.books, *known, PAPER)}
        report = KillReport(wish=wish, accounts=accounts)
        self._run = _Run(wish=wish, latched=latched, left=left, report=report)
        self._queue.put_nowait(self._run)
        return self._run.report

    def _left(self, wish: KillWish) -> Mapping[int, Decimal]:
        """What is to remain of each trade."""
        legs = self.road.legs(has_paper=wish.has_paper)
        closed = {one.leg.trade_id: one.quantity for one in plan(wish.level, legs).closings}
        return {leg.trade_id: leg.quantity - closed.get(leg.trade_id, Decimal(0)) for leg in legs}

    async def _pursue(self, run: _Run) -> None:
        pursuit = Pursuit(
            self.road,
            self.books,
            self.clock,
            run.left,
            run.report,
            hear=lambda report: self._heard(run, report),
            is_wanted=lambda: self._why_not(run),
            pause=self.pause,
        )
        keeping = asyncio.create_task(self._remember(run, is_done=False))
        try:
            await pursuit.run()
        except Exception as error:
            await self._halt(run, error)
            raise
        finally:
            keeping.cancel()
        if run.report.is_done:
            await self._remember(run, is_done=True)

    def _heard(self, run: _Run, report: KillReport) -> None:
        run.report = report
        self.hear(report)

    def _why_not(self, run: _Run) -> str | None:
        if self._run is not run:
            return "replaced"
        latch = self.latches.get(KILL)
        is_cleared = run.latched is not None and (latch is None or latch.level < run.latched)
        return "cleared" if is_cleared else None

    async def _halt(self, run: _Run, error: Exception) -> None:
        """Our own mistake inside a kill: entries stay stopped, and admins hear of it."""
        scope, now = Scope(has_paper=run.wish.has_paper), self.clock.wire_now()
        cause = _first(error)
        detail = f"{type(cause).__name__}: {cause}"[:200]
        await self.latches.pull(
            Latch(id=BROKEN, scope=scope, cause=Cause.INVARIANT, pulled_at=now, detail=detail)
        )
        self._heard(run, replace(run.report, given_up="broken"))

    async def _remember(self, run: _Run, *, is_done: bool) -> None:
        """For a restart in the middle; while the database is away, again and again."""
        kept = json.dumps(
            {
                "at": run.wish.at.isoformat(),
                "left": {str(trade): format(rest, "f") for trade, rest in run.left.items()},
                "is_done": is_done,
            }
        )
        while run.wish.is_kill and self._run is run:
            try:
                await self.facts.put(FACT, kept)
                return
            except Transient as error:
                log.error("kill_not_written", error=str(error))
                await self.pause(1.0)


def _level(wish: KillWish) -> KillLevel | None:
    """The level that it latches."""
    return wish.level if wish.is_kill else None


def _together(older: KillWish, newer: KillWish) -> KillWish:
    """Both wishes as one, asked for by whom and when the newer was."""
    return replace(
        newer,
        level=max(older.level, newer.level),
        has_paper=older.has_paper or newer.has_paper,
        is_kill=older.is_kill or newer.is_kill,
    )


def _first(error: BaseException) -> BaseException:
    """What went wrong, out of the groups it came in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _read(kept: str | None) -> dict[str, Any] | None:
    return None if kept is None else json.loads(kept)
