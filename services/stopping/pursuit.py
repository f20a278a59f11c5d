"""One kill at work: cancel, close, look, and again, until every venue itself shows that it is so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import structlog

from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.orders.subaccount import PAPER
from engines.risk.kill import Closing, Leg
from engines.risk.latch import KillLevel
from ports.clock import Clock
from ports.errors import DeskError, Fatal, InvariantBroken, Transient
from ports.venue_books import VenueOrder, VenuePosition
from services.stopping.report import AccountReport, KillReport
from services.stopping.road import Road, Witness

log = structlog.get_logger()

PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Real seconds between two tries."""
NOT_OPEN: Final = "not_open"
"""The problem of an account that is not connected (yet, after a restart): it is waited for."""

Pause = Callable[[float], Awaitable[None]]


@dataclass(slots=True, repr=False)
class Pursuit:
    """Brings every account to where the wish wants it. `left` is what is to remain of the coins of a trade:
    decided once, so that half a job is never taken for the whole. `hear` is told of every news; `is_wanted`
    says whether it should go on (`None`) or why not."""

    road: Road
    books: Mapping[str, Witness]
    clock: Clock
    left: Mapping[int, Decimal]
    report: KillReport
    hear: Callable[[KillReport], None]
    is_wanted: Callable[[], str | None]
    pause: Pause = asyncio.sleep
    within_s: float = 10.0
    _cancels: set[str] = field(default_factory=set)
    _ours: set[tuple[str, MarketKind, str, Direction]] = field(default_factory=set)

    async def run(self) -> None:
        """All accounts at the same time; none waits for another. Raises what nobody foresaw."""
        self._ours = {(leg.account, *leg.instrument.key, leg.direction) for leg in self._legs()}
        async with asyncio.TaskGroup() as chases:
            for account in self.report.accounts:
                chases.create_task(self._chase(account))

    async def _chase(self, account: str) -> None:
        tries, needs_cancel = 0, True
        while (why := self.is_wanted()) is None:
            problem = await self._send(account, tries, needs_cancel=needs_cancel)
            needs_cancel = await self._look(account, tries + 1, problem)
            if self.report.accounts[account].is_done:
                return
            await self.pause(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1
        self._tell(replace(self.report, given_up=why))

    async def _send(self, account: str, tries: int, *, needs_cancel: bool) -> str | None:
        """Cancel and close what is to be; what went wrong."""
        if account != PAPER and account not in self.books:
            return NOT_OPEN
        problem = None
        if needs_cancel:
            problem = await self._try(account, self._cancel(account))
            self._note_cancel(account)
        if self.report.wish.level >= KillLevel.CLOSE_PERPS:
            problem = await self._close(account, tries) or problem
        return problem

    async def _cancel(self, account: str) -> None:
        if account == PAPER:
            await self.road.cancel_paper(has_paper=self.report.wish.has_paper)
        else:
            await self.road.cancel_all(account)

    async def _close(self, account: str, tries: int) -> str | None:
        """Close what is to be closed, all legs at once; what went wrong."""
        wanted = self._wanted(account)
        found = await asyncio.gather(
            *(self._try(account, self.road.close(one, tries=tries)) for one in wanted)
        )
        return next((problem for problem in found if problem is not None), None)

    async def _look(self, account: str, tries: int, problem: str | None) -> bool:
        """Ask the venue how it is; whether there is something to cancel still."""
        before = self.report.accounts[account]
        now = replace(before, tries=tries, problem=problem, closings=len(self._wanted(account)))
        if account == PAPER:
            working = self.road.working(PAPER, has_paper=self.report.wish.has_paper)
            now = replace(now, orders=working, perps=self._perps(account))
        else:
            now = await self._seen(now)
        self._keep(self._judged(now))
        is_blocked = now.closings > 0 and now.protective > 0  # a stop holds the coins that are to be sold
        return now.orders is None or now.orders > 0 or is_blocked

    async def _seen(self, now: AccountReport) -> AccountReport:
        """What the venue shows; what it did not answer is not known."""
        books = self.books.get(now.account)
        if books is None:
            return replace(now, orders=None, perps=None, problem=NOT_OPEN)
        try:
            async with asyncio.timeout(self.within_s):
                orders, positions = await asyncio.gather(books.open_orders(), books.positions())
        except TimeoutError:
            return replace(now, orders=None, perps=None, problem="timeout")
        except DeskError as error:
            return replace(now, orders=None, perps=None, problem=_named(error))
        protective = [one for one in orders if self._protects(one)]
        held = [one for one in positions if one.quantity > 0]
        foreign = tuple(one for one in held if not self._is_ours(now.account, one))
        return replace(
            now,
            orders=len(orders) - len(protective),
            protective=len(protective),
            perps=len(held) - len(foreign),
            foreign=foreign,
        )

    def _judged(self, now: AccountReport) -> AccountReport:
        level = self.report.wish.level
        is_canceled = now.orders == 0 and self.road.unsettled(now.account) == 0
        is_closed = level < KillLevel.CLOSE_PERPS or (now.perps == 0 and now.closings == 0)
        if is_canceled and is_closed:
            return replace(now, problem=None, verified_at=self.clock.wire_now())
        return now

    def _wanted(self, account: str) -> Sequence[Closing]:
        """What is left to close of the legs at that account, on the lot grid."""
        legs = [leg for leg in self._legs() if leg.account == account]
        closings = [
            Closing(leg=leg, quantity=leg.instrument.quantity(leg.quantity - self._remains(leg)))
            for leg in legs
        ]
        return [one for one in closings if one.quantity > 0]

    def _remains(self, leg: Leg) -> Decimal:
        """What is to remain of a leg; a fill that came late is closed like the rest."""
        level = self.report.wish.level
        if level is KillLevel.FLAT or (level is KillLevel.CLOSE_PERPS and leg.is_perp):
            return Decimal(0)
        return self.left.get(leg.trade_id, leg.quantity)

    def _legs(self) -> Sequence[Leg]:
        return self.road.legs(has_paper=self.report.wish.has_paper)

    def _perps(self, account: str) -> int:
        return sum(1 for one in self._wanted(account) if one.leg.is_perp)

    def _is_ours(self, account: str, position: VenuePosition) -> bool:
        """By our books now, or when it began: a venue may show for a moment what was closed just now."""
        self._ours |= {(leg.account, *leg.instrument.key, leg.direction) for leg in self._legs()}
        return (account, *position.instrument.key, position.direction) in self._ours

    def _protects(self, order: VenueOrder) -> bool:
        """A stop or a target of a position that stays."""
        return self.report.wish.level < KillLevel.FLAT and self.road.protects(order)

    async def _try(self, account: str, deed: Awaitable[None]) -> str | None:
        """Do something that may fail; what went wrong. The next look says what came of it."""
        try:
            async with asyncio.timeout(self.within_s):
                await deed
        except TimeoutError:
            return "timeout"
        except (Fatal, InvariantBroken):
            raise
        except DeskError as error:
            log.warning("kill_step_failed", account=account, error=f"{type(error).__name__}: {error}")
            return _named(error)
        return None

    def _note_cancel(self, account: str) -> None:
        self._cancels.add(account)
        if self.report.canceled_at is None and self._cancels == set(self.report.accounts):
            self._tell(replace(self.report, canceled_at=self.clock.wire_now()))

    def _keep(self, account: AccountReport) -> None:
        self._tell(replace(self.report, accounts={**self.report.accounts, account.account: account}))

    def _tell(self, report: KillReport) -> None:
        self.report = report
        self.hear(report)


def _named(error: DeskError) -> str:
    return error.kind if isinstance(error, Transient) else type(error).__name__.casefold()
