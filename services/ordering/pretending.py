"""What only our own venue needs, which pretends: it keeps nothing, so the desk hands it the market's moves,
and after a restart nothing that was on its way is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from engines.core.move import Move
from engines.orders.lifecycle import apply
from engines.orders.naming import PREFIX
from engines.orders.order import ExecutionStyle, Expired, FoundAbsent, Intent, OrderState, Purpose, QueueMoved
from engines.orders.subaccount import is_live, is_person
from engines.orders.trade import Trade, TradeState
from ports.clock import Clock
from ports.trading import Venue
from services.ordering.booking import Booking
from services.ordering.placing import Placing
from services.ordering.positions import account_of
from services.ordering.sending import Sending, is_late
from services.trading.funds import Funds
from services.trading.register import Held, Register

_IN_FLIGHT = (OrderState.SENT, OrderState.UNKNOWN)
_ALL_OUT = (Purpose.STOP, Purpose.TRAIL, Purpose.LIQUIDATION)


@dataclass(slots=True, repr=False)
class Pretending:
    """Moves, restarts and repeated exits of trades on paper."""

    venues: Mapping[str, Venue]
    register: Register
    booking: Booking
    placing: Placing
    sending: Sending
    funds: Funds
    clock: Clock

    async def moved(self, move: Move, held: Held) -> Held | None:
        """As `Orders.moved`."""
        outcome = self.venues[account_of(held)].moved(move, held.resting)
        filled: Held | None = None
        for order_id, events in outcome.items():
            if all(isinstance(event, QueueMoved) for event in events):
                order = reduce(apply, events, held.order(order_id))
                self.register.queue(held.trade.id, [order])
            else:
                filled = await self.booking.settle(held.trade.id, order_id, events) or filled
        return filled

    async def recover(self, trade_id: int) -> None:
        """What was on its way and is too old ends; the rest is sent again as another child."""
        held, now = self.register.get(trade_id), self.clock.now()
        if held is None or is_live(held.trade.owner):
            return  # a real venue is asked
        for order in held.orders:
            if order.state is OrderState.CANCEL_PENDING:
                await self.sending.call_back(order)
            elif order.state in _IN_FLIGHT:
                is_over = is_late(order.intent, now)
                event = Expired(at=now) if is_over else FoundAbsent(at=now)
                await self.booking.settle(trade_id, order.id, [event])
        await self._enter_again(trade_id)
        await self.retry(trade_id)

    async def retry(self, trade_id: int) -> None:
        """As `Orders.retry`."""
        held = self.register.get(trade_id)
        if held is None or held.trade.quantity == 0 or not is_exit_due(held):
            return
        left = held.trade.quantity
        intents: list[Intent] = []
        is_of_desk = not is_person(held.trade.owner)
        for intent in _due(held):
            quantity = min(intent.quantity, left)
            if quantity > 0 and not (is_of_desk and _is_absent(held, intent)):  # those their style drives
                number = held.next_number + sum(1 for one in intents if not held.of_intent(one.id))
                again = replace(intent, id=exit_name(held.trade, number), quantity=quantity)
                intents.append(intent if quantity == intent.quantity and _is_absent(held, intent) else again)
                left -= quantity
        if intents:
            await self.placing.place(held.trade, intents)

    async def _enter_again(self, trade_id: int) -> None:
        """Send the entry that the venue never had, while it is not too old; else the trade is over. Intents
        of the desk are driven by their style."""
        held = self.register.get(trade_id)
        last = held.orders[-1] if held and held.orders else None
        if held is None or last is None or last.state is not OrderState.ABSENT or last.intent.reduce_only:
            return
        if not is_person(held.trade.owner):
            return
        if not is_late(last.intent, self.clock.now()) and self.funds.covers(last.intent, held.trade.leverage):
            await self.placing.place(held.trade, [last.intent])
        elif held.trade.state is TradeState.WAITING and not held.pending:
            await self.booking.give_up(trade_id)


def is_exit_due(held: Held) -> bool:
    """Whether the market has called for an exit that is not done."""
    return bool(_due(held))


def exit_name(trade: Trade, number: int) -> str:
    """The id of the exit that is the intent `number` of a trade."""
    return f"{trade.id}-{number}" if is_person(trade.owner) else f"{PREFIX}{trade.id}-{number}"


def _due(held: Held) -> Sequence[Intent]:
    """Intents of exits at the end of the trade's orders that the venue never had, the oldest first; and the
    last one that was to sell everything and found too thin a book: its rest meets the market as it is now.
    What rests at a venue to protect a position was not called for by the market yet."""
    orders = [one for one in held.orders if one.intent.style is not ExecutionStyle.PROTECTION]
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
