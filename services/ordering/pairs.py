"""Drives pairs: both legs are sent at once, and brought even when one fails."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

import structlog

from engines.core.side import Direction, Side
from engines.orders.execution import CALLED_BACK
from engines.orders.lifecycle import is_final
from engines.orders.naming import DIGITS, PREFIX
from engines.orders.order import ExecutionStyle, Intent, Order, OrderKind, OrderState, Purpose
from engines.orders.pair import (
    CompleteLeg,
    Even,
    Leg,
    OnFailure,
    Pair,
    PairStep,
    StopLeg,
    UnwindLeg,
    Waiting,
    pair_step,
    unhedged_since,
)
from engines.orders.subaccount import SubAccount, engine_of
from engines.orders.trade import Trade
from engines.risk.verdict import Ruling
from ports.books import Conflict
from ports.clock import Clock
from ports.errors import Refused, Transient, Uncertain
from services.ordering.findings import Finding, Tell
from services.ordering.lanes import Lanes
from services.ordering.placing import Placing
from services.ordering.positions import ONE, Positions, account_of
from services.ordering.sending import Sending
from services.trading.register import Register

log = structlog.get_logger()

LETTERS: Final = {OnFailure.UNWIND: "ab", OnFailure.COMPLETE: "cd"}
"""What the names of the legs end with: so that it is known after a restart what was to be done."""
AGAIN_S: Final = 1.0
LONGEST_REST_S: Final = 60.0
ZERO: Final = Decimal(0)

_LEG = re.compile(rf"({PREFIX}[0-9a-f]{{{DIGITS}}})([a-d])(|c|u\d+)")
_CAN_END: Final = (OrderState.ACKNOWLEDGED, OrderState.OPEN, OrderState.PARTIALLY_FILLED)


@dataclass(slots=True, repr=False)
class Pairs:
    """Pairs that are under way. `goes_on` says whether something follows orders of an intent that are over.
    How long each stood on one leg is in the log once it is even."""

    register: Register
    placing: Placing
    sending: Sending
    positions: Positions
    clock: Clock
    tell: Tell
    is_ready: Callable[[str], bool]
    goes_on: Callable[[Sequence[Order]], Awaitable[bool]]
    unhedged_s: float = 10.0
    _trades: dict[str, set[int]] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _since: dict[str, datetime | None] = field(default_factory=dict)
    _longest_s: dict[str, float] = field(default_factory=dict)
    _beginning: set[str] = field(default_factory=set)
    _lanes: Lanes[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lanes = Lanes(self._tend, self._accounts)

    async def place(
        self,
        name: str,
        legs: Sequence[tuple[Trade, Intent]],
        *,
        on_failure: OnFailure = OnFailure.UNWIND,
    ) -> None:
        """Send both legs at once under names of the pair's. Raises `Refused` (`not_allowed`, `verdict`) when
        the gate does not let both go whole: then neither is sent; and as `Orders.place` does."""
        named = [
            (trade, replace(intent, id=name + letter))
            for (trade, intent), letter in zip(legs, LETTERS[on_failure], strict=True)
        ]
        for trade, intent in named:
            verdict = self.placing.gate.judge(intent, trade)
            if verdict.ruling is not Ruling.ALLOW:
                raise Refused("not_allowed", verdict=verdict)
        self._beginning.add(name)
        try:
            await asyncio.gather(*(self.placing.place(trade, [intent]) for trade, intent in named))
        finally:
            self._beginning.discard(name)
            self._trades.setdefault(name, set()).update(trade.id for trade, _ in named)
            self._lanes.put(name)

    def hear(self, orders: Iterable[Order]) -> None:
        """Orders have changed: those of legs are looked at."""
        for order in orders:
            if (found := _LEG.fullmatch(order.intent.id)) is not None:
                self._trades.setdefault(found[1], set()).add(order.intent.trade_id)
                self._lanes.put(found[1])

    def resume(self) -> None:
        """Look at everything that is live, as after a restart."""
        for held in self.register.live():
            self.hear(held.orders)

    async def run(self) -> None:
        """Endless: look at every pair that is under way, those of the same accounts by themselves."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._lanes.run(), name="pairs")
            while True:
                await asyncio.sleep(AGAIN_S)
                for name in self._trades:
                    self._lanes.put(name)

    async def _tend(self, name: str) -> bool:
        await self.step(name)
        return True  # it is looked at every second anyway

    def _accounts(self, name: str) -> str:
        """Where its legs are."""
        held = [self.register.get(trade_id) for trade_id in self._trades.get(name, ())]
        return "+".join(sorted({account_of(one) for one in held if one is not None}))

    async def step(self, name: str) -> PairStep:
        """Do what a pair needs next; what it was. What could not be done is due again."""
        if name in self._beginning:
            return Waiting()
        pair = await self._pair(name)
        if pair is None:
            self._forget(name)
            return Even()
        if not all(self.is_ready(leg.intent.account) for leg in (pair.first, pair.second)):
            return Waiting()
        pair = replace(
            pair, first=await self._looked_at(pair.first), second=await self._looked_at(pair.second)
        )
        since = self._since[name] = unhedged_since(pair, self._since.get(name))
        for_s = 0.0 if since is None else self.clock.age_s(since)
        longest_s = self._longest_s[name] = max(self._longest_s.get(name, 0.0), for_s)
        step = pair_step(pair, unhedged_for_s=for_s)
        if isinstance(step, Even):
            log.info("pair_even", pair=name, unhedged_s=round(longest_s, 1))
            self._forget(name)
            return step
        try:
            await self._do(pair, step, for_s)
        except (Conflict, Transient, Uncertain) as error:
            log.warning("pair_step_not_done", pair=name, error=str(error))
            return Waiting()
        return step

    async def _do(self, pair: Pair, step: PairStep, for_s: float) -> None:
        if isinstance(step, Waiting | Even):
            return
        leg = next(one for one in (pair.first, pair.second) if one.intent.id == step.intent_id)
        await self._warn(pair, leg, for_s)
        match step:
            case StopLeg():
                await self._stop(leg)
            case CompleteLeg(quantity=quantity):
                await self._send(_at_market(leg.intent, leg.intent.id + "c", quantity))
            case UnwindLeg(quantity=quantity):
                await self._take_back(pair, leg, quantity)

    async def _stop(self, leg: Leg) -> None:
        for order in (*leg.orders, *leg.unwinding):
            if order.state in _CAN_END:
                await self.sending.cancel(order, reason=CALLED_BACK)
            elif order.id in leg.followed:
                await self.sending.call_off(order)

    async def _looked_at(self, leg: Leg) -> Leg:
        """The leg with what is known of what follows its orders."""
        of_intent: dict[str, list[Order]] = {}
        for order in (*leg.orders, *leg.unwinding):
            of_intent.setdefault(order.intent.id, []).append(order)
        over = [orders for orders in of_intent.values() if all(is_final(one.state) for one in orders)]
        return replace(leg, followed=frozenset([one[-1].id for one in over if await self.goes_on(one)]))

    async def _take_back(self, pair: Pair, leg: Leg, quantity: Decimal) -> None:
        """Take back what a leg is ahead, as far as it is still held; with longer and longer rests while its
        venue takes no order."""
        held = self.register.get(leg.intent.trade_id)
        left = ZERO if held is None else leg.intent.instrument.quantity(held.trade.quantity)
        if left <= 0:
            log.warning("pair_ended_by_others", pair=pair.id, trade=leg.intent.trade_id)
            self._forget(pair.id)
        elif not self._rests(leg):
            await self._send(self._unwinding(leg, min(quantity, left)))

    def _rests(self, leg: Leg) -> bool:
        failed = [order for order in leg.unwinding if not order.filled]
        if not failed:
            return False
        rest_s = min(AGAIN_S * 2.0 ** min(len(failed), 16), LONGEST_REST_S)
        return self.clock.age_s(max(order.updated_at for order in failed)) < rest_s

    def _forget(self, name: str) -> None:
        self._trades.pop(name, None)
        self._told.discard(name)
        self._since.pop(name, None)
        self._longest_s.pop(name, None)

    async def _send(self, intent: Intent) -> None:
        held = self.register.get(intent.trade_id)
        if held is not None and (held.trade.is_live or intent.reduce_only):
            trade = held.trade
        elif intent.reduce_only:
            return
        else:
            trade = await self._anew(intent)
        intent = replace(intent, trade_id=trade.id, created_at=self.clock.now())
        await self.placing.place(trade, [intent])

    async def _anew(self, intent: Intent) -> Trade:
        """The position that an entry belongs to, now that the one it was meant for is over."""
        engine = engine_of(intent.owner)
        assert engine is not None
        direction = Direction.LONG if intent.side is Side.BUY else Direction.SHORT
        sub_account = SubAccount(engine=engine, account=intent.account)
        return await self.positions.of(sub_account, intent.instrument, direction, leverage=ONE)

    def _unwinding(self, leg: Leg, quantity: Decimal) -> Intent:
        """An order that takes back what an entry bought; it only reduces."""
        tries = len({order.intent.id for order in leg.unwinding})
        intent = _at_market(leg.intent, f"{leg.intent.id}u{tries + 1}", quantity)
        return replace(
            intent, side=intent.side.opposite, purpose=Purpose.CLOSE, reduce_only=True, reason="pair"
        )

    async def _pair(self, name: str) -> Pair | None:
        """A pair as its orders stand; `None` when they are not there any more."""
        orders = [
            order for trade_id in sorted(self._trades.get(name, ())) for order in await self._orders(trade_id)
        ]
        of_leg: dict[str, list[Order]] = {}
        unwinding: dict[str, list[Order]] = {}
        for order in orders:
            found = _LEG.fullmatch(order.intent.id)
            if found is not None and found[1] == name:
                kind = unwinding if found[3].startswith("u") else of_leg
                kind.setdefault(found[2], []).append(order)
        on_failure = OnFailure.COMPLETE if of_leg.keys() & set("cd") else OnFailure.UNWIND
        if not of_leg:
            return None
        if len(of_leg) == 1:  # killed before the other was written down: it never comes
            on_failure = OnFailure.UNWIND
        first, second = (
            _leg(name + one, of_leg, tuple(unwinding.get(one, ()))) for one in _letters(of_leg.keys())
        )
        return Pair(id=name, first=first, second=second, on_failure=on_failure, unhedged_s=self.unhedged_s)

    async def _orders(self, trade_id: int) -> Sequence[Order]:
        held = self.register.get(trade_id)
        return await self.register.books.orders(trade_id) if held is None else held.orders

    async def _warn(self, pair: Pair, leg: Leg, for_s: float) -> None:
        if pair.id in self._told:
            return
        self._told.add(pair.id)
        params = {"pair": pair.id, "seconds": round(for_s)}
        await self.tell(Finding(code="unhedged", account=leg.intent.account, params=params))


def _letters(found: Collection[str]) -> str:
    """The letters of both legs, of which one at least was found."""
    return next(letters for letters in LETTERS.values() if set(letters) & set(found))


def _leg(name: str, orders: Mapping[str, Sequence[Order]], unwinding: tuple[Order, ...]) -> Leg:
    """The leg of that name; one that was never written down has no orders."""
    of_any = next(iter(orders.values()))
    own = tuple(orders.get(name[-1], ()))
    return Leg(intent=replace((own or of_any)[0].intent, id=name), orders=own, unwinding=unwinding)


def _at_market(intent: Intent, name: str, quantity: Decimal) -> Intent:
    return replace(
        intent,
        id=name,
        quantity=quantity,
        kind=OrderKind.MARKET,
        limit_price=None,
        style=ExecutionStyle.GUARDED_MARKET,
        decision_price=None,
        worst_price=None,
        expires_at=None,
    )
