"""The one road of an order: intent, checks, written down, sent, reports, ledger, trade, message.

Live trading takes the same road: nothing here knows that the venue pretends. Callers hold the owner's lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from engines.core.move import Move
from engines.orders.lifecycle import apply, child_id
from engines.orders.order import (
    CancelAsked,
    Expired,
    FoundAbsent,
    Intent,
    Order,
    OrderEvent,
    OrderState,
    Purpose,
    QueueMoved,
    Submitted,
    Terms,
    Validated,
    VenueRejected,
)
from engines.orders.trade import CloseReason, Trade, TradeState
from ports.books import Change
from ports.clock import Clock
from ports.errors import Refused, Stale, Transient
from ports.trading import Venue
from services.trading.funds import Funds
from services.trading.register import Held, Register
from services.trading.story import BY_THE_PERSON, NOTHING_FILLED, Story
from services.trading.telling import Teller
from services.trading.wish import TradeEvent

log = structlog.get_logger()

_IN_FLIGHT = (OrderState.SENT, OrderState.UNKNOWN)
_ALL_OUT = (Purpose.STOP, Purpose.TRAIL, Purpose.LIQUIDATION)


@dataclass(slots=True)
class Orders:
    """Orders of all people at one venue."""

    venue: Venue
    register: Register
    funds: Funds
    teller: Teller
    clock: Clock

    async def place(
        self,
        trade: Trade,
        intents: Sequence[Intent],
        *,
        key: str | None = None,
        events: Iterable[TradeEvent] = (),
    ) -> Trade:
        """Send orders for `trade`, which comes with whatever else is to change about it; the trade then.

        They are committed before the first is sent, so that after a crash it is known what may be there.
        Raises `Refused("too_much")` when an entry cannot be paid for, and `Conflict` or `Transient` of the
        database: nothing was sent and nothing has changed then.
        """
        self._check(trade, intents)
        before = self.register.get(trade.id)
        orders = [self._written(intent, _children(before, intent) + 1) for intent in intents]
        next_one = replace(trade, version=trade.version + 1)
        pushes = self.teller.pushes(replace(event, trade=next_one) for event in events)
        held = await self.register.commit(
            Change(trade=next_one, key=key, orders=tuple(orders), pushes=pushes)
        )
        for order in orders:
            held = await self._send(order) or held
        return held.trade

    async def withdraw(self, trade_id: int) -> None:
        """Take resting entries out of the book."""
        held = self.register.get(trade_id)
        for order in held.resting if held else ():
            asked = apply(order, CancelAsked(at=self.clock.now()))
            await self._note(trade_id, asked)
            await self._settle(trade_id, order.id, await self.venue.cancel(asked))

    async def moved(self, move: Move, held: Held) -> Held | None:
        """Let a simulated venue see what the market did to resting orders of a trade; the trade if anything
        was filled."""
        outcome = self.venue.moved(move, held.resting)
        filled: Held | None = None
        for order_id, events in outcome.items():
            if all(isinstance(event, QueueMoved) for event in events):
                order = self._after(held.order(order_id), events)
                self.register.queue(held.trade.id, [order])
            else:
                filled = await self._settle(held.trade.id, order_id, events) or filled
        return filled

    async def recover(self, trade_id: int) -> None:
        """After a restart: what was on its way is not at our own venue, which executes only what it is
        handed and keeps nothing. What is too old ends; the rest is sent again as another child."""
        held, now = self.register.get(trade_id), self.clock.now()
        for order in held.orders if held else ():
            if order.state is OrderState.CANCEL_PENDING:
                await self._settle(trade_id, order.id, await self.venue.cancel(order))
            elif order.state in _IN_FLIGHT:
                is_late = _is_late(order.intent, now)
                await self._settle(trade_id, order.id, [Expired(at=now) if is_late else FoundAbsent(at=now)])
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

    def _check(self, trade: Trade, intents: Iterable[Intent]) -> None:
        for intent in intents:
            instrument = intent.instrument
            if intent.quantity <= 0 or instrument.quantity(intent.quantity) != intent.quantity:
                raise ValueError(f"intent {intent.id}: {intent.quantity} is no size of {instrument.symbol}")
            if not intent.reduce_only and not self.funds.covers(intent, trade.leverage):
                free = self.funds.free(intent.owner)
                most = self.funds.affordable(instrument, free, trade.leverage)
                raise Refused("too_much", free=free, most=most)

    def _written(self, intent: Intent, number: int) -> Order:
        """The order as it stands in the books before it goes out."""
        now = self.clock.now()
        order = Order(
            id=child_id(intent.id, number),
            intent=intent,
            terms=Terms.of(intent),
            state=OrderState.CREATED,
            created_at=now,
            updated_at=now,
        )
        return self._after(order, [Validated(at=now), Submitted(at=now)])

    async def _send(self, order: Order) -> Held | None:
        trade_id = order.intent.trade_id
        held = self.register.get(trade_id)
        if held is None or (order.intent.reduce_only and held.trade.quantity < order.intent.quantity):
            return await self._settle(trade_id, order.id, [self._refusal("nothing_held")])
        try:
            events = await self.venue.submit(order, held.trade.direction)
        except (Stale, Transient) as error:
            log.warning("order_not_taken", order=order.id, error=str(error))
            events = [self._not_taken(order.intent)]
        return await self._settle(trade_id, order.id, events)

    def _not_taken(self, intent: Intent) -> OrderEvent:
        """The venue proved that it does not have the order. What the market called for is sent again soon;
        a person is told, and decides."""
        if intent.reduce_only and intent.purpose not in BY_THE_PERSON:
            return FoundAbsent(at=self.clock.now())
        return self._refusal("no_fresh_price")

    def _refusal(self, reason: str) -> OrderEvent:
        return VenueRejected(at=self.clock.now(), reason=reason)

    async def _enter_again(self, trade_id: int) -> None:
        """Send the entry that the venue never had, while it is not too old; else the trade is over."""
        held = self.register.get(trade_id)
        last = held.orders[-1] if held and held.orders else None
        if held is None or last is None or last.state is not OrderState.ABSENT or last.intent.reduce_only:
            return
        if not _is_late(last.intent, self.clock.now()) and self.funds.covers(
            last.intent, held.trade.leverage
        ):
            await self.place(held.trade, [last.intent])
        elif held.trade.state is TradeState.WAITING and not held.pending:
            await self._give_up(held.trade)

    async def _give_up(self, trade: Trade) -> None:
        now = self.clock.now()
        over = replace(
            trade,
            state=TradeState.CANCELED,
            close_reason=CloseReason.NOT_FILLED,
            closed_at=now,
            version=trade.version + 1,
        )
        event = TradeEvent(code="not_filled", trade=over, at=now, is_loud=True, params=NOTHING_FILLED)
        await self.register.commit_surely(Change(trade=over, pushes=self.teller.pushes([event])))
        self.teller.stored()

    async def _settle(self, trade_id: int, order_id: str, events: Sequence[OrderEvent]) -> Held | None:
        """Book reports; the trade then. They have happened: nothing may keep them from being stored."""
        held = self.register.get(trade_id)
        if held is None:
            return None
        story = Story.of(held, held.order(order_id))
        for event in events:
            story.hear(event)
        told = story.end(_last(events))
        change = Change(
            trade=story.trade,
            orders=(story.order,),
            fills=tuple(story.fills),
            entries=tuple(story.entries),
            pushes=self.teller.pushes(told),
        )
        after = await self.register.commit_surely(change)
        if change.pushes:
            self.teller.stored()
        return after

    async def _note(self, trade_id: int, order: Order) -> None:
        held = self.register.get(trade_id)
        assert held is not None
        trade = replace(held.trade, version=held.trade.version + 1)
        await self.register.commit(Change(trade=trade, orders=(order,)))

    def _after(self, order: Order, events: Iterable[OrderEvent]) -> Order:
        for event in events:
            order = apply(order, event)
        return order


def is_exit_due(held: Held) -> bool:
    """Whether the market has called for an exit that is not done."""
    return bool(_due(held))


def _due(held: Held) -> Sequence[Intent]:
    """Intents of exits at the end of the trade's orders that the venue never had, the oldest first; and the
    last one that was to sell everything and found too thin a book: its rest meets the market as it is now."""
    last = held.orders[-1] if held.orders else None
    if last is not None and last.intent.purpose in _ALL_OUT and last.state is OrderState.CANCELED:
        return [replace(last.intent, quantity=held.trade.quantity, trigger_price=None)]
    due: dict[str, Intent] = {}
    for order in reversed(held.orders):
        if order.state is not OrderState.ABSENT or not order.intent.reduce_only:
            break
        due[order.intent.id] = order.intent
    return list(reversed(due.values()))


def _is_absent(held: Held, intent: Intent) -> bool:
    children = held.of_intent(intent.id)
    return bool(children) and all(child.state is OrderState.ABSENT for child in children)


def _children(held: Held | None, intent: Intent) -> int:
    return len(held.of_intent(intent.id)) if held is not None else 0


def _is_late(intent: Intent, now: datetime) -> bool:
    return intent.expires_at is not None and now > intent.expires_at


def _last(events: Sequence[OrderEvent]) -> datetime:
    return max(event.at for event in events)
