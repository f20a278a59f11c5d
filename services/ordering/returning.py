"""Back after a stop: what was under way at a real venue is found out before anything new may enter there."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from engines.orders.order import Order, OrderState
from engines.risk.latch import Cause, Latch, Scope
from ports.clock import Clock
from ports.errors import Rejected, Transient
from ports.venue_books import VenueBooks
from services.ordering.findings import Breakers, Finding, Tell
from services.ordering.hearing import Hearing
from services.ordering.resolving import Resolver
from services.trading.register import Register

log = structlog.get_logger()

AGAIN_S: Final = 1.0
TELL_AFTER: Final = 5
"""Tries in vain after which somebody hears of it."""
LOOK_BACK: Final = timedelta(days=1)
"""Fills are read again from so long ago, and from the oldest order that is not over: one may be told late of
an order that was."""
_WAITS: Final = (OrderState.CREATED, OrderState.VALIDATED, OrderState.AWAITING_APPROVAL)


async def nothing_more(account: str) -> None:
    """For a desk that compares nothing else with its venues."""


@dataclass(slots=True, repr=False)
class Returning:
    """Recovers real accounts, each by itself. Entries stay latched until it could, until `prepare` has set
    the account up and `conclude` has found nothing more to be done; they raise `Transient` or `Rejected`
    where they could not."""

    books: Mapping[str, VenueBooks]
    register: Register
    hearing: Hearing
    resolver: Resolver
    breakers: Breakers
    clock: Clock
    tell: Tell
    prepare: Callable[[str], Awaitable[None]] = nothing_more
    conclude: Callable[[str], Awaitable[None]] = nothing_more
    _ready: set[str] = field(default_factory=set)
    _problems: dict[str, str] = field(default_factory=dict)

    def is_ready(self, account: str) -> bool:
        """Whether it is known what happened at an account: until then nothing goes on there."""
        return account not in self.books or account in self._ready

    async def latch(self, account: str) -> None:
        """Before anything else: nothing enters at that account."""
        latch = Latch(
            id=_name(account),
            scope=Scope(account=account),
            cause=Cause.STARTING,
            pulled_at=self.clock.wire_now(),
        )
        await self.breakers.pull(latch)

    async def follow(self, account: str) -> None:
        """Recover an account, as often as it takes, and let entries in again."""
        tries = 0
        while not (await self.recover(account) and await self.finish(account)):
            tries += 1
            if tries == TELL_AFTER:
                await self._tell(account)
            await asyncio.sleep(AGAIN_S)
        log.info("recovered", account=account)

    async def recover(self, account: str) -> bool:
        """Read what happened while we were away, and find out what was under way; whether all of it is
        certain now."""
        try:
            since = self._since(account)
            for fill in await self.books[account].fills(since):
                self.hearing.hear(account, fill)
            await self.hearing.work_off()
            for order in self._unfinished(account):
                self.resolver.doubt(order)
            await self.hearing.compare(account)
        except (Transient, Rejected) as error:
            self._note(account, error)
            return False
        await self.resolver.round(account)
        doubted = self.resolver.doubted(account)
        if doubted:
            self._problems[account] = f"{doubted} orders of unknown state"
            return False
        self._ready.add(account)
        return True

    async def finish(self, account: str) -> bool:
        """Let entries in again once nothing is left to be done; whether they are."""
        try:
            await self.prepare(account)
            await self.conclude(account)
            await self.breakers.release(_name(account))
        except (Transient, Rejected) as error:
            self._note(account, error)
            return False
        return True

    def _note(self, account: str, error: Exception) -> None:
        log.warning("not_recovered", account=account, error=str(error))
        self._problems[account] = str(error)

    async def _tell(self, account: str) -> None:
        """Somebody should know that nothing enters there, and why."""
        reason = self._problems.get(account, "")
        try:
            await self.tell(Finding(code="cannot_start", account=account, params={"reason": reason}))
        except Transient as error:
            log.error("cannot_start_not_told", account=account, error=str(error))

    def _since(self, account: str) -> datetime:
        oldest = [order.created_at for order in self._unfinished(account)]
        return min([*oldest, self.clock.now()]) - LOOK_BACK

    def _unfinished(self, account: str) -> Sequence[Order]:
        """Orders at the account that were sent and are not over."""
        return [order for order in self.register.working(account) if order.state not in _WAITS]


def _name(account: str) -> str:
    return f"starting:{account}"
