"""Proposals: what engines and people want the desk to trade, sent where the engine's policy says.

On paper they go by themselves, with real money they go below the limits that a person set, or ask with a
ticket. Everything takes the road of orders; nothing here knows a venue.
"""

import asyncio
from dataclasses import dataclass, field

import structlog

from ports.errors import Refused
from ports.tickets import TicketState
from services.ordering.naming import intent_name
from services.policies import Policies
from services.ticketing.audience import Audience
from services.ticketing.cards import Places
from services.ticketing.drafting import Drafting
from services.ticketing.proposal import Draft, Outcome, Proposal, Route
from services.ticketing.roll import Filed, Roll
from services.ticketing.spending import Spending
from services.tickets import Tickets, allowed

log = structlog.get_logger()

MOST_OF_A_DAY = 2000
"""Tickets looked through at a start for what went by itself today."""


@dataclass(slots=True, kw_only=True)
class Proposals:
    """Takes proposals in. The same key of an engine is acted on once, whatever happens in between."""

    drafting: Drafting
    tickets: Tickets
    roll: Roll
    policies: Policies
    spending: Spending
    audience: Audience
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def start(self) -> None:
        """Read what engines have spent today; after the tickets have started."""
        self.spending.load(await self.roll.store.latest(MOST_OF_A_DAY))

    async def draft(self, proposal: Proposal) -> Draft:
        """What a proposal would come to now; changes nothing. Raises as `Drafting.draft` does, and
        `Refused("gate")` with its `check`."""
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
