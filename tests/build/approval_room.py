"""Proposals, tickets and their messages over the real road of orders: a venue with real money, one on paper,
a clock by hand and a messenger in memory."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.paper.venue import PaperVenue
from engines.core.depth import Depth
from engines.core.side import Side
from engines.orders.order import Order
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade
from engines.risk.latch import Latch
from ports.books import Change
from ports.desk_state import Approval, Policy
from ports.messages import Screen
from ports.people import Person, Role
from ports.tickets import Ticket, TicketState
from services.actions import Actions
from services.ordering.judging import Judge
from services.orders import Orders
from services.people import People
from services.policies import Policies
from services.proposals import Proposals, TicketOptions
from services.ticketing.audience import Audience, Reader
from services.ticketing.standing import TicketStanding
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.accounts import FakeAccounts
from tests.build.books import MemoryBooks
from tests.build.clock import HandClock
from tests.build.desk_state import MemoryPolicies, a_policy
from tests.build.fake_venue import FakeVenue
from tests.build.markets import FakeMarketSource
from tests.build.messenger import RecordingMessenger
from tests.build.orders import PERP
from tests.build.paper_desk import FEES
from tests.build.people import a_person
from tests.build.stores import MemoryDesk

ANN, BEA, TOM, VERA = 11, 12, 13, 14
"""Two admins, a trader who may approve, and one who may not."""
ADMIN_CHAT = -100


@dataclass(slots=True)
class TroubledBooks(MemoryBooks):
    """Books whose `failure`, while set, is raised by every commit."""

    failure: Exception | None = None

    async def commit(self, change: Change) -> None:
        if self.failure is not None:
            raise self.failure
        await MemoryBooks.commit(self, change)


@dataclass(slots=True, kw_only=True, repr=False)  # parts that know each other: it would take for ever
class ApprovalRoom:
    """BTC stands at 100 at every venue. `told` are policies that people were told of."""

    clock: HandClock
    venue: FakeVenue
    source: FakeMarketSource
    stores: MemoryDesk
    books: TroubledBooks
    messenger: RecordingMessenger
    accounts: FakeAccounts
    people: People
    orders: Orders
    proposals: Proposals
    latches: list[Latch] = field(default_factory=list)
    told: list[Policy] = field(default_factory=list)

    def person(self, person_id: int) -> Person:
        """Somebody of the desk."""
        person = self.people.get(person_id)
        assert person is not None
        return person

    def set(self, price: str) -> None:
        """Every market stands there now."""
        self.venue.set(price)
        quote, symbol = self.venue.quote, PERP.symbol
        self.source.books[PERP.kind, symbol] = Depth(
            symbol=symbol,
            bids=((quote.bid, Decimal(1000)),),
            asks=((quote.ask, Decimal(1000)),),
            at=self.clock.now(),
        )

    async def policy(self, approval: Approval, **fields: Any) -> None:
        """The desk's own hand trades like that from now on."""
        await self.stores.policies.put(a_policy(EngineName.MANUAL, approval=approval, **fields))
        await self.proposals.policies.load()

    async def ask(self, key: str = "wish", **fields: Any) -> Ticket:
        """Submit a proposal that needs a ticket."""
        outcome = await self.proposals.submit(a_proposal(key, **fields))
        assert outcome.ticket.state is TicketState.OPEN
        return outcome.ticket

    async def hear(self) -> None:
        """Hand over what the venue has to tell."""
        told, self.venue.stream = self.venue.stream, []
        for report in told:
            self.orders.hearing.hear(self.venue.account, report)
        await self.orders.hearing.work_off()

    async def show(self) -> None:
        """Bring every message up to date."""
        await self.proposals.tickets.cards.refresh()

    async def pass_time(self, seconds: float) -> None:
        """Time passes, and tickets are looked at."""
        self.clock.move(seconds)
        await self.proposals.tickets.look()

    async def ticket(self, ticket_id: str) -> Ticket:
        """A ticket as it is stored."""
        ticket = await self.stores.tickets.get(ticket_id)
        assert ticket is not None
        return ticket

    async def orders_of(self, ticket: Ticket) -> Sequence[Order]:
        """All orders of a ticket's trade, as stored."""
        trade = await self.trade_of(ticket)
        return await self.books.orders(trade.id)

    async def trade_of(self, ticket: Ticket) -> Trade:
        """The trade that a ticket's order belongs to."""
        trade = await self.books.by_intent(ticket.order_id.rpartition("-")[0])
        assert trade is not None
        return trade

    def shown(self, chat_id: int) -> str:
        """What the newest message of a chat shows."""
        texts: dict[int, str] = {}
        for one in self.messenger.deliveries:
            if one.chat_id == chat_id:
                texts[one.message_id] = one.screen.html
        return list(texts.values())[-1]


def a_proposal(key: str = "wish", **fields: Any) -> Proposal:
    """The desk's own hand buys one coin at the market."""
    usual: dict[str, Any] = {
        "engine": EngineName.MANUAL,
        "instrument": PERP,
        "side": Side.BUY,
        "quantity": Decimal(1),
        "asked_by": VERA,
    }
    return Proposal(key=key, **usual | fields)


async def an_approval_room(
    earlier: ApprovalRoom | None = None,
    *,
    approval: Approval = Approval.ASK,
    gate: Judge | None = None,
    admin_chat: int | None = ADMIN_CHAT,
) -> ApprovalRoom:
    """A desk that has just started, its hand at Bybit; over what an `earlier` one left, after a restart."""
    clock = earlier.clock if earlier else HandClock()
    stores = earlier.stores if earlier else MemoryDesk()
    books = earlier.books if earlier else TroubledBooks(stores.outbox, stores.tickets)
    venue = earlier.venue if earlier else FakeVenue(clock)
    source = earlier.source if earlier else FakeMarketSource([], [], perps=[PERP])
    messenger = earlier.messenger if earlier else RecordingMessenger()
    accounts, latches, told = FakeAccounts(opened=["bybit"]), list[Latch](), list[Policy]()
    if earlier is None:
        stores.policies = MemoryPolicies(a_policy(EngineName.MANUAL, approval=approval))
        for person in _people():
            await stores.people.add(person)
    people = People(stores.people, stores.facts, clock, lambda: "code")
    await people.load()
    register = Register(books, clock, Decimal(10_000))
    orders = _orders(register, people, source, venue, clock, gate)

    async def tell(policy: Policy) -> None:
        told.append(policy)

    policies = Policies(store=stores.policies, accounts=accounts, clock=clock, tell=tell)
    room = ApprovalRoom(
        clock=clock,
        venue=venue,
        source=source,
        stores=stores,
        books=books,
        messenger=messenger,
        accounts=accounts,
        people=people,
        orders=orders,
        latches=latches,
        told=told,
        proposals=_proposals(
            orders, policies, Audience(people, admin_chat, {TOM}), stores, source, messenger, latches
        ),
    )
    room.set("100")
    await register.load()
    await orders.start()
    await room.proposals.start()
    return room


def _proposals(
    orders: Orders,
    policies: Policies,
    audience: Audience,
    stores: MemoryDesk,
    source: FakeMarketSource,
    messenger: RecordingMessenger,
    latches: Sequence[Latch],
) -> Proposals:
    tokens, numbers = itertools.count(1), itertools.count(1)
    return Proposals.over(
        orders,
        orders.register,
        policies,
        audience,
        store=stores.tickets,
        source=source,
        messenger=messenger,
        actions=Actions(stores.actions, orders.clock, lambda: f"token-{next(tokens)}"),
        clock=orders.clock,
        latches=lambda: latches,
        view=_view,
        new_id=lambda: f"T{next(numbers):03}",
        options=TicketOptions(),
    )


def _orders(
    register: Register,
    people: People,
    source: FakeMarketSource,
    venue: FakeVenue,
    clock: HandClock,
    gate: Judge | None,
) -> Orders:
    paper = PaperVenue(source, clock, FEES, latency_s=0, stale_after_s=30)
    return Orders.over(
        {"paper": paper, venue.account: venue},
        {venue.account: venue},
        register,
        Funds(register, FEES),
        Teller(people, clock, lambda event, person: None, lambda: None),
        clock,
        gate=gate,
        quotes=venue.quotes,
    )


def _people() -> Sequence[Person]:
    roles = ((ANN, "Ann", Role.ADMIN), (BEA, "Bea", Role.ADMIN))
    traders = ((TOM, "Tom", Role.TRADER), (VERA, "Vera", Role.TRADER))
    return [a_person(one, name=name, role=role, is_onboarded=True) for one, name, role in (*roles, *traders)]


def _view(standing: TicketStanding, reader: Reader, token: str) -> Screen:
    """What matters, in a line."""
    progress = standing.progress
    words = [standing.ticket.id, standing.ticket.state, progress.state, f"{progress.filled.normalize():f}"]
    if standing.is_open:
        words.append(f"{standing.left_s:.0f} s")
    if standing.decided_by:
        words.append(standing.decided_by)
    return Screen(html=" ".join(words))
