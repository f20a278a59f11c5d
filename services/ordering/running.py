"""Drives the desk's intents through their styles: one step after another, until nothing is left to do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from engines.orders.execution import (
    Amend,
    Cancel,
    Done,
    Moment,
    Place,
    Step,
    Wait,
    may_be_told_late,
    next_step,
)
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, Intent, Order, OrderState
from engines.orders.subaccount import is_person
from engines.orders.trade import TradeState
from ports.books import Conflict
from ports.clock import Clock
from ports.errors import Rejected, Transient, Uncertain
from services.ordering.booking import Booking
from services.ordering.placing import Placing
from services.ordering.sending import Sending
from services.trading.register import Held, Register

log = structlog.get_logger()

_AGAIN_S: Final = 1.0
_QUOTED: Final = frozenset({ExecutionStyle.POST_ONLY, ExecutionStyle.MAKER_THEN_MARKET})


@dataclass(slots=True, repr=False)
class Runner:
    """Looks at an intent whenever one of its orders changes, and when its style wants to be asked again.
    `confirm` books what the venue has filled of an order that ended and has not told yet."""

    register: Register
    placing: Placing
    sending: Sending
    booking: Booking
    clock: Clock
    is_ready: Callable[[str], bool]
    confirm: Callable[[Order], Awaitable[None]]
    _news: dict[str, asyncio.Event] = field(default_factory=dict)
    _due: dict[str, int] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, orders: Iterable[Order]) -> None:
        """Orders have changed: look at their intents."""
        for order in orders:
            if is_person(order.intent.owner):
                continue
            if order.intent.id in self._news:
                self._news[order.intent.id].set()
            elif _is_driven(order):
                self._due[order.intent.id] = order.intent.trade_id
                self._wake.set()

    def resume(self) -> None:
        """Look at everything that is live, as after a restart."""
        for held in self.register.live():
            self.hear(held.orders)

    async def run(self) -> None:
        """Endless: drive every intent that has something left to do, each by itself."""
        async with asyncio.TaskGroup() as intents:
            while True:
                self._wake.clear()
                due, self._due = self._due, {}
                for intent_id, trade_id in due.items():
                    self._news[intent_id] = asyncio.Event()
                    intents.create_task(self._drive(trade_id, intent_id), name=f"intent {intent_id}")
                await self._wake.wait()

    async def step(self, trade_id: int, intent_id: str) -> Step:
        """Do what is to be done next for an intent; what it was. What could not be done is due again."""
        held = self.register.get(trade_id)
        orders = () if held is None else held.of_intent(intent_id)
        if held is None or not orders:
            return Done()
        intent = orders[0].intent
        if not self.is_ready(intent.account):
            return Wait(for_s=_AGAIN_S)
        step = next_step(intent, orders, await self._moment(intent))
        if isinstance(step, Done):
            await self._end(held, intent)
            return step
        try:
            if isinstance(step, Place) and not await self._has_all(held, intent):
                return Wait(for_s=0.0)
            await self._do(held, intent, step)
        except (Conflict, Rejected, Transient, Uncertain) as error:
            log.warning("step_not_done", intent=intent_id, step=type(step).__name__, error=str(error))
            return Wait(for_s=_AGAIN_S)
        return step

    async def goes_on(self, orders: Sequence[Order]) -> bool:
        """Whether something is to follow the orders of an intent, all of which are over."""
        intent = orders[0].intent
        if self.register.get(intent.trade_id) is None:
            return False
        return not isinstance(next_step(intent, orders, await self._moment(intent)), Done)

    async def _has_all(self, held: Held, intent: Intent) -> bool:
        """Whether all is booked that its last order was filled with; else it is looked at anew."""
        last = held.of_intent(intent.id)[-1]
        if not may_be_told_late(last):
            return True
        await self.confirm(last)
        known = self.register.find(last.id)
        return known is not None and known.filled == last.filled

    async def _drive(self, trade_id: int, intent_id: str) -> None:
        news, last = self._news[intent_id], None
        try:
            while not isinstance(step := await self.step(trade_id, intent_id), Done):
                is_stuck = step == last and not isinstance(step, Wait)
                last = step
                wait_s = _AGAIN_S if is_stuck else (step.for_s if isinstance(step, Wait) else 0.0)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await news.wait()
                news.clear()
        finally:
            self._news.pop(intent_id, None)

    async def _end(self, held: Held, intent: Intent) -> None:
        """A trade that waited for this intent alone, in vain, is over."""
        others = {order.intent.id for order in held.by_id.values()} - {intent.id}
        if held.trade.state is TradeState.WAITING and not held.pending and not others & self._news.keys():
            await self.booking.give_up(held.trade.id)

    async def _moment(self, intent: Intent) -> Moment:
        placing, quote = self.placing, None
        if intent.style in _QUOTED:
            quote = await placing.quotes(intent.account, intent.instrument)
        return Moment(quote=quote, now=self.clock.now(), age_s=self.clock.age_s, pace=placing.pace)

    async def _do(self, held: Held, intent: Intent, step: Step) -> None:
        match step:
            case Place(terms=terms):
                await self.placing.child(held.trade, intent, terms)
            case Cancel(order_id=order_id):
                await self.sending.cancel(held.order(order_id))
            case Amend(order_id=order_id, terms=terms):
                await self.sending.amend(held.order(order_id), terms)
            case _:
                pass


def _is_driven(order: Order) -> bool:
    """Whether an order may be followed by something of its intent: a style with more than one order, or one
    that the venue never had."""
    if order.state is OrderState.AWAITING_APPROVAL or order.intent.style is ExecutionStyle.PROTECTION:
        return False
    if order.state is OrderState.ABSENT:
        return True
    has_more = order.intent.style in _QUOTED
    return has_more and (not is_final(order.state) or order.state in _MAY_FOLLOW)


_MAY_FOLLOW: Final = frozenset({OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED})
