"""Proposals: what engines and people want the desk to trade, sent where the engine's policy says.

On paper they go by themselves, with real money they go below the limits that a person set, or ask with a
ticket. Everything takes the road of orders; nothing here knows a venue.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import structlog

from engines.orders.naming import intent_name
from engines.orders.order import Purpose
from engines.orders.proposal import Proposal
from engines.orders.subaccount import PAPER, EngineName, SubAccount, is_person
from engines.risk.latch import Latch
from ports.clock import Clock
from ports.desk_state import Approval, Policy
from ports.errors import Refused
from ports.markets import MarketSource
from ports.messages import Messenger
from ports.people import Person
from ports.tickets import TicketState, TicketStore
from services.actions import Actions
from services.policies import Policies
from services.ticketing.audience import Audience
from services.ticketing.cards import Cards, Places, View
from services.ticketing.drafting import Drafting
from services.ticketing.proposal import Draft, Outcome, Route
from services.ticketing.quoting import Quoting
from services.ticketing.road import Road
from services.ticketing.roll import Filed, Roll
from services.ticketing.spending import Spending
from services.tickets import Tickets, allowed
from services.trading.register import Register

log = structlog.get_logger()

BY_HAND = (Purpose.ENTRY, Purpose.CLOSE)
"""What a person takes back by hand; stops and targets stand as long as what they protect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOptions:
    """How long a ticket waits (real seconds), the desk's limit of leverage, and when a book is too old."""

    waits_s: float = 120.0
    most_leverage: Decimal = Decimal(5)
    stale_after_s: float = 30.0


@dataclass(slots=True, kw_only=True, repr=False)
class Proposals:
    """Takes proposals in. The same key of an engine is acted on once, whatever happens in between."""

    drafting: Drafting
    tickets: Tickets
    roll: Roll
    policies: Policies
    spending: Spending
    audience: Audience
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    @classmethod
    def over(
        cls,
        road: Road,
        register: Register,
        policies: Policies,
        audience: Audience,
        *,
        store: TicketStore,
        source: MarketSource,
        messenger: Messenger,
        actions: Actions,
        clock: Clock,
        latches: Callable[[], Sequence[Latch]],
        view: View,
        new_id: Callable[[], str],
        options: TicketOptions,
    ) -> "Proposals":
        """All of it over the road of orders. `view` draws a card, `new_id` makes short names of tickets."""
        roll, spending = Roll(store, register.books, register), Spending(clock)
        drafting = Drafting(
            road,
            register,
            policies,
            Quoting(source, clock, options.stale_after_s),
            spending,
            clock,
            waits_s=options.waits_s,
            most_leverage=options.most_leverage,
        )
        cards = Cards(
            store=store,
            roll=roll,
            audience=audience,
            people=audience.people,
            messenger=messenger,
            actions=actions,
            clock=clock,
            latches=latches,
            view=view,
        )
        tickets = Tickets(
            road=road,
            roll=roll,
            drafting=drafting,
            audience=audience,
            cards=cards,
            clock=clock,
            latches=latches,
            new_id=new_id,
            waits=timedelta(seconds=options.waits_s),
        )
        return cls(
            drafting=drafting,
            tickets=tickets,
            roll=roll,
            policies=policies,
            spending=spending,
            audience=audience,
        )

    async def start(self) -> None:
        """Read policies, tickets, and what engines have spent today; after the register has loaded."""
        await self.policies.load()
        self.policies.on_change.append(self._hear)
        await self.tickets.start()
        self.spending.load(await self.roll.store.automatic(self.spending.since))

    def sub_accounts(self, engine: EngineName) -> Sequence[SubAccount]:
        """Where an engine may hold something: with real money, and on paper."""
        account = self.policies.of(engine).account
        return [SubAccount(engine=engine, account=one) for one in (account, PAPER)]

    async def draft(self, proposal: Proposal) -> Draft:
        """What a proposal would come to now; changes nothing. Raises as `Drafting.draft` does, and
        `Refused("not_allowed")` with its `verdict`."""
        return allowed(await self.drafting.draft(proposal))

    async def submit(self, proposal: Proposal, places: Places | None = None) -> Outcome:
        """Act on a proposal. Its message stands at `places` too, beside those who are always told.

        Raises as `draft` does, and `Transient` or `Conflict` of the database: nothing was sent then.
        """
        name = intent_name(proposal.engine, proposal.key)
        lock = self._locks.setdefault(name, asyncio.Lock())
        try:
            async with lock:
                done = await self.roll.by_intent(name)
                if done is not None:
                    return _outcome(done, is_repeat=True)
                return await self._act(proposal, places or {})
        finally:
            if not lock.locked():
                self._locks.pop(name, None)

    async def take_back(self, order_id: str, person: Person) -> None:
        """Take an order of the desk out of the book, for who may approve it or whose wish it is. Raises
        `Refused`: `no_such_order`, `may_not_approve`, and as `Orders.cancel` does."""
        order = self.roll.register.find(order_id)
        if order is None or is_person(order.intent.owner) or order.intent.purpose not in BY_HAND:
            raise Refused("no_such_order", order_id=order_id)
        filed = await self.roll.by_intent(order.intent.id)
        is_theirs = filed is not None and self.audience.may_withdraw(person, filed.ticket)
        if not is_theirs and not self.audience.may_approve(person):
            raise Refused("may_not_approve")
        await self.tickets.road.cancel(order_id)

    async def run(self) -> None:
        """Endless: expire tickets, keep their messages true, end cooling-offs."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.tickets.run(), name="tickets")
            loops.create_task(self.tickets.cards.run(), name="ticket cards")
            loops.create_task(self.policies.run(), name="policies")

    async def close(self) -> None:
        """Release connections to venues."""
        await self.policies.accounts.close()

    def _hear(self, policy: Policy) -> None:
        """What still waits when an engine goes back to paper was asked for real money."""
        if policy.approval is Approval.PAPER:
            self.tickets.withdrawn.add(policy.engine)

    async def _act(self, proposal: Proposal, places: Places) -> Outcome:
        try:
            draft = await self.draft(proposal)
        except Refused as error:
            log.warning("proposal_refused", engine=proposal.engine, key=proposal.key, code=error.code)
            raise
        if draft.route is Route.PAPER:
            return _outcome(await self.tickets.send(draft, TicketState.PAPER, places, by=None))
        policy = self.policies.in_force(proposal.engine)
        # The draft has waited for the market meanwhile: another order may have used up the day.
        if draft.route is Route.AUTO and self.spending.allows(policy, draft.effect.notional):
            return _outcome(await self._go(draft, places))
        told = dict.fromkeys(self.audience.of())
        return _outcome(await self.tickets.ask(draft, {**told, **places}))

    async def _go(self, draft: Draft, places: Places) -> Filed:
        """By itself: counted before it goes, for two at once must not pass the limit together."""
        engine, notional = draft.intent.engine, draft.effect.notional
        told = dict.fromkeys(self.audience.desk())
        self.spending.reserve(engine, notional)
        try:
            return await self.tickets.send(draft, TicketState.APPROVED, {**told, **places}, by=None)
        except BaseException:
            self.spending.give_back(engine, notional)
            raise


def _outcome(filed: Filed, *, is_repeat: bool = False) -> Outcome:
    return Outcome(
        route=_route(filed),
        ticket=filed.ticket,
        trade=filed.trade,
        orders=filed.orders,
        is_repeat=is_repeat,
    )


def _route(filed: Filed) -> Route:
    ticket = filed.ticket
    if ticket.state is TicketState.PAPER:
        return Route.PAPER
    is_automatic = ticket.state is TicketState.APPROVED and ticket.decided_by is None
    return Route.AUTO if is_automatic else Route.TICKET
