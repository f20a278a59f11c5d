"""What a move of the market does to the trades of that market: entries filled, exits sent, stops moved."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import structlog

from engines.core.move import Move
from engines.orders.order import Intent, Purpose
from engines.orders.position import bankruptcy_price
from engines.orders.protection import Decision, Exit, after_entry, decide
from engines.orders.subaccount import is_person
from engines.orders.trade import Trade
from ports.books import Conflict
from services.ordering.positions import account_of
from services.ordering.pretending import exit_name, is_exit_due
from services.orders import Orders
from services.trading.intents import intent_of
from services.trading.register import Held, Register
from services.trading.wish import TradeEvent

log = structlog.get_logger()

TRIES = 5
"""How often a move is taken up again by a trade of the desk that moved on meanwhile."""
SEND_AGAIN_S = 1.0
"""Real seconds between two tries of an exit that no book takes: each is an order written down."""


@dataclass(slots=True, repr=False)
class Guard:
    """Protects trades, move by move."""

    register: Register
    orders: Orders

    async def apply(self, move: Move) -> None:
        """Let a move have its effect on every trade of its market."""
        touched = [
            held.trade
            for held in self.register.in_market((move.kind, move.symbol))
            if not self._pass(held, move)
        ]
        await asyncio.gather(*(self._apply(trade, move) for trade in touched))

    def _pass(self, held: Held, move: Move) -> bool:
        """Let the move go by a trade that it does not touch, which is the rule; whether it was so."""
        is_busy = self.register.lock_of(held.trade).locked()
        if is_busy or held.resting or is_exit_due(held):
            return False
        decision = self._decide(held.trade, clipped(move, held.trade.armed_at))
        if decision.exits or decision.events:
            return False
        self.register.see(_seen(decision.trade, move.at))
        return True

    async def _apply(self, trade: Trade, move: Move) -> None:
        async with self.register.lock_of(trade):
            for _ in range(TRIES):
                try:
                    await self._meet(trade, move)
                    break
                except Conflict:
                    if is_person(trade.owner):
                        raise
            else:
                log.warning("move_not_applied", trade=trade.id)

    async def _meet(self, trade: Trade, move: Move) -> None:
        """Let the move meet the trade as it stands. Raises `Conflict` when it moves on meanwhile."""
        if (held := self.register.get(trade.id)) is None:
            return
        part = clipped(move, held.trade.armed_at)
        if held.resting and (entering := clipped(move, _placed_at(held))) is not None:
            filled = await self.orders.moved(entering, held)
            if filled is not None:
                part = after_entry(entering, filled.trade, _entered_at(held, filled))
        if (held := self.register.get(trade.id)) is None:
            return
        if is_exit_due(held):
            if self.orders.clock.age_s(held.orders[-1].updated_at) >= SEND_AGAIN_S:
                await self.orders.retry(trade.id)
            return
        await self._protect(held, self._decide(held.trade, part), move.at)

    def _decide(self, trade: Trade, part: Move | None) -> Decision:
        """What a move calls for; one that is news and calls for no stop shows the market clear of it."""
        decision = _decided(trade, part)
        is_news = part is not None and part.at > trade.seen_at
        if is_news and all(one.purpose is Purpose.TARGET for one in decision.exits):
            self.orders.brackets.stood_clear(trade.id)
        return decision

    async def _protect(self, held: Held, decision: Decision, at: datetime) -> None:
        decided = _seen(decision.trade, at)
        decision = replace(decision, exits=self._ours(held, decision))
        if not decision.exits and not decision.events:
            self.register.see(decided)
            return
        if decision.exits:  # what is coming to its end is not added to any more
            await self.orders.withdraw(held.trade.id)
            still = self.register.get(held.trade.id)
            if still is None:
                return
            decided, held = replace(decided, version=still.trade.version), still
        moved = [event for event in decision.events if event.code == "stop_moved"]
        events = [
            TradeEvent(code=event.code, trade=decided, at=at, params={"price": event.price})
            for event in moved
        ]
        await self.orders.place(decided, _intents(held, decision, at), events=events, is_exact=True)

    def _ours(self, held: Held, decision: Decision) -> tuple[Exit, ...]:
        """Exits that no venue sees to by itself; it liquidates what it margins."""
        now = replace(held, trade=decision.trade)
        return tuple(one for one in decision.exits if not self.orders.leave_to_venue(now, one.purpose))


def clipped(move: Move, armed_at: datetime | None) -> Move | None:
    """The part of a move that can touch what stands since `armed_at`: of a move that began before, only its
    end is known to be later; `None` of one that ended before."""
    if armed_at is None or armed_at <= move.since:
        return move
    if armed_at >= move.at:
        return None
    return replace(
        move,
        since=armed_at,
        open=move.close,
        high=move.close,
        low=move.close,
        mark_low=move.mark,
        mark_high=move.mark,
        volume=None,
        is_bar=False,
    )


def _decided(trade: Trade, move: Move | None) -> Decision:
    """A candle tells of a time that was looked at already, and of what was missed then."""
    if move is None:
        return Decision(trade=trade)
    if trade.seen_at >= move.at:
        trade = replace(trade, seen_at=move.since)
    return decide(trade, move)


def _seen(trade: Trade, at: datetime) -> Trade:
    return trade if trade.seen_at >= at else replace(trade, seen_at=at)


def _placed_at(held: Held) -> datetime:
    return max(order.created_at for order in held.resting)


def _entered_at(before: Held, after: Held) -> Decimal:
    """The limit that was filled; of several, the one met first."""
    limits = [
        order.terms.limit_price
        for order in before.resting
        if order.terms.limit_price is not None and after.order(order.id).filled > order.filled
    ]
    return max(limits, key=lambda price: price * after.trade.direction.sign)


def _intents(held: Held, decision: Decision, at: datetime) -> list[Intent]:
    first = held.next_number
    return [
        _intent(held.trade, account_of(held), exit_, exit_name(held.trade, first + place), at)
        for place, exit_ in enumerate(decision.exits)
    ]


def _intent(trade: Trade, account: str, exit_: Exit, name: str, at: datetime) -> Intent:
    limit: Decimal | None = None
    if exit_.purpose is Purpose.LIQUIDATION:
        limit = bankruptcy_price(trade)
    return intent_of(
        trade,
        name,
        exit_.purpose,
        exit_.quantity,
        at,
        account=account,
        limit_price=limit,
        trigger_price=exit_.trigger_price,
        reason="" if exit_.number is None else str(exit_.number),
    )
