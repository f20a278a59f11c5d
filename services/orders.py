"""The one road of an order: intent, gate, written down, sent, reports, ledger, trade, message.

People's paper trades and the desk's trades with real money take the same road; they differ in the venue. Of a
person's trade the caller holds the account's lock from beginning to end. A trade of the desk is locked only
while something is written to it, never while a venue is waited for.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument
from engines.core.move import Move
from engines.core.side import Direction
from engines.orders.execution import USUAL, Pace, Quote, first_terms, worst_price
from engines.orders.lifecycle import apply, child_id, is_final
from engines.orders.order import (
    ApprovalAsked,
    Denied,
    ExecutionStyle,
    Expired,
    FoundAbsent,
    Intent,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
    Purpose,
    QueueMoved,
    Submitted,
    Terms,
    Validated,
)
from engines.orders.subaccount import SubAccount, is_person
from engines.orders.trade import CloseReason, Trade, TradeState
from engines.risk.verdict import Ruling, Verdict
from ports.books import Change, Conflict
from ports.clock import Clock
from ports.errors import Refused
from ports.tickets import Effect, Ticket, TicketState
from ports.trading import Venue
from ports.venue_books import VenueBooks
from services.ordering.booking import Booking
from services.ordering.findings import Breakers, NoBreakers, Tell, untold
from services.ordering.judging import FundsOnly, Judge, Quotes, no_quotes
from services.ordering.naming import first_order
from services.ordering.positions import ONE, Positions, account_of
from services.ordering.sending import Sending, is_late
from services.trading.funds import Funds
from services.trading.journal import Journal, Step
from services.trading.register import Held, Register
from services.trading.telling import Teller
from services.trading.wish import TradeEvent

_IN_FLIGHT = (OrderState.SENT, OrderState.UNKNOWN)
_ALL_OUT = (Purpose.STOP, Purpose.TRAIL, Purpose.LIQUIDATION)
_NO_PRICE: Final = "no_fresh_price"


@dataclass(slots=True)
class Orders:
    """Orders of everybody at every venue. `over` puts it together."""

    venues: Mapping[str, Venue]
    books: Mapping[str, VenueBooks]
    register: Register
    funds: Funds
    teller: Teller
    clock: Clock
    gate: Judge
    quotes: Quotes
    pace: Pace
    journal: Journal
    booking: Booking
    sending: Sending
    positions: Positions

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
    ) -> "Orders":
        """The road to these venues; `books` are those of the real ones."""
        journal = Journal(register)
        booking = Booking(register, journal, teller, clock, breakers or NoBreakers(), tell)
        sending = Sending(venues, register, booking, clock, lambda order: None)
        positions = Positions(register, clock)
        register.on_change.append(positions.hear)
        return cls(
            venues=venues,
            books=books,
            register=register,
            funds=funds,
            teller=teller,
            clock=clock,
            gate=gate or FundsOnly(funds),
            quotes=quotes,
            pace=pace,
            journal=journal,
            booking=booking,
            sending=sending,
            positions=positions,
        )

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

        Raises `Refused` for a person (`too_much`), and `Conflict` or `Transient` of the database: nothing was
        sent and nothing has changed then.
        """
        asked_at = asyncio.get_running_loop().time()
        new = [intent for intent in intents if not await self._is_known(intent)]
        if intents and not new:
            return await self._now(trade)
        orders = [await self._drawn(intent, trade) for intent in new]
        sent = [order for order in orders if order.state is OrderState.SENT]
        told = self._step(trade, orders, key, events, tickets, is_exact or is_person(trade.owner))
        held = await self._written(trade, sent, told)
        for order in sent:
            held = await self.sending.send(order, asked_at=asked_at) or held
        return held.trade

    async def propose(self, trade: Trade, intent: Intent, ticket: Ticket) -> Trade:
        """Write down an order of the desk that waits for a person, together with its ticket, whose `order_id`
        is `services.ordering.naming.first_order(intent.id)`; nothing is sent. The same intent again changes
        nothing. Raises `Conflict`, `Transient`: nothing was written."""
        if await self._is_known(intent):
            return await self._now(trade)
        now = self.clock.now()
        order = _created(intent, Terms.of(intent), first_order(intent.id), now)
        order = _after(order, [Validated(at=now), ApprovalAsked(at=now)])
        await self.register.account(trade.owner)
        step = self._step(trade, [order], None, (), [ticket], False)
        held = await self.journal.write(trade.id, step)
        assert held is not None
        return held.trade

    async def approve(self, order_id: str, ticket: Ticket) -> Trade:
        """Send an order that waited; `ticket` is its ticket as decided. The gate is asked again, with what is
        known now.

        Raises `Conflict` when somebody was faster; `Refused`: `not_allowed` (`verdict`), `out_of_band`
        (`price`, `worst`), `no_fresh_price` (`pair`); `Transient`. Nothing has changed then.
        """
        asked_at = asyncio.get_running_loop().time()
        order = self._waiting(order_id)
        held = self.register.get(order.intent.trade_id)
        assert held is not None
        verdict = self.gate.judge(order.intent, held.trade)
        if verdict.ruling is not Ruling.ALLOW:
            raise Refused("not_allowed", verdict=verdict)
        terms = await self._terms_now(order.intent)
        now = self.clock.now()
        sent = apply(replace(order, terms=terms, created_at=now), Submitted(at=now))
        after = await self.journal.write(order.intent.trade_id, self._decision(sent, ticket))
        assert after is not None
        after = await self.sending.send(sent, asked_at=asked_at) or after
        return after.trade

    async def decline(self, order_id: str, ticket: Ticket, reason: str) -> Trade:
        """End an order that waited, together with its ticket; the trade then. Raises `Conflict` when somebody
        was faster, `Transient`: nothing has changed then."""
        order, now = self._waiting(order_id), self.clock.now()
        is_late = ticket.state is TicketState.EXPIRED
        event: OrderEvent = Expired(at=now) if is_late else Denied(at=now, reason=reason)
        step = self._decision(apply(order, event), ticket)
        held = await self.journal.write(order.intent.trade_id, step)
        assert held is not None
        return held.trade

    async def cancel(self, order_id: str) -> None:
        """Take an order of the desk out of the book. Raises `Refused`: `no_such_order`, `order_over`,
        `order_waits` (it is its ticket that is declined); `Transient`, `Uncertain`: it may still be there,
        and is seen to."""
        order = self.register.find(order_id)
        if order is None:
            raise Refused("no_such_order", order_id=order_id)
        if is_final(order.state):
            raise Refused("order_over", order_id=order_id)
        if order.state is OrderState.AWAITING_APPROVAL:
            raise Refused("order_waits", order_id=order_id)
        await self.sending.cancel(order)

    async def withdraw(self, trade_id: int) -> None:
        """Take resting entries out of the book."""
        held = self.register.get(trade_id)
        for order in held.resting if held else ():
            if not order.intent.reduce_only:
                await self.sending.cancel(order)

    async def moved(self, move: Move, held: Held) -> Held | None:
        """Let a simulated venue see what the market did to resting orders of a trade; the trade if anything
        was filled."""
        outcome = self.venues[account_of(held)].moved(move, held.resting)
        filled: Held | None = None
        for order_id, events in outcome.items():
            if all(isinstance(event, QueueMoved) for event in events):
                self.register.queue(held.trade.id, [_after(held.order(order_id), events)])
            else:
                filled = await self.booking.settle(held.trade.id, order_id, events) or filled
        return filled

    async def recover(self, trade_id: int) -> None:
        """After a restart: what was on its way is not at our own venue, which executes only what it is
        handed and keeps nothing. What is too old ends; the rest is sent again as another child."""
        held, now = self.register.get(trade_id), self.clock.now()
        for order in held.orders if held else ():
            if order.state is OrderState.CANCEL_PENDING:
                await self.sending.call_back(order)
            elif order.state in _IN_FLIGHT:
                is_over = is_late(order.intent, now)
                event = Expired(at=now) if is_over else FoundAbsent(at=now)
                await self.booking.settle(trade_id, order.id, [event])
        await self._enter_again(trade_id)
        await self.retry(trade_id)

    async def retry(self, trade_id: int) -> None:
        """Send again the exits that the market has called for and that no book has filled yet."""
        held = self.register.get(trade_id)
        if held is None or held.trade.quantity == 0 or not is_exit_due(held):
            return
        left = held.trade.quantity
        intents: list[Intent] = []
        for intent in _due(held):
            quantity = min(intent.quantity, left)
            if quantity > 0:
                number = len({one.intent.id for one in held.orders} | {one.id for one in intents}) + 1
                again = replace(intent, id=f"{trade_id}-{number}", quantity=quantity)
                intents.append(intent if quantity == intent.quantity and _is_absent(held, intent) else again)
                left -= quantity
        if intents:
            await self.place(held.trade, intents)

    async def _is_known(self, intent: Intent) -> bool:
        """Whether an intent of the desk was acted on before. People's are asked for by key, and their exits
        may be sent again by the same name."""
        if is_person(intent.owner):
            return False
        held = self.register.get(intent.trade_id)
        if held is not None and held.of_intent(intent.id):
            return True
        return await self.register.books.by_intent(intent.id) is not None

    async def _drawn(self, intent: Intent, trade: Trade) -> Order:
        """The next order of an intent as it will stand in the books: sent, or denied."""
        _check(intent)
        await self.register.account(trade.owner)
        terms = await self._first_terms(intent)
        verdict = self.gate.judge(intent, trade)
        now = self.clock.now()
        number = len(_children(self.register.get(trade.id), intent)) + 1
        reason = verdict.reason if terms is not None else _NO_PRICE
        if terms is None or verdict.ruling is Ruling.DENY:
            self._refuse_person(intent, trade, verdict)
            order = _created(intent, terms or Terms.of(intent), child_id(intent.id, number), now)
            return apply(order, Denied(at=now, reason=reason))
        if verdict.ruling is Ruling.SHRINK:
            self._refuse_person(intent, trade, verdict)
            intent = replace(intent, quantity=verdict.quantity)
            terms = replace(terms, quantity=verdict.quantity)
        order = _created(intent, terms, child_id(intent.id, number), now)
        return _after(order, [Validated(at=now), Submitted(at=now)])

    def _refuse_person(self, intent: Intent, trade: Trade, verdict: Verdict) -> None:
        """A person is told at once, and nothing is written down."""
        if not is_person(intent.owner):
            return
        if verdict.reason == "too_much":
            free = self.funds.free(intent.owner)
            most = self.funds.affordable(intent.instrument, free, trade.leverage)
            raise Refused("too_much", free=free, most=most)
        raise Refused("not_allowed", verdict=verdict)

    async def _first_terms(self, intent: Intent) -> Terms | None:
        if (terms := first_terms(intent, None, self.pace)) is not None:
            return terms
        return first_terms(intent, await self.quotes(intent.account, intent.instrument), self.pace)

    async def _terms_now(self, intent: Intent) -> Terms:
        """The terms of an approved intent, if the market is still where it was shown."""
        quote = await self.quotes(intent.account, intent.instrument)
        self._check_band(intent, quote)
        terms = first_terms(intent, quote, self.pace)
        if terms is None:
            raise Refused(_NO_PRICE, pair=intent.instrument.pair)
        return terms

    def _check_band(self, intent: Intent, quote: Quote | None) -> None:
        """The market has not run away beyond the worst price that was shown. A limit rests where it is."""
        is_bound = intent.worst_price is not None or intent.decision_price is not None
        if not is_bound or intent.kind is OrderKind.LIMIT or intent.style is ExecutionStyle.POST_ONLY:
            return
        if quote is None:
            raise Refused(_NO_PRICE, pair=intent.instrument.pair)
        price, worst = quote.other(intent.side), worst_price(intent, None, self.pace)
        if worst is not None and (price - worst) * intent.side.sign > 0:
            raise Refused("out_of_band", price=price, worst=worst)

    def _waiting(self, order_id: str) -> Order:
        order = self.register.find(order_id)
        if order is None or order.state is not OrderState.AWAITING_APPROVAL:
            raise Conflict(f"order {order_id} does not wait any more")
        return order

    def _decision(self, order: Order, ticket: Ticket) -> Step:
        """The step that a person's decision is: the order that waited becomes `order`, with its ticket."""

        def step(held: Held | None) -> Change | None:
            before = None if held is None else held.by_id.get(order.id)
            if held is None or before is None or before.state is not OrderState.AWAITING_APPROVAL:
                raise Conflict(f"order {order.id} does not wait any more")
            trade = _ended(held, [order], self.clock.now())
            return Change(trade=trade, orders=(order,), tickets=(ticket,))

        return step

    def _step(
        self,
        trade: Trade,
        orders: Sequence[Order],
        key: str | None,
        events: Iterable[TradeEvent],
        tickets: Iterable[Ticket],
        is_exact: bool,
    ) -> Step:
        """The step that writes orders down, with what comes with them."""
        listed, shown = list(events), tuple(tickets)

        def step(held: Held | None) -> Change | None:
            at_hand = trade if held is None else held.trade
            if held is None and trade.version:
                raise Conflict(f"trade {trade.id} is over")
            if is_exact:
                if at_hand.version != trade.version:
                    raise Conflict(f"trade {trade.id} has moved on from version {trade.version}")
                at_hand = trade
            before = held or Held(trade=at_hand)
            after = _ended(before.after(at_hand, orders), orders, self.clock.now())
            pushes = self.teller.pushes(replace(event, trade=after) for event in listed)
            return Change(trade=after, key=key, orders=tuple(orders), pushes=pushes, tickets=shown)

        return step

    async def _written(self, trade: Trade, sent: Sequence[Order], step: Step) -> Held:
        """The trade once its orders are in the books. Until then those of the desk are seen by the gate."""
        is_reserved = bool(sent) and not is_person(trade.owner)
        if is_reserved:
            held = self.register.get(trade.id)
            self.register.reserve(trade if held is None else held.trade, sent)
        try:
            after = await self.journal.write(trade.id, step)
        except BaseException:
            if is_reserved:
                self.register.release(trade.id, [order.id for order in sent])
            raise
        assert after is not None
        return after

    async def _now(self, trade: Trade) -> Trade:
        held = self.register.get(trade.id)
        stored = held.trade if held is not None else await self.register.books.trade(trade.id)
        return trade if stored is None else stored

    async def _enter_again(self, trade_id: int) -> None:
        """Send the entry that the venue never had, while it is not too old; else the trade is over."""
        held = self.register.get(trade_id)
        last = held.orders[-1] if held and held.orders else None
        if held is None or last is None or last.state is not OrderState.ABSENT or last.intent.reduce_only:
            return
        if not is_late(last.intent, self.clock.now()) and self.funds.covers(last.intent, held.trade.leverage):
            await self.place(held.trade, [last.intent])
        elif held.trade.state is TradeState.WAITING and not held.pending:
            await self.booking.give_up(trade_id)


def is_exit_due(held: Held) -> bool:
    """Whether the market has called for an exit that is not done."""
    return bool(_due(held))


def _check(intent: Intent) -> None:
    instrument = intent.instrument
    if intent.quantity <= 0 or instrument.quantity(intent.quantity) != intent.quantity:
        raise ValueError(f"intent {intent.id}: {intent.quantity} is no size of {instrument.symbol}")


def _created(intent: Intent, terms: Terms, order_id: str, at: datetime) -> Order:
    return Order(
        id=order_id, intent=intent, terms=terms, state=OrderState.CREATED, created_at=at, updated_at=at
    )


def _after(order: Order, events: Iterable[OrderEvent]) -> Order:
    for event in events:
        order = apply(order, event)
    return order


def _ended(held: Held, orders: Sequence[Order], now: datetime) -> Trade:
    """The next version of a trade with these orders; it is over where it waited for nothing but them."""
    after = held.after(held.trade, orders)
    trade = replace(held.trade, version=held.trade.version + 1)
    is_over = trade.state is TradeState.WAITING and orders and not after.pending
    if not is_over or any(order.state is OrderState.ABSENT for order in orders):
        return trade
    return replace(trade, state=TradeState.CANCELED, close_reason=CloseReason.NOT_FILLED, closed_at=now)


def _due(held: Held) -> Sequence[Intent]:
    """Intents of exits at the end of the trade's orders that the venue never had, the oldest first; and the
    last one that was to sell everything and found too thin a book: its rest meets the market as it is now."""
    orders = held.orders
    last = orders[-1] if orders else None
    if last is not None and last.intent.purpose in _ALL_OUT and last.state is OrderState.CANCELED:
        return [replace(last.intent, quantity=held.trade.quantity, trigger_price=None)]
    due: dict[str, Intent] = {}
    for order in reversed(orders):
        if order.state is not OrderState.ABSENT or not order.intent.reduce_only:
            break
        due[order.intent.id] = order.intent
    return list(reversed(due.values()))


def _is_absent(held: Held, intent: Intent) -> bool:
    children = held.of_intent(intent.id)
    return bool(children) and all(child.state is OrderState.ABSENT for child in children)


def _children(held: Held | None, intent: Intent) -> Sequence[Order]:
    return held.of_intent(intent.id) if held is not None else ()
