"""Keeps stops and targets of the desk's positions at their venues, after every fill and every move of a
level. What a venue does not take is watched by the desk, as on paper."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

import structlog

from engines.core.instrument import MarketKind
from engines.orders.bracket import (
    BracketStep,
    Protect,
    bracket_steps,
    covers,
    is_guard,
)
from engines.orders.execution import Amend, Cancel
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Intent, Order, OrderState, Purpose
from engines.orders.subaccount import is_live
from engines.orders.trade import Trade
from ports.books import Conflict
from ports.clock import Clock
from ports.errors import Transient, Uncertain
from services.ordering.findings import Finding, Tell
from services.ordering.lanes import Lanes
from services.ordering.placing import Placing
from services.ordering.positions import account_of
from services.ordering.resolving import Resolver
from services.ordering.room import Room
from services.ordering.sending import Sending
from services.trading.intents import intent_of
from services.trading.register import Held, Register

log = structlog.get_logger()

AGAIN_S: Final = 1.0
REFUSED_REST_S: Final = 5.0
"""Real seconds after which a protection that the venue refused is tried again."""
VERIFY_S: Final = 1.0
OVERDUE_S: Final = 5.0
"""Real seconds after its first touch from which the desk itself sells what a stop of coins has not."""

_RESTS_S: Final = {OrderState.REJECTED: REFUSED_REST_S, OrderState.ABSENT: AGAIN_S}
_ASKED: Final = (OrderState.ACKNOWLEDGED, OrderState.OPEN)


@dataclass(slots=True, repr=False)
class Brackets:
    """Protection at the venues in `accounts`; `room` is what exits ask for their coins."""

    accounts: Collection[str]
    register: Register
    placing: Placing
    sending: Sending
    resolver: Resolver
    clock: Clock
    tell: Tell
    is_ready: Callable[[str], bool]
    room: Room = field(init=False)
    _lanes: Lanes[int] = field(init=False)
    _guarded: set[int] = field(default_factory=set)
    _told: set[int] = field(default_factory=set)
    _locks: dict[int, asyncio.Lock] = field(default_factory=dict)
    _touched: dict[int, tuple[Decimal | None, datetime]] = field(default_factory=dict)
    _verified: dict[int, tuple[Decimal, frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lanes = Lanes(self.tend, self._account)
        self.room = Room(self.register, self.sending.is_short, self.tend, self.sending.cancel, self.tell)

    def hear(self, held: Held) -> None:
        """A trade has changed."""
        if self.concerns(held):
            self._lanes.put(held.trade.id)

    def hear_orders(self, orders: Iterable[Order]) -> None:
        """Orders have changed: those that protect are remembered, also when their trade has no level more."""
        orders = list(orders)
        self.room.hear(orders)
        guarded = {order.intent.trade_id for order in orders if is_guard(order)}
        self._guarded |= guarded
        for trade_id in sorted(guarded):
            self._lanes.put(trade_id)

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
        return is_there and has_levels

    def covers(self, held: Held, purpose: Purpose) -> bool:
        """Whether the venue sees to an exit of that purpose, so that the desk must not."""
        if not self.concerns(held):
            return False
        kind = Purpose.TARGET if purpose is Purpose.TARGET else Purpose.STOP
        return not self._is_overdue(held.trade) and covers(held.trade, held.by_id.values(), kind)

    def _is_overdue(self, trade: Trade) -> bool:
        """Whether a stop of coins was touched a while ago and has not fired."""
        stop, since = self._touched.get(trade.id, (None, self.clock.wire_now()))
        is_coin = trade.instrument.kind is MarketKind.SPOT
        waited_s = (self.clock.wire_now() - since).total_seconds()
        return is_coin and stop == trade.stop and waited_s >= OVERDUE_S

    def steps(self, held: Held) -> list[BracketStep]:
        """What is to be done for the protection of a trade now."""
        sleep = self.sending.venues[account_of(held)].sleep
        return bracket_steps(held.trade, held.orders, self.clock.now(), sleep)

    def touched(self, trade_id: int, purpose: Purpose) -> None:
        """The market has come to a level that the venue sees to: it is looked whether it did."""
        held = self.register.get(trade_id)
        if held is not None and self._touched.get(trade_id, (None,))[0] != held.trade.stop:
            self._touched[trade_id] = held.trade.stop, self.clock.wire_now()
        for order in held.by_id.values() if held else ():
            is_target = order.intent.purpose is Purpose.TARGET
            if is_guard(order) and order.state in _ASKED and is_target is (purpose is Purpose.TARGET):
                self.resolver.doubt(order, after_s=VERIFY_S)

    def stood_clear(self, trade_id: int) -> None:
        """The market is on the right side of a stop: its next touch is the first again."""
        self._touched.pop(trade_id, None)

    async def run(self) -> None:
        """Endless: bring protection up to date, each venue account by itself; stops that trail the price are
        looked at every second."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._lanes.run(), name="protection")
            while True:
                await asyncio.sleep(AGAIN_S)
                for held in self.register.live():
                    if held.trade.trail_distance and self.concerns(held):
                        self._lanes.put(held.trade.id)

    def _account(self, trade_id: int) -> str:
        held = self.register.get(trade_id)
        return "" if held is None else account_of(held)

    async def tend(self, trade_id: int) -> bool:
        """Do what the protection of a trade needs now; `False` when it has to be looked at again soon."""
        async with self._locks.setdefault(trade_id, asyncio.Lock()):
            return await self._tend(trade_id)

    async def _tend(self, trade_id: int) -> bool:
        held = self.register.get(trade_id)
        if held is None or not self.concerns(held):
            self._forget(trade_id)
            return True
        if not self.is_ready(account_of(held)):
            return False
        is_put_off = self._is_refused(held)
        try:
            for step in self.steps(held):
                if is_put_off and isinstance(step, Protect):
                    continue
                if await self._is_passed(held, step):
                    is_put_off = True
                else:
                    await self._do(held, step)
        except (Conflict, Transient, Uncertain) as error:
            log.warning("protection_not_placed", trade=trade_id, error=str(error))
            return False
        self._verify(self.register.get(trade_id) or held)
        return not (is_put_off or await self._warn(trade_id))

    async def _is_passed(self, held: Held, step: BracketStep) -> bool:
        """Whether the market is known to be beyond where a stop of coins would go. A venue that finds out by
        itself from which side a price is touched would wait for the way back; the desk watches. While the
        desk sees no market it cannot watch, so the stop goes to the venue."""
        instrument = held.trade.instrument
        if instrument.kind is MarketKind.PERP or isinstance(step, Cancel):
            return False
        quote = await self.placing.quotes(account_of(held), instrument)
        trigger_price = step.terms.trigger_price
        return quote is not None and trigger_price is not None and quote.bid <= trigger_price

    def _forget(self, trade_id: int) -> None:
        self._verified.pop(trade_id, None)
        self._touched.pop(trade_id, None)
        self._locks.pop(trade_id, None)
        self._guarded.discard(trade_id)
        self._told.discard(trade_id)

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
        """After a fill, and once a stop was put there, the venue is asked whether it is."""
        trade = held.trade
        there = [one for one in held.by_id.values() if is_guard(one) and one.state in _ASKED]
        known = trade.quantity, frozenset(one.id for one in there)
        if self._verified.get(trade.id) == known:
            return
        self._verified[trade.id] = known
        for order in there:
            self.resolver.doubt(order, after_s=VERIFY_S)

    def _is_refused(self, held: Held) -> bool:
        """Whether the venue has just refused the last protection, or never had it: it is not asked again at
        once."""
        guards = [order for order in held.by_id.values() if is_guard(order)]
        rest_s = _RESTS_S.get(guards[-1].state) if guards else None
        return rest_s is not None and self.clock.age_s(guards[-1].updated_at) < rest_s

    async def _warn(self, trade_id: int) -> bool:
        """Tell of a stop that the venue refused, once until it stands again; whether it is to be tried again.
        The desk watches the level itself."""
        held = self.register.get(trade_id)
        if held is None or not self._is_refused(held):
            if held is not None and self.covers(held, Purpose.STOP):
                self._told.discard(trade_id)
            return False
        last = [order for order in held.by_id.values() if is_guard(order)][-1]
        if last.state is OrderState.ABSENT or trade_id in self._told:
            return True
        self._told.add(trade_id)
        params = {"trade_id": trade_id, "reason": last.reason, "order_id": last.id}
        await self.tell(Finding(code="unprotected", account=last.intent.account, params=params))
        return True
