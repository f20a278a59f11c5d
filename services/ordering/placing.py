"""From intents to orders that are written down and sent."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engines.orders.execution import Pace, first_terms
from engines.orders.lifecycle import apply, child_id
from engines.orders.order import (
    Denied,
    Intent,
    Order,
    OrderEvent,
    OrderState,
    Submitted,
    Terms,
    Validated,
)
from engines.orders.subaccount import is_person
from engines.orders.trade import CloseReason, Trade, TradeState
from engines.risk.verdict import Ruling, Verdict
from ports.books import Change, Conflict
from ports.clock import Clock
from ports.errors import Refused
from ports.tickets import Ticket
from services.ordering.judging import Judge, Quotes
from services.ordering.sending import Sending
from services.ordering.setting_up import LEVERAGE_NOT_SET, SettingUp
from services.trading.funds import Funds
from services.trading.journal import Journal, Step
from services.trading.register import Held, Register
from services.trading.telling import Teller
from services.trading.wish import TradeEvent

NO_PRICE: Final = "no_fresh_price"
ACCOUNT_CLOSED: Final = "account_closed"


@dataclass(slots=True, repr=False)
class Placing:
    """Draws orders up, lets the gate judge them, writes them down, sends them."""

    register: Register
    journal: Journal
    sending: Sending
    gate: Judge
    quotes: Quotes
    funds: Funds
    teller: Teller
    clock: Clock
    pace: Pace
    setting_up: SettingUp

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
        """As `Orders.place`."""
        asked_at = asyncio.get_running_loop().time()
        new = [intent for intent in intents if not await self.is_known(intent)]
        if intents and not new:
            return await self.now(trade)
        held = self.register.get(trade.id)
        is_over = held is not None and not held.trade.is_live
        if is_over and any(not intent.reduce_only for intent in new):
            raise Conflict(f"trade {trade.id} is over")
        drawn = [await self._drawn(intent, trade) for intent in new]
        orders = [order for order in drawn if not self._is_here(order.intent)]  # placed while we asked around
        if drawn and not orders:
            return await self.now(trade)
        is_exact = is_exact or is_person(trade.owner)
        step = self.writing(trade, orders, key=key, events=events, tickets=tickets, is_exact=is_exact)
        return await self._send_all(trade, orders, step, asked_at)

    async def child(self, trade: Trade, intent: Intent, terms: Terms) -> Trade:
        """Send another order of an intent that has some already; the gate is asked again for what it adds.
        One that is forbidden by now becomes an order that is `DENIED`, and the intent ends with it."""
        asked_at = asyncio.get_running_loop().time()
        order = self._judged(intent, terms, trade, self.gate.judge(_of(intent, terms), trade))
        step = self.writing(trade, [order])
        return await self._send_all(trade, [order], step, asked_at)

    async def is_known(self, intent: Intent) -> bool:
        """Whether an intent of the desk was acted on before. People's are asked for by key, and their exits
        may be sent again by the same name."""
        if is_person(intent.owner):
            return False
        return self._is_here(intent) or await self.register.books.by_intent(intent.id) is not None

    def _is_here(self, intent: Intent) -> bool:
        """Whether memory has orders of an intent of the desk."""
        held = None if is_person(intent.owner) else self.register.get(intent.trade_id)
        return held is not None and bool(held.of_intent(intent.id))

    async def now(self, trade: Trade) -> Trade:
        """The trade as it is now."""
        held = self.register.get(trade.id)
        stored = held.trade if held is not None else await self.register.books.trade(trade.id)
        return trade if stored is None else stored

    async def has_leverage(self, intent: Intent, trade: Trade) -> bool:
        """Whether the venue has the trade's leverage, or need not; it is set for what the gate lets go."""
        if not self.setting_up.is_leverage_due(intent, trade):
            return True
        if self.gate.judge(intent, trade).ruling is Ruling.DENY:
            return True
        return await self.setting_up.leverage(intent, trade)

    async def first_terms(self, intent: Intent) -> Terms | None:
        """What the first order of an intent asks for; `None` while the market is not known."""
        if (terms := first_terms(intent, None, self.pace)) is not None:
            return terms
        return first_terms(intent, await self.quotes(intent.account, intent.instrument), self.pace)

    def writing(
        self,
        trade: Trade,
        orders: Sequence[Order],
        *,
        key: str | None = None,
        events: Iterable[TradeEvent] = (),
        tickets: Iterable[Ticket] = (),
        is_exact: bool = False,
    ) -> Step:
        """The step that writes orders down, with what comes with them. `trade` is what is stored when it is
        new or `is_exact`; else the trade as it is by then."""
        listed, shown = list(events), tuple(tickets)

        def step(held: Held | None) -> Change | None:
            at_hand = trade if held is None else held.trade
            if held is None and trade.version:
                raise Conflict(f"trade {trade.id} is over")
            if is_exact and at_hand.version != trade.version:
                raise Conflict(f"trade {trade.id} has moved on from version {trade.version}")
            before = held or Held(trade=trade)
            levelled = trade if is_exact else _levelled(at_hand, trade)
            after = self.ended(replace(before, trade=levelled), orders)
            pushes = self.teller.pushes(replace(event, trade=after) for event in listed)
            return Change(trade=after, key=key, orders=tuple(orders), pushes=pushes, tickets=shown)

        return step

    def ended(self, held: Held, orders: Sequence[Order]) -> Trade:
        """The next version of a trade with these orders; it is over where it waited for nothing but them."""
        trade = replace(held.trade, version=held.trade.version + 1)
        is_over = trade.state is TradeState.WAITING and orders and not held.after(trade, orders).is_pending
        if not is_over or any(order.state is OrderState.ABSENT for order in orders):
            return trade
        now = self.clock.now()
        return replace(trade, state=TradeState.CANCELED, close_reason=CloseReason.NOT_FILLED, closed_at=now)

    async def _send_all(self, trade: Trade, orders: Sequence[Order], step: Step, asked_at: float) -> Trade:
        sent = [order for order in orders if order.state is OrderState.SENT]
        with self.sending.holding(sent):
            held = await self.written(trade, sent, step)
            for order in sent:
                held = await self.sending.send(order, asked_at=asked_at) or held
        return held.trade

    async def written(
        self, trade: Trade, sent: Sequence[Order], step: Step, *, before: Sequence[Order] = ()
    ) -> Held:
        """The trade once its orders are in the books. Until then those of the desk are seen by the gate, so
        that two at once cannot pass one limit together; `before` they may have waited."""
        held = self.register.get(trade.id)
        is_over = held is None and trade.version > 0  # since it was read; the step refuses it
        is_reserved = bool(sent) and not is_person(trade.owner) and not is_over
        if is_reserved:
            self.register.reserve(trade if held is None else held.trade, sent)
        try:
            after = await self.journal.write(trade.id, step)
        except BaseException:
            if is_reserved:
                self.register.release(trade.id, sent, before)
            raise
        assert after is not None
        return after

    async def _drawn(self, intent: Intent, trade: Trade) -> Order:
        """The first order of an intent as it will stand in the books: sent, or denied."""
        check(intent)
        await self.register.account(trade.owner)
        terms = await self.first_terms(intent)
        if not await self.has_leverage(intent, trade):
            return self._denied(intent, terms or Terms.of(intent), LEVERAGE_NOT_SET)
        verdict = self.gate.judge(intent, trade)
        if intent.account not in self.sending.venues:
            return self._denied(intent, terms or Terms.of(intent), ACCOUNT_CLOSED)
        if terms is None:
            return self._denied(intent, Terms.of(intent), NO_PRICE)
        order = self._judged(intent, terms, trade, verdict)
        if verdict.ruling is Ruling.SHRINK:  # what was cut off is not wanted any more
            order = replace(order, intent=replace(intent, quantity=order.terms.quantity))
        return order

    def _judged(self, intent: Intent, terms: Terms, trade: Trade, verdict: Verdict) -> Order:
        if verdict.ruling is not Ruling.ALLOW and is_person(intent.owner):
            raise self._refusal(intent, trade, verdict)
        if verdict.ruling is Ruling.DENY:
            return self._denied(intent, terms, verdict.reason)
        if verdict.ruling is Ruling.SHRINK:
            terms = replace(terms, quantity=min(verdict.quantity, terms.quantity))
        now = self.clock.now()
        order = self.created(intent, terms)
        return apply(apply(order, Validated(at=now)), Submitted(at=now))

    def _denied(self, intent: Intent, terms: Terms, reason: str) -> Order:
        event: OrderEvent = Denied(at=self.clock.now(), reason=reason)
        return apply(self.created(intent, terms), event)

    def created(self, intent: Intent, terms: Terms) -> Order:
        """The next child of an intent, before anything has happened to it."""
        now, held = self.clock.now(), self.register.get(intent.trade_id)
        number = 1 if held is None else len(held.of_intent(intent.id)) + 1
        return Order(
            id=child_id(intent.id, number),
            intent=intent,
            terms=terms,
            state=OrderState.CREATED,
            created_at=now,
            updated_at=now,
        )

    def _refusal(self, intent: Intent, trade: Trade, verdict: Verdict) -> Refused:
        """A person is told at once, and nothing is written down."""
        if verdict.reason != "too_much":
            return Refused("not_allowed", verdict=verdict)
        free = self.funds.free(intent.owner)
        most = self.funds.affordable(intent.instrument, free, trade.leverage)
        return Refused("too_much", free=free, most=most)


def check(intent: Intent) -> None:
    """Raises `ValueError` for a size that is none of its market."""
    instrument = intent.instrument
    if intent.quantity <= 0 or instrument.quantity(intent.quantity) != intent.quantity:
        raise ValueError(f"intent {intent.id}: {intent.quantity} is no size of {instrument.symbol}")


def _of(intent: Intent, terms: Terms) -> Intent:
    """The part of an intent that an order asks for."""
    return replace(intent, quantity=terms.quantity)


def _levelled(trade: Trade, wanted: Trade) -> Trade:
    """The trade as it is by now; one without stop and targets takes those that come with a further entry."""
    if trade.stop is not None or trade.targets or (wanted.stop is None and not wanted.targets):
        return trade
    return replace(trade, stop=wanted.stop, targets=wanted.targets)
