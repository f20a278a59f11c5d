"""Money that moved at a venue without an order of ours: funding, deposits, withdrawals, transfers. Booked
once, however often it is read."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

import structlog

from engines.ledger import movement
from engines.ledger.entry import Entry
from engines.orders.order import Fill, Order
from engines.orders.reconcile import funding_shares
from engines.orders.settlement import settle_funding
from engines.orders.subaccount import SubAccount
from ports.books import Change
from ports.clock import Clock
from ports.errors import Transient
from ports.people import Facts
from ports.venue_books import MovementKind, VenueBooks, VenueFunding, VenueMovement
from services.reconciling.ledger import Booked, EngineAt, Home, booked_at
from services.trading.journal import Journal
from services.trading.ledger import QUOTE
from services.trading.register import Held, Register

log = structlog.get_logger()

LOOK_BACK: Final = timedelta(days=7)
"""What is under way may be told as done so long after it began."""


@dataclass(slots=True, repr=False)
class CatchingUp:
    """Books what a venue tells of money. `engine_at` says whose money it becomes at first."""

    register: Register
    journal: Journal
    facts: Facts
    clock: Clock
    engine_at: EngineAt

    async def home(self, books: VenueBooks) -> Home | None:
        """Whose money lies at an account; taken over now where nobody has done it yet. `None` while no engine
        trades real money there, or nothing lies there. Raises `Transient`, `Rejected`."""
        account = books.account
        booked = await booked_at(account, self.register)
        if booked.home is not None:
            return booked.home
        engine = self.engine_at(account)
        if engine is None:
            return None
        await self._take_over(books, SubAccount(engine=engine, account=account).owner)
        return (await booked_at(account, self.register)).home

    async def catch_up(self, books: VenueBooks, home: Home) -> dict[str, Decimal]:
        """Book what is not booked yet; what is under way still, by asset. Raises `Transient`, `Rejected`,
        `Conflict`: what was not booked is booked the next time."""
        now = self.clock.now()
        since = await self._since(books.account, home)
        fundings, movements = await books.fundings(since), await books.movements(since)
        booked = await booked_at(books.account, self.register)
        await self._book_fundings([one for one in fundings if one.at > home.since], booked)
        before = await self._before(books.account)
        ours = [one for one in movements if _is_ours(one, home, before)]
        for one in ours:
            await self._book_movement(books.account, one, home, booked)
        await self.facts.put(_fact(books.account), now.isoformat())
        return _under_way(ours)

    async def _take_over(self, books: VenueBooks, owner: int) -> None:
        """What is in the balances is known by its id: clocks differ, and some venues tell whole seconds."""
        at, totals = self.clock.now(), dict[str, Decimal]()
        before = _counted(await books.movements(at - LOOK_BACK))
        for one in await books.balances():
            totals[one.asset] = totals.get(one.asset, Decimal(0)) + one.total
        if _counted(await books.movements(at - LOOK_BACK)) != before:
            raise Transient(f"{books.account}: money moved while it was counted", kind="timeout")
        await self.facts.put(_before(books.account), json.dumps(before))
        entry = movement.taken_over(owner, books.account, totals, at, quote=QUOTE)
        if entry.postings and await self.register.book(owner, entry):
            log.info("account_taken_over", account=books.account, owner=owner, assets=sorted(totals))

    async def _before(self, account: str) -> Collection[str] | None:
        """Movements that were in the balances taken over; `None` where an older desk took it over."""
        stored = await self.facts.get(_before(account))
        return None if stored is None else frozenset(json.loads(stored))

    async def _since(self, account: str, home: Home) -> datetime:
        stored = await self.facts.get(_fact(account))
        last = home.since if stored is None else datetime.fromisoformat(stored)
        return max(last, home.since) - LOOK_BACK

    async def _book_fundings(self, fundings: Sequence[VenueFunding], booked: Booked) -> None:
        """A settlement of one market is one payment for all that we held there, in whatever parts the venue
        tells of it."""
        at_venue = [(order, fill) for order, fill in booked.fills if order.intent.account == booked.account]
        ordered = sorted(fundings, key=lambda one: (one.at, one.instrument.symbol))
        for (at, _), together in groupby(ordered, key=lambda one: (one.at, one.instrument.symbol)):
            parts = list(together)
            amount = sum((one.amount for one in parts), Decimal(0))
            await self._book_funding(parts[0], amount, at, at_venue, booked.ids)

    async def _book_funding(
        self,
        funding: VenueFunding,
        amount: Decimal,
        at: datetime,
        fills: Sequence[tuple[Order, Fill]],
        known: set[str],
    ) -> None:
        shares = funding_shares(amount, fills, funding.instrument, at)
        if not shares:
            log.warning("funding_of_nobody", symbol=funding.instrument.symbol, amount=str(amount))
        for trade_id, share in shares.items():
            if share and f"funding:{trade_id}:{at.isoformat()}" not in known:
                await self._pay(trade_id, share, at)

    async def _pay(self, trade_id: int, amount: Decimal, at: datetime) -> None:
        def step(held: Held | None) -> Change | None:
            if held is None:
                return None
            trade = replace(held.trade, version=held.trade.version + 1)
            after, entries = settle_funding(trade, amount, Decimal(0), at)
            return Change(trade=after, entries=entries)

        await self.journal.write(trade_id, step, is_sure=True)

    async def _book_movement(self, account: str, told: VenueMovement, home: Home, booked: Booked) -> None:
        entry = _entry(account, told, home.owner)
        if told.is_done and entry.id not in booked.ids and await self.register.book(home.owner, entry):
            log.info("movement_booked", entry=entry.id, asset=told.asset, amount=str(told.amount))


def _entry(account: str, told: VenueMovement, owner: int) -> Entry:
    name = f"{account}:{told.id}"
    if told.kind is MovementKind.DEPOSIT:
        return movement.deposit(owner, name, told.asset, told.amount, told.at, quote=QUOTE)
    if told.kind is MovementKind.WITHDRAWAL:
        return movement.withdrawal(owner, name, told.asset, -told.amount, told.at, quote=QUOTE)
    return movement.wallet_transfer(owner, name, told.asset, told.amount, told.at, quote=QUOTE)


def _is_ours(told: VenueMovement, home: Home, before: Collection[str] | None) -> bool:
    """Whether it came or went after the account was taken over."""
    return told.at > home.since if before is None else told.id not in before


def _counted(movements: Sequence[VenueMovement]) -> list[str]:
    """Those whose amount is in the balances: what leaves is taken off before it is gone."""
    return sorted(one.id for one in movements if one.is_done or one.amount < 0)


def _under_way(movements: Sequence[VenueMovement]) -> dict[str, Decimal]:
    waiting: dict[str, Decimal] = {}
    for one in movements:
        if not one.is_done:
            waiting[one.asset] = waiting.get(one.asset, Decimal(0)) + one.amount
    return waiting


def _fact(account: str) -> str:
    return f"reconciled:{account}"


def _before(account: str) -> str:
    return f"before:{account}"
