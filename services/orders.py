"""The one road of an order: intent, gate, written down, sent, reports, ledger, trade, message.

People's paper trades and the desk's trades with real money take the same road; they differ in the venue. Of a
person's trade the caller holds the account's lock from beginning to end. A trade of the desk is locked only
while something is written to it, never while a venue is waited for. The parts are in `services.ordering`.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

import structlog

from engines.core.instrument import Instrument
from engines.core.move import Move
from engines.core.side import Direction
from engines.orders.execution import CALLED_BACK, USUAL, Pace
from engines.orders.lifecycle import is_final
from engines.orders.order import Intent, Order, OrderState, Purpose
from engines.orders.pair import OnFailure
from engines.orders.reconcile import Mend
from engines.orders.subaccount import SubAccount, is_live
from engines.orders.trade import Trade
from engines.risk.verdict import Verdict
from ports.books import Conflict
from ports.clock import Clock
from ports.errors import Refused, Rejected, Transient
from ports.tickets import Effect, Ticket
from ports.trading import Venue
from ports.venue_books import VenueBooks, VenueOrder
from services.ordering.adopting import Adopting
from services.ordering.approving import Approving
from services.ordering.booking import Booking
from services.ordering.brackets import Brackets
from services.ordering.findings import Breakers, NoBreakers, Tell, surely, untold
from services.ordering.hearing import Hearing
from services.ordering.judging import FundsOnly, Judge, Quotes, no_quotes
from services.ordering.pairs import Pairs
from services.ordering.placing import ACCOUNT_CLOSED, Placing
from services.ordering.positions import ONE, Positions, account_of
from services.ordering.pretending import Pretending
from services.ordering.resolving import Resolver
from services.ordering.returning import Returning
from services.ordering.running import Runner
from services.ordering.sending import Sending
from services.ordering.setting_up import SettingUp
from services.ordering.strangers import stand_in
from services.trading.funds import Funds
from services.trading.journal import TRIES, Journal
from services.trading.register import Held, Register
from services.trading.telling import Teller
from services.trading.wish import TradeEvent

log = structlog.get_logger()


@dataclass(slots=True, repr=False)
class Orders:
    """Orders of everybody at every venue. `over` puts it together."""

    venues: dict[str, Venue]
    books: dict[str, VenueBooks]
    register: Register
    funds: Funds
    teller: Teller
    clock: Clock
    gate: Judge
    placing: Placing
    approving: Approving
    setting_up: SettingUp
    adopting: Adopting
    pretending: Pretending
    sending: Sending
    positions: Positions
    resolver: Resolver
    hearing: Hearing
    returning: Returning
    runner: Runner
    brackets: Brackets
    pairs: Pairs
    _opened: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def over(
        cls,
        venues: Mapping[str, Venue],
        books: Mapping[str, VenueBooks],
        register: Register,
        funds: Funds,
        teller: Teller,
        clock: Clock,
        *,
        gate: Judge | None = None,
        quotes: Quotes = no_quotes,
        breakers: Breakers | None = None,
        tell: Tell = untold,
        pace: Pace = USUAL,
        hedged: Mapping[str, bool] | None = None,
    ) -> "Orders":
        """The road to these venues; `books` are those of the real ones among them. More are opened later.
        `hedged` says of which accounts long and short are to be kept apart; others are left as they are."""
        venues, books, tell = dict(venues), dict(books), surely(tell)
        setting_up, positions = SettingUp(venues, books, hedged or {}), Positions(register, clock)
        journal, gate, breakers = Journal(register), gate or FundsOnly(funds), breakers or NoBreakers()
        booking = Booking(register, journal, teller, clock, breakers, tell)
        sending = Sending(venues, register, booking, clock, breakers.stopping)
        resolver = Resolver(
            books, register, booking, breakers, clock, sending.is_under_way, sending.call_back
        )
        sending.doubt, sending.lost = resolver.doubt, resolver.lost
        hearing = Hearing(books, register, booking, resolver, clock, sending.dismiss, tell)
        returning = Returning(
            books, register, hearing, resolver, breakers, clock, tell, prepare=setting_up.prepare
        )
        placing = Placing(register, journal, sending, gate, quotes, funds, teller, clock, pace, setting_up)
        runner = Runner(register, placing, sending, booking, clock, returning.is_ready, resolver.confirm)
        brackets = Brackets(books, register, placing, sending, resolver, clock, tell, returning.is_ready)
        sending.make_room = brackets.room.make
        register.on_change.extend((positions.hear, brackets.hear))
        pairs = Pairs(register, placing, sending, positions, clock, tell, returning.is_ready, runner.goes_on)
        register.on_orders.extend((brackets.hear_orders, runner.hear, pairs.hear))
        return cls(
            venues=venues,
            books=books,
            register=register,
            funds=funds,
            teller=teller,
            clock=clock,
            gate=gate,
            placing=placing,
            approving=Approving(placing),
            setting_up=setting_up,
            adopting=Adopting(placing, positions, clock),
            pretending=Pretending(venues, register, booking, placing, sending, funds, clock),
            sending=sending,
            positions=positions,
            resolver=resolver,
            hearing=hearing,
            returning=returning,
            runner=runner,
            brackets=brackets,
            pairs=pairs,
        )

    async def open(self, account: str, venue: Venue, books: VenueBooks) -> None:
        """Let orders go to a real account from now on. Nothing enters there until it is known what happened
        at it while we were away, and until long and short are kept apart there as it is wanted.

        Raises `Refused("account_position_mode")` (`account`, `is_hedged`) when they are not and cannot be; an
        account at which something of the desk's is under way is opened all the same.
        """
        if not self._has_any(account):
            with suppress(Transient, Rejected):  # it is asked again before anything enters
                await self.setting_up.mode(account, venue, books)
        await self.returning.latch(account)
        self.venues[account], self.books[account] = venue, books
        self.brackets.resume()
        self._opened.set()

    def _has_any(self, account: str) -> bool:
        """Whether the desk holds anything there, or has an order there."""
        return any(account_of(held) == account for held in self.register.live()) or bool(
            self.register.working(account)
        )

    async def start(self) -> None:
        """Take up what was under way; once, after the register was loaded."""
        for account in self.books:
            await self.returning.latch(account)
        self.runner.resume()
        self.brackets.resume()
        self.pairs.resume()

    async def run(self) -> None:
        """Endless: hear the real venues, find out what is unclear, drive what has more than one step."""
        followed: set[str] = set()
        async with asyncio.TaskGroup() as loops:
            for part in (self.hearing, self.runner, self.brackets, self.pairs):
                loops.create_task(part.run(), name=type(part).__name__)
            while True:
                self._opened.clear()
                for account in self.books.keys() - followed:
                    followed.add(account)
                    for one in (self.hearing, self.resolver, self.returning):
                        loops.create_task(one.follow(account), name=f"{type(one).__name__} {account}")
                await self._opened.wait()

    async def instrument(self, account: str, instrument: Instrument) -> Instrument:
        """A market as `account` has it, with that venue's grids. Raises `Refused("not_traded_there")`
        (`account`, `pair`) where it has none, `account_closed`, `Transient`, `Rejected`."""
        if account not in self.venues:
            raise Refused(ACCOUNT_CLOSED, account=account)
        if account not in self.books:  # our own: it trades what it is given
            return instrument
        for there in await self.books[account].instruments():
            if there.key == instrument.key:
                return there
        raise Refused("not_traded_there", account=account, pair=instrument.pair)

    async def trade_for(
        self,
        sub_account: SubAccount,
        instrument: Instrument,
        direction: Direction,
        *,
        leverage: Decimal = ONE,
    ) -> Trade:
        """The desk's position that an intent there belongs to: the live one, or a new one, not stored yet.
        Its stop and targets may be set before the first order is placed."""
        return await self.positions.of(sub_account, instrument, direction, leverage=leverage)

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        """What the gate says of an intent now."""
        return self.gate.judge(intent, trade)

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        """What an intent would do, filled at `price`."""
        return self.gate.effect(intent, trade, price)

    async def place(
        self,
        trade: Trade,
        intents: Sequence[Intent],
        *,
        key: str | None = None,
        events: Iterable[TradeEvent] = (),
        tickets: Iterable[Ticket] = (),
        is_exact: bool = False,
    ) -> Trade:
        """Send orders for `trade`, which comes with whatever else is to change about it; the trade then.

        They are committed before the first is sent, so that after a crash it is known what may be there. An
        intent of the desk that was placed before is not placed again; one that the gate forbids becomes an
        order that is `DENIED`, one that is too large a smaller one. A trade of the desk that has moved on
        since it was read keeps what it is by now, unless `is_exact`.

        Raises `Refused` for a person: `too_much` (`free`, `most`), `not_allowed` (`verdict`); `Conflict` when
        the trade is over or `is_exact` and has moved on, or `Transient` of the database: nothing was sent and
        nothing has changed then.
        """
        return await self.placing.place(
            trade, intents, key=key, events=events, tickets=tickets, is_exact=is_exact
        )

    async def place_pair(
        self,
        name: str,
        legs: Sequence[tuple[Trade, Intent]],
        *,
        on_failure: OnFailure = OnFailure.UNWIND,
    ) -> None:
        """Send two legs of the desk that belong together, each for its trade; their intents get names of the
        pair's, which is `engines.orders.naming.intent_name(engine, cause)`. When one leg fails, the other
        is taken back, or the first is completed at the market. Raises `Refused` (`not_allowed`, `verdict`)
        when the gate does not let both go whole: neither is sent; else as `place` does."""
        await self.pairs.place(name, legs, on_failure=on_failure)

    async def propose(self, trade: Trade, intent: Intent, ticket: Ticket) -> Trade:
        """Write down an order of the desk that waits for a person, together with its ticket, whose `order_id`
        is `engines.orders.naming.first_order(intent.id)`; nothing is sent. The same intent again changes
        nothing. Raises `Conflict`, `Transient`: nothing was written."""
        return await self.approving.propose(trade, intent, ticket)

    async def approve(self, order_id: str, ticket: Ticket) -> Trade:
        """Send an order that waited; `ticket` is its ticket as decided. The gate is asked again, with what is
        known now.

        Raises `Conflict` when somebody was faster; `Refused`: `not_allowed` (`verdict`), `out_of_band`
        (`price`, `worst`), `no_fresh_price` (`pair`), `account_closed`; `Transient`. Nothing has changed
        then.
        """
        return await self.approving.approve(order_id, ticket)

    async def decline(self, order_id: str, ticket: Ticket, reason: str) -> Trade:
        """End an order that waited, together with its ticket; the trade then. Raises `Conflict` when somebody
        was faster, `Transient`: nothing has changed then."""
        return await self.approving.decline(order_id, ticket, reason)

    async def cancel(self, order_id: str) -> None:
        """Take an order of the desk out of the book; nothing follows it. Raises `Refused`: `no_such_order`,
        `order_over`, `order_waits` (it is its ticket that is declined), `account_closed`; `Transient`,
        `Uncertain`: it may still be there, and is seen to where the wish could be written down."""
        for _ in range(TRIES):
            try:
                await self.sending.cancel(self._cancelable(order_id), reason=CALLED_BACK)
                return
            except Conflict as error:  # it has changed since it was looked at: look again
                log.info("cancel_again", order=order_id, error=str(error))
        raise Transient(f"order {order_id} changes all the time", kind="database")

    def _cancelable(self, order_id: str) -> Order:
        order = self.register.find(order_id)
        if order is None:
            raise Refused("no_such_order", order_id=order_id)
        if is_final(order.state):
            raise Refused("order_over", order_id=order_id)
        if order.state is OrderState.AWAITING_APPROVAL:
            raise Refused("order_waits", order_id=order_id)
        if order.intent.account not in self.venues:
            raise Refused(ACCOUNT_CLOSED, account=order.intent.account)
        return order

    async def cancel_all(self, account: str) -> None:
        """Take everything out of the book of a venue account at once, ours or not, also what our books cannot
        be asked about; what became of each is looked up. Raises `Transient`."""
        await self.venues[account].cancel_all()
        for order in self.register.working(account):
            if order.state is not OrderState.AWAITING_APPROVAL:
                self.resolver.doubt(order)

    async def set_leverage(self, account: str, instrument: Instrument, leverage: Decimal) -> None:
        """Leverage of a real account in a market. Raises `Rejected`, `Transient`."""
        await self.venues[account].set_leverage(instrument, leverage)

    async def set_hedged(self, account: str, is_hedged: bool) -> None:
        """Whether a real account keeps long and short apart. Raises `Rejected`, `Transient`."""
        await self.venues[account].set_hedged(is_hedged)

    async def dismiss(self, account: str, told: VenueOrder) -> None:
        """Take an order out of the book of a venue that is not ours. Raises `Transient`, `Uncertain`: it may
        still be there."""
        await self.sending.dismiss(stand_in(account, told))

    async def adopt(self, account: str, mend: Mend, price: Decimal, *, cause: str) -> Trade:
        """Book what a venue did without us as a fill at `price`; the trade then. Nothing is sent, and the
        same cause again changes nothing. Raises `Conflict`, `Transient`: nothing was written."""
        return await self.adopting.adopt(account, mend, price, cause)

    def is_seen_to(self, held: Held, purpose: Purpose) -> bool:
        """Whether the venue of a trade sees to an exit of that purpose by itself."""
        is_real = is_live(held.trade.owner)
        return is_real and (purpose is Purpose.LIQUIDATION or self.brackets.covers(held, purpose))

    def leave_to_venue(self, held: Held, purpose: Purpose) -> bool:
        """Whether the venue sees to an exit that the market calls for now; it is looked whether it does."""
        is_theirs = self.is_seen_to(held, purpose)
        if is_theirs:
            self.brackets.touched(held.trade.id, purpose)
        return is_theirs

    async def withdraw(self, trade_id: int) -> None:
        """Take resting entries of a trade out of the book. Raises as `Sending.cancel` does."""
        held = self.register.get(trade_id)
        for order in held.resting if held else ():
            if not order.intent.reduce_only:
                await self.sending.cancel(order)

    async def moved(self, move: Move, held: Held) -> Held | None:
        """Let a simulated venue see what the market did to resting orders of a trade; the trade if anything
        was filled."""
        return await self.pretending.moved(move, held)

    async def recover(self, trade_id: int) -> None:
        """After a restart: finish what was under way at our own venue, which keeps nothing."""
        await self.pretending.recover(trade_id)

    async def retry(self, trade_id: int) -> None:
        """Send again the exits that the market has called for and that no book has filled yet."""
        await self.pretending.retry(trade_id)
