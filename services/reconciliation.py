"""The books of the desk against its venues: at every start, every night and whenever an admin asks.

What can be explained is booked; what cannot is told, and nothing enters at that account until an admin has
decided what it is. Twice the same changes nothing. The parts are in `services.reconciling`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import structlog

from engines.orders.order import OrderState
from engines.orders.reconcile import (
    Difference,
    DifferenceKind,
    balance_differences,
    position_differences,
    positions_of,
)
from engines.risk.latch import Cause, Latch, Scope
from ports.books import Conflict
from ports.clock import Clock
from ports.desk_state import Approval, Policy
from ports.errors import Refused, Rejected, Transient
from ports.people import Facts
from ports.venue_books import VenueBooks, VenueOrder
from services.ordering.findings import Breakers, Finding, Tell
from services.orders import Orders
from services.reconciling.catching_up import CatchingUp
from services.reconciling.comparison import Comparison, Side
from services.reconciling.ignoring import Ignoring
from services.reconciling.ledger import EngineAt, Home, booked_at
from services.reconciling.mending import Mending
from services.reconciling.truth import Truth, truth_of

log = structlog.get_logger()

SETTLE_S: Final = 1.0
"""Real seconds after which a difference has to be there still: what was on its way has arrived then."""
AGAIN_S: Final = 5.0
_UNDER_WAY: Final = (OrderState.SENT, OrderState.UNKNOWN, OrderState.CANCEL_PENDING)


@dataclass(slots=True, repr=False)
class Reconciliation:
    """Compares, books what was missed, stops what does not agree. `over` puts it together. Accounts that are
    `monitored` are compared when somebody asks. Money that moved there is booked while the books still have
    the account as an engine's; nothing is taken over, adopted, closed, ignored or stopped there."""

    orders: Orders
    catching_up: CatchingUp
    ignoring: Ignoring
    mending: Mending
    breakers: Breakers
    tell: Tell
    clock: Clock
    monitored: Callable[[], Mapping[str, VenueBooks]] = dict
    settle_s: float = SETTLE_S
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _seen: dict[str, Comparison] = field(default_factory=dict)
    _wanted: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def over(
        cls,
        orders: Orders,
        facts: Facts,
        breakers: Breakers,
        tell: Tell,
        clock: Clock,
        engine_at: EngineAt,
        monitored: Callable[[], Mapping[str, VenueBooks]] = dict,
    ) -> "Reconciliation":
        """Over the road; from then on nobody enters at an account before it was compared."""
        journal = orders.placing.journal
        made = cls(
            orders=orders,
            catching_up=CatchingUp(orders.register, journal, facts, clock, engine_at),
            ignoring=Ignoring(facts),
            mending=Mending(orders, clock),
            breakers=breakers,
            tell=tell,
            clock=clock,
            monitored=monitored,
        )
        orders.returning.conclude = made.conclude
        return made

    def accounts(self) -> Sequence[str]:
        """Accounts that are open or monitored."""
        return sorted(self.orders.books.keys() | self.monitored().keys())

    async def conclude(self, account: str) -> None:
        """The last thing before anything may enter after a start: book what was missed, and stop the account
        where it does not agree. Raises `Transient`, `Rejected`: it could not be found out."""
        try:
            await self._stop_where_needed(await self.compare(account))
        except Conflict as error:
            raise Transient(str(error), kind="database") from error

    async def nightly(self) -> None:
        """Compare every open account; one that cannot be asked holds back no other, and is told of."""
        for account in sorted(self.orders.books):
            try:
                await self.conclude(account)
            except (Transient, Rejected) as error:
                log.error("not_compared", account=account, error=str(error))
                params = {"reason": str(error)}
                await self.tell(Finding(code="not_compared", account=account, params=params))

    def hear(self, policy: Policy) -> None:
        """An engine was switched: with real money, what lies at its account is taken over."""
        if policy.approval is not Approval.PAPER and policy.account in self.orders.books:
            self._wanted.add(policy.account)
            self._wake.set()

    async def run(self) -> None:
        """Endless: look at accounts that an engine has just gone to with real money."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for account in sorted(self._wanted):
                try:
                    await self.conclude(account)
                    self._wanted.discard(account)
                except (Transient, Rejected) as error:
                    log.warning("not_taken_over", account=account, error=str(error))
            if self._wanted:
                await asyncio.sleep(AGAIN_S)
                self._wake.set()

    async def compare(self, account: str) -> Comparison:
        """Book what the venue tells of money, then put both sides next to each other. A difference counts
        when it is there at a second look as well. Raises `Refused` (`account_closed`), `Transient`,
        `Rejected`, `Conflict`."""
        books = self.orders.books.get(account) or self.monitored().get(account)
        if books is None:
            raise Refused("account_closed", account=account)
        async with self._locks.setdefault(account, asyncio.Lock()):
            seen = await self._look(books)
            if seen.open and not seen.is_monitored:
                await asyncio.sleep(self.settle_s)
                await self.orders.hearing.repair(account)
                seen = _lasting(seen, await self._look(books))
            await self.ignoring.keep(account, seen.differences)
            self._seen[account] = seen
            return seen

    def latest(self, account: str) -> Comparison | None:
        """What was found last since the start."""
        return self._seen.get(account)

    async def adopt(self, account: str, key: str, state: str) -> Comparison:
        """Let the books have what the venue shows; how it stands then. Raises `Refused`
        (`difference_changed`) when it is not what was shown any more, and as `compare` does."""
        seen, difference = await self._asked(account, key, state)
        match difference.kind:
            case DifferenceKind.BALANCE:
                await self.mending.adopt_balance(account, difference)
            case DifferenceKind.POSITION:
                await _unless_changed(self.mending.adopt_position(seen, difference))
            case DifferenceKind.ORDER:
                raise Refused("difference_changed")
        return await self.compare(account)

    async def close(self, account: str, key: str, state: str) -> Comparison:
        """Close a position or cancel an order that is not ours; how it stands then. Raises `Uncertain` where
        an order may still be there, `Refused` (`nothing_to_close`), and as `adopt` does."""
        seen, difference = await self._asked(account, key, state)
        match difference.kind:
            case DifferenceKind.ORDER:
                await self.mending.cancel_order(seen, difference)
            case DifferenceKind.POSITION:
                await _unless_changed(self.mending.close_position(seen, difference))
            case DifferenceKind.BALANCE:
                raise Refused("nothing_to_close")
        return await self.compare(account)

    async def ignore(self, account: str, key: str, state: str) -> Comparison:
        """Leave a difference as it is until it changes; how it stands then. Raises as `adopt` does."""
        _, difference = await self._asked(account, key, state)
        await self.ignoring.add(account, difference)
        return await self.compare(account)

    async def _asked(self, account: str, key: str, state: str) -> tuple[Comparison, Difference]:
        seen = await self.compare(account)
        if seen.is_monitored:
            raise Refused("account_monitored", account=account)
        difference = seen.get(key)
        if difference is None or difference.state != state or not seen.is_sure:
            raise Refused("difference_changed")
        return seen, difference

    async def _look(self, books: VenueBooks) -> Comparison:
        home = await self._home(books)
        if home is None:
            return await self._of_nobody(books)
        under_way = await self.catching_up.catch_up(books, home)
        truth = await truth_of(books)
        return await self._compared(books.account, truth, under_way, home)

    async def _home(self, books: VenueBooks) -> Home | None:
        """Whose money lies there; watching an account makes it nobody's."""
        if books.account in self.orders.books:
            return await self.catching_up.home(books)
        return (await booked_at(books.account, self.orders.register)).home

    async def _of_nobody(self, books: VenueBooks) -> Comparison:
        """An account with which no engine trades yet: there is nothing to compare it with."""
        truth = await truth_of(books)
        return Comparison(
            account=books.account,
            at=self.clock.now(),
            ours=Side(totals={}, positions={}),
            theirs=Side(totals=truth.totals, positions=truth.positions),
            strangers={one.venue_id: one for one in truth.orders},
            held=tuple(truth.held),
            is_ours=False,
            is_monitored=books.account not in self.orders.books,
        )

    async def _compared(
        self, account: str, truth: Truth, under_way: Mapping[str, Decimal], home: Home
    ) -> Comparison:
        booked = await booked_at(account, self.orders.register)
        totals = booked.totals
        positions = positions_of(booked.trades, is_hedged=truth.is_hedged)
        strangers = await self._strangers(account, truth.orders)
        found = (
            *position_differences(positions, truth.positions),
            *balance_differences(totals, truth.totals, under_way),
            *(_foreign(one) for one in strangers.values()),
        )
        left = await self.ignoring.of(account)
        return Comparison(
            account=account,
            at=self.clock.now(),
            ours=Side(totals=totals, positions=positions),
            theirs=Side(totals=truth.totals, positions=truth.positions),
            differences=found,
            ignored=frozenset(one.key for one in found if left.get(one.key) == one.state),
            strangers=strangers,
            held=tuple(truth.held),
            is_sure=self._is_sure(account),
            is_monitored=account not in self.orders.books,
        )

    async def _strangers(self, account: str, orders: Sequence[VenueOrder]) -> dict[str, VenueOrder]:
        """Orders that rest there and are not in our books, by the venue's id."""
        register, found = self.orders.register, dict[str, VenueOrder]()
        for told in orders:
            ours = register.find(told.client_id) if told.client_id else None
            if ours is None and told.client_id:
                ours = await register.books.order(told.client_id)
            is_known = any(one.venue_id == told.venue_id for one in register.working(account))
            if ours is None and not is_known:
                found[told.venue_id] = told
        return found

    def _is_sure(self, account: str) -> bool:
        """Whether no request is under way whose outcome may be half booked."""
        orders = self.orders
        is_quiet = all(one.state not in _UNDER_WAY for one in orders.register.working(account))
        return is_quiet and orders.resolver.doubted(account) == 0

    async def _stop_where_needed(self, seen: Comparison) -> None:
        """Nothing enters where money or positions do not agree. Foreign orders are told of by the road."""
        if not seen.mismatches:
            return
        if not seen.is_sure:
            raise Transient(f"{seen.account} does not stand still", kind="timeout")
        detail = "; ".join(f"{one.name} {one.state}" for one in seen.mismatches)
        log.error("books_differ", account=seen.account, differences=detail)
        latch = Latch(
            id=f"mismatch:{seen.account}",
            scope=Scope(account=seen.account),
            cause=Cause.MISMATCH,
            pulled_at=self.clock.wire_now(),
            detail=detail[:200],
        )
        await self.breakers.pull(latch)


def _foreign(told: VenueOrder) -> Difference:
    return Difference(
        kind=DifferenceKind.ORDER,
        name=told.venue_id,
        ours=Decimal(0),
        theirs=told.quantity - told.filled,
    )


async def _unless_changed(deed: Awaitable[object]) -> None:
    """Raises `Refused` where a trade was changed meanwhile."""
    try:
        await deed
    except Conflict as error:
        raise Refused("difference_changed") from error


def _lasting(first: Comparison, second: Comparison) -> Comparison:
    """The second look; sure only where it shows nothing that the first did not."""
    before = {(one.key, one.state) for one in first.differences}
    is_same = all((one.key, one.state) in before for one in second.open)
    return second if is_same else replace(second, is_sure=False)
