"""Tickets: orders that wait for a person, and what people decide about them.

Exactly one decision of a ticket counts: it is committed together with what it does to the order, and only an
open ticket can change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import structlog

from engines.orders.naming import first_order
from engines.orders.proposal import MOST_SLIPPAGE, Proposal
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade, TradeState
from engines.risk.latch import NEEDS_ADMIN, Cause, KillLevel, Latch
from engines.risk.verdict import Ruling
from ports.books import Conflict
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.people import Person
from ports.tickets import Ticket, TicketState
from services.ticketing.audience import Audience
from services.ticketing.cards import Cards, Places
from services.ticketing.drafting import Drafting
from services.ticketing.progress import is_cancelable
from services.ticketing.proposal import Draft
from services.ticketing.road import Road
from services.ticketing.roll import Filed, Roll

log = structlog.get_logger()

_Done = TypeVar("_Done")

LOOK_EVERY_S = 0.5
BY_HAND = NEEDS_ADMIN | {Cause.PAUSE}
"""Causes that a person ends; the gate holds back approvals for all of them."""


@dataclass(slots=True, kw_only=True, repr=False)
class Tickets:
    """Asks, decides, lets expire. Expiry is wire time: people decide in real time.

    `latches` are those in force; `new_id` makes short names. `start` comes first, then `run` for ever.
    """

    road: Road
    roll: Roll
    drafting: Drafting
    audience: Audience
    cards: Cards
    clock: Clock
    latches: Callable[[], Sequence[Latch]]
    new_id: Callable[[], str]
    waits: timedelta = timedelta(seconds=120)
    withdrawn: set[str] = field(default_factory=set)
    """Engines whose tickets are taken back with the next look."""
    _deciding: dict[str, Person | None] = field(default_factory=dict)

    async def start(self) -> None:
        """Read what is stored. Those whose time is over expire, the others go on waiting."""
        await self.roll.load()
        await self.cards.load()
        await self.look()

    async def run(self) -> None:
        """Endless: let expire, and take back what a latch stops."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Once over all that wait."""
        now = self.clock.wire_now()
        for filed in self.roll.open():
            if filed.ticket.id in self._deciding:
                continue
            if now >= filed.ticket.expires_at:
                await self._drop(filed, TicketState.EXPIRED)
            elif (latch := self._stop_of(filed)) is not None:
                await self._drop(filed, TicketState.WITHDRAWN, latch.cause)
            elif filed.intent.engine in self.withdrawn:
                await self._drop(filed, TicketState.WITHDRAWN)
        self.withdrawn.clear()

    def get(self, ticket_id: str) -> Filed:
        """One of the newest. Raises `Refused("no_such_ticket")` (`text`)."""
        filed = self.roll.get(ticket_id)
        if filed is None:
            raise Refused("no_such_ticket", text=ticket_id[:12])
        return filed

    def latest(self, limit: int) -> Sequence[Filed]:
        """The newest first; of those that took each other's place, the last."""
        filed = self.roll.all()
        replaced = {one.ticket.replaces for one in filed}
        return [one for one in reversed(filed) if one.ticket.id not in replaced][:limit]

    async def ask(self, draft: Draft, places: Places, *, replaces: Ticket | None = None) -> Filed:
        """A ticket for a draft, shown at `places` or in the messages of the one that it `replaces`.

        Raises `Transient`, `Conflict`: nothing is asked then.
        """
        ticket = await self._new(draft, TicketState.OPEN, decided_by=None, replaces=replaces)
        trade = await self.road.propose(draft.trade, draft.intent, ticket)
        return await self._show(ticket, trade, places, replaces)

    async def send(
        self,
        draft: Draft,
        state: TicketState,
        places: Places,
        *,
        by: Person | None,
        replaces: Ticket | None = None,
    ) -> Filed:
        """Send a draft without asking; its ticket tells of it while it goes. Raises as the road does."""
        decided_by = None if by is None else by.id
        ticket = await self._new(draft, state, decided_by=decided_by, replaces=replaces)
        self.roll.expect(ticket)
        self.cards.want(ticket.id, places)
        try:
            trade = await self.road.place(draft.trade, [draft.intent], tickets=[ticket])
        finally:
            self.roll.forget(ticket)
        return await self._show(ticket, trade, places, replaces)

    async def approve(self, ticket_id: str, person: Person) -> Filed:
        """Send its order; where the price has left the band, a new ticket in its place.

        Raises `Refused`: `no_such_ticket`, `ticket_over`, `may_not_approve`, `no_fresh_price`, and what the
        gate says now; the ticket waits on then.
        """
        filed = self._waiting(ticket_id, self.audience.may_approve(person))
        with self._decision(filed, person):
            decided = self._decided(filed.ticket, TicketState.APPROVED, person)
            try:
                trade = await self._once(filed, self.road.approve(filed.ticket.order_id, decided))
            except Refused as error:
                if error.code != "out_of_band":
                    raise
                return await self._anew(filed, TicketState.REQUOTED, person, filed.intent.quantity)
            return await self.roll.file(decided, trade)

    async def halve(self, ticket_id: str, person: Person) -> Filed:
        """A ticket for half of it in its place, at the price of now. Raises as `approve` does, and
        `Refused("part_too_small")` (`least`)."""
        filed = self._waiting(ticket_id, self._may_withdraw(ticket_id, person))
        instrument = filed.intent.instrument
        half = instrument.quantity(filed.intent.quantity / 2)
        if half <= 0:
            raise Refused("part_too_small", least=instrument.lot)
        with self._decision(filed, person):
            return await self._anew(filed, TicketState.SMALLER, person, half)

    async def send_to_paper(self, ticket_id: str, person: Person) -> Filed:
        """Execute it on the engine's paper account instead. Raises as `approve` does."""
        filed = self._waiting(ticket_id, self._may_withdraw(ticket_id, person))
        with self._decision(filed, person):
            proposal = _again(filed, "paper", filed.intent.quantity)
            draft = allowed(await self.drafting.draft(proposal, on_paper=True))
            await self._decline(filed, self._decided(filed.ticket, TicketState.PAPER, person))
            draft = await self.drafting.renewed(draft)
            return await self.send(draft, TicketState.PAPER, {}, by=person, replaces=filed.ticket)

    async def skip(self, ticket_id: str, person: Person) -> Filed:
        """Drop it. Raises as `approve` does."""
        filed = self._waiting(ticket_id, self._may_withdraw(ticket_id, person))
        with self._decision(filed, person):
            await self._decline(filed, self._decided(filed.ticket, TicketState.SKIPPED, person))
            return self.get(ticket_id)

    async def cancel(self, ticket_id: str, person: Person) -> None:
        """Take what is left of its order out of the book. Raises `Refused`: `no_such_ticket`,
        `may_not_approve`, `order_over`; `Transient`, `Uncertain`: it may still be there."""
        filed = self.get(ticket_id)
        if not self.audience.may_withdraw(person, filed.ticket):
            raise Refused("may_not_approve")
        left = [order for order in filed.orders if is_cancelable(order)]
        if not left:
            raise Refused("order_over")
        for order in left:
            await self.road.cancel(order.id)

    def _may_withdraw(self, ticket_id: str, person: Person) -> bool:
        return self.audience.may_withdraw(person, self.get(ticket_id).ticket)

    def _waiting(self, ticket_id: str, may: bool) -> Filed:
        """An open ticket that nobody is deciding about."""
        filed = self.get(ticket_id)
        if not may:
            raise Refused("may_not_approve")
        if filed.ticket.id in self._deciding:
            raise self._too_late(filed, self._deciding[filed.ticket.id])
        if not filed.is_open:
            raise self._too_late(filed, None)
        if self.clock.wire_now() >= filed.ticket.expires_at:
            raise Refused("ticket_over", state=TicketState.EXPIRED, by="", text=filed.ticket.id)
        return filed

    def _too_late(self, filed: Filed, by: Person | None) -> Refused:
        """Who was faster, by name and by number."""
        by_id = filed.ticket.decided_by if by is None else by.id
        name = self.cards.name_of(by_id) if by is None else by.name
        return Refused("ticket_over", state=filed.ticket.state, by=name, by_id=by_id, text=filed.ticket.id)

    @contextmanager
    def _decision(self, filed: Filed, person: Person | None) -> Iterator[None]:
        """One decision at a time: whoever comes meanwhile hears who was faster, without waiting."""
        self._deciding[filed.ticket.id] = person
        try:
            yield
        finally:
            del self._deciding[filed.ticket.id]

    async def _anew(self, filed: Filed, state: TicketState, person: Person, quantity: Decimal) -> Filed:
        """A new ticket for the same wish in place of this one, in the same messages."""
        draft = allowed(await self.drafting.draft(_again(filed, state, quantity)))
        await self._decline(filed, self._decided(filed.ticket, state, person))
        return await self.ask(await self.drafting.renewed(draft), {}, replaces=filed.ticket)

    async def _drop(self, filed: Filed, state: TicketState, reason: str = "") -> None:
        with self._decision(filed, None):
            try:
                await self._decline(filed, self._decided(filed.ticket, state, None), reason)
            except Refused as error:
                log.info("ticket_decided_elsewhere", ticket=filed.ticket.id, code=error.code)
            except Transient as error:
                log.warning("ticket_not_dropped", ticket=filed.ticket.id, error=str(error))

    async def _decline(self, filed: Filed, decided: Ticket, reason: str = "") -> None:
        end = self.road.decline(filed.ticket.order_id, decided, reason or decided.state.value)
        await self.roll.file(decided, await self._once(filed, end))

    async def _once(self, filed: Filed, deed: Awaitable[_Done]) -> _Done:
        """What a decision does, unless another one was stored first."""
        try:
            return await deed
        except Conflict as error:
            stored = await self.roll.read_again(filed.ticket.id)
            raise self._too_late(stored or filed, None) from error

    def _decided(self, ticket: Ticket, state: TicketState, by: Person | None) -> Ticket:
        return replace(
            ticket,
            state=state,
            decided_by=None if by is None else by.id,
            decided_at=self.clock.wire_now(),
        )

    async def _new(
        self, draft: Draft, state: TicketState, *, decided_by: int | None, replaces: Ticket | None
    ) -> Ticket:
        now = self.clock.wire_now()
        return Ticket(
            id=await self._unused_id(),
            order_id=first_order(draft.intent.id),
            engine=draft.intent.engine,
            state=state,
            effect=draft.effect,
            reason=draft.proposal.reason,
            asked_by=draft.proposal.asked_by,
            created_at=now,
            expires_at=now + self.waits,
            decided_by=decided_by,
            decided_at=None if state is TicketState.OPEN else now,
            replaces=None if replaces is None else replaces.id,
        )

    async def _unused_id(self) -> str:
        while True:
            made = self.new_id()
            if await self.roll.store.get(made) is None:
                return made

    async def _show(self, ticket: Ticket, trade: Trade, places: Places, replaces: Ticket | None) -> Filed:
        if replaces is not None:
            await self.cards.move(replaces.id, ticket.id)
        self.cards.want(ticket.id, places)
        return await self.roll.file(ticket, trade)

    def _stop_of(self, filed: Filed) -> Latch | None:
        """The latch that takes it back. One that ends by itself only keeps it waiting; a kill that cancels
        takes back what reduces as well: a ticket is an order that waits."""
        intent = filed.intent
        for one in self.latches():
            is_canceled = one.cause is Cause.KILL and one.level >= KillLevel.CANCEL
            if is_canceled or (one.cause in BY_HAND and one.stops(intent, is_person=False)):
                return one
        return None


def allowed(draft: Draft) -> Draft:
    """The draft, if the gate lets it go. Raises `Refused("not_allowed")` with its `verdict`."""
    if draft.verdict.ruling is Ruling.DENY:
        raise Refused("not_allowed", verdict=draft.verdict)
    return draft


def _again(filed: Filed, deed: str, quantity: Decimal) -> Proposal:
    """The wish behind a ticket once more, in another size or place."""
    intent, trade = filed.intent, filed.trade
    is_new = trade.state is TradeState.WAITING and not trade.entered
    return Proposal(
        key=f"{intent.id}:{deed}",
        engine=EngineName(intent.engine),
        instrument=intent.instrument,
        side=intent.side,
        quantity=quantity,
        limit_price=intent.limit_price,
        style=intent.style,
        max_slippage=intent.max_slippage or MOST_SLIPPAGE,
        stop=trade.stop if is_new else None,
        targets=trade.targets if is_new else (),
        trail_distance=trade.trail_distance if is_new else None,
        leverage=trade.leverage,
        reduce_only=intent.reduce_only,
        reason=intent.reason,
        asked_by=filed.ticket.asked_by,
    )
