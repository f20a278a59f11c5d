"""Keeps stops and targets of the desk's positions at their venues, after every fill and every move of a
level. What a venue does not take is watched by the desk, as on paper."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import structlog

from engines.orders.bracket import (
    BracketStep,
    Protect,
    bracket_steps,
    can_rest,
    covered,
    is_guard,
)
from engines.orders.execution import Amend, Cancel
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, Intent, Order, OrderState, Purpose
from engines.orders.subaccount import is_live
from ports.books import Conflict
from ports.clock import Clock
from ports.errors import Transient, Uncertain
from services.ordering.findings import Finding, Tell
from services.ordering.naming import intent_name
from services.ordering.placing import Placing
from services.ordering.positions import account_of
from services.ordering.resolving import Resolver
from services.ordering.sending import Sending
from services.trading.intents import intent_of
from services.trading.register import Held, Register

log = structlog.get_logger()

AGAIN_S: Final = 1.0
REFUSED_REST_S: Final = 5.0
"""Real seconds after which a protection that the venue refused is tried again."""
VERIFY_S: Final = 1.0

_ASKED: Final = (OrderState.ACKNOWLEDGED, OrderState.OPEN)


@dataclass(slots=True, repr=False)
class Brackets:
    """Protection at the venues in `accounts`."""

    accounts: Collection[str]
    register: Register
    placing: Placing
    sending: Sending
    resolver: Resolver
    clock: Clock
    tell: Tell
    is_ready: Callable[[str], bool]
    _due: set[int] = field(default_factory=set)
    _guarded: set[int] = field(default_factory=set)
    _held: dict[int, Decimal] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, held: Held) -> None:
        """A trade has changed."""
        if self.concerns(held):
            self._due.add(held.trade.id)
            self._wake.set()

    def hear_orders(self, orders: Iterable[Order]) -> None:
        """Orders have changed: those that protect are remembered, also when their trade has no level more."""
        guarded = {order.intent.trade_id for order in orders if is_guard(order)}
        if guarded:
            self._guarded |= guarded
            self._due |= guarded
            self._wake.set()

    def resume(self) -> None:
        """Look at all that is live, and at what is left of trades that are over, as after a restart."""
        for account in self.accounts:
            self.hear_orders(self.register.working(account))
        for held in self.register.live():
            self.hear(held)

    def concerns(self, held: Held) -> bool:
        """Whether a trade's protection rests at its venue."""
        trade = held.trade
        has_levels = trade.stop is not None or bool(trade.targets) or trade.id in self._guarded
        is_there = account_of(held) in self.accounts and is_live(trade.owner)
        return is_there and can_rest(trade) and has_levels

    def covers(self, held: Held, purpose: Purpose) -> bool:
        """Whether the venue sees to an exit of that purpose, so that the desk must not."""
        if not self.concerns(held):
            return False
        kind = Purpose.TARGET if purpose is Purpose.TARGET else Purpose.STOP
        protected = covered(held.trade, held.by_id.values(), kind)
        return protected > 0 if kind is Purpose.TARGET else protected >= held.trade.quantity

    async def run(self) -> None:
        """Endless: bring protection up to date, trade by trade."""
        while True:
            self._wake.clear()
            due, self._due = self._due, set()
            again = [trade_id for trade_id in sorted(due) if not await self.tend(trade_id)]
            if again:
                self._due.update(again)
                await asyncio.sleep(AGAIN_S)
            elif not self._due:
                await self._rest()

    async def _rest(self) -> None:
        """Until a trade changes; stops that trail the price are looked at every second."""
        trailing = [one for one in self.register.live() if one.trade.trail_distance and self.concerns(one)]
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_S if trailing else None):
                await self._wake.wait()
        self._due.update(one.trade.id for one in trailing)

    async def tend(self, trade_id: int) -> bool:
        """Do what the protection of a trade needs now; `False` when it has to be looked at again soon."""
        held = self.register.get(trade_id)
        if held is None or not self.concerns(held):
            self._held.pop(trade_id, None)
            self._guarded.discard(trade_id)
            return True
        if not self.is_ready(account_of(held)) or self._is_refused(held):
            return False
        try:
            for step in bracket_steps(held.trade, held.orders):
                await self._do(held, step)
        except (Conflict, Transient, Uncertain) as error:
            log.warning("protection_not_placed", trade=trade_id, error=str(error))
            return False
        self._verify(self.register.get(trade_id) or held)
        return not await self._warn(trade_id)

    async def _do(self, held: Held, step: BracketStep) -> None:
        match step:
            case Protect():
                await self.placing.place(held.trade, [self._intent(held, step)])
            case Cancel(order_id=order_id):
                with suppress(Transient, Uncertain):  # it is seen to
                    await self.sending.cancel(held.order(order_id))
            case Amend(order_id=order_id, terms=terms):
                await self.sending.amend(held.order(order_id), terms)

    def _intent(self, held: Held, step: Protect) -> Intent:
        trade, terms = held.trade, step.terms
        place = f"{step.purpose}:{step.number}" if step.number else step.purpose.value
        name = intent_name(str(trade.owner), f"{trade.id}:{place}:{held.next_number}")
        intent = intent_of(
            trade,
            name,
            step.purpose,
            terms.quantity,
            self.clock.now(),
            account=account_of(held),
            kind=terms.kind,
            limit_price=terms.limit_price,
            trigger_price=terms.trigger_price,
            reason=str(step.number or ""),
        )
        return replace(intent, style=ExecutionStyle.PROTECTION)

    def _verify(self, held: Held) -> None:
        """After a fill the venue is asked whether the stop is there still."""
        trade = held.trade
        if self._held.get(trade.id) == trade.quantity:
            return
        self._held[trade.id] = trade.quantity
        for order in held.by_id.values():
            if is_guard(order) and order.state in _ASKED:
                self.resolver.doubt(order, after_s=VERIFY_S)

    def _is_refused(self, held: Held) -> bool:
        """Whether the venue has just refused the last protection: it is not asked again at once."""
        guards = [order for order in held.by_id.values() if is_guard(order)]
        last = guards[-1] if guards else None
        is_bad = last is not None and is_final(last.state) and last.state is OrderState.REJECTED
        return is_bad and last is not None and self.clock.age_s(last.updated_at) < REFUSED_REST_S

    async def _warn(self, trade_id: int) -> bool:
        """Tell of a stop that the venue refused; whether it did. The desk watches the level itself."""
        held = self.register.get(trade_id)
        if held is None or not self._is_refused(held):
            return False
        last = [order for order in held.by_id.values() if is_guard(order)][-1]
        params = {"trade_id": trade_id, "reason": last.reason, "order_id": last.id}
        await self.tell(Finding(code="unprotected", account=last.intent.account, params=params))
        return True
