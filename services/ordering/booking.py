"""Reports of venues, booked: order, trade, ledger and messages in one commit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from engines.orders.lifecycle import IllegalTransition, apply
from engines.orders.order import Filled, Order, OrderEvent
from engines.orders.trade import CloseReason, Trade, TradeState
from engines.risk.latch import Cause, Latch, Scope
from ports.books import Change, Conflict
from ports.clock import Clock
from services.ordering.findings import Breakers, Finding, Tell
from services.trading.journal import Journal
from services.trading.register import Held, Register
from services.trading.story import NOTHING_FILLED, Story
from services.trading.telling import Teller
from services.trading.wish import TradeEvent

log = structlog.get_logger()


@dataclass(slots=True, repr=False)
class Booking:
    """What has happened at a venue, on its way into the books. A report that cannot be is left out, told and
    stops the engine: the rest is booked."""

    register: Register
    journal: Journal
    teller: Teller
    clock: Clock
    breakers: Breakers
    tell: Tell

    async def settle(self, trade_id: int, order_id: str, events: Sequence[OrderEvent]) -> Held | None:
        """Book reports of an order; the trade then, `None` when there is no such trade or order. They have
        happened: nothing may keep them from being stored."""
        impossible: list[tuple[Order, OrderEvent, ValueError]] = []
        has_told = False

        def step(held: Held | None) -> Change | None:
            nonlocal has_told
            order = None if held is None else held.by_id.get(order_id)
            if held is None or order is None:
                return None
            impossible.clear()
            story = Story.of(held, order)
            for event in events:
                try:
                    story.hear(event)
                except ValueError as error:
                    impossible.append((order, event, error))
            if not story.has_news:
                return None
            change = _change(story, self.teller, max(event.at for event in events))
            has_told = bool(change.pushes)
            return change

        await self.register.recollect(trade_id, order_id)
        after = await self.journal.write(trade_id, step, is_sure=True)
        if has_told:
            self.teller.stored()
        for order, event, error in impossible:
            await self._report(order, event, error)
        return after

    async def note(self, order: Order, event: OrderEvent) -> Order:
        """Write down what we are about to do to an order; it then. Raises `Transient` or `Conflict`: nothing
        was written, so nothing may be done."""

        def step(held: Held | None) -> Change | None:
            if held is None:
                return None
            changed = apply(held.order(order.id), event)
            trade = replace(held.trade, version=held.trade.version + 1)
            return Change(trade=trade, orders=(changed,))

        try:
            held = await self.journal.write(order.intent.trade_id, step)
        except IllegalTransition as error:  # it was filled, say, since it was looked at
            raise Conflict(str(error)) from error
        return order if held is None else held.order(order.id)

    async def give_up(self, trade_id: int) -> None:
        """End a trade none of whose entries was ever filled."""
        now = self.clock.now()

        def step(held: Held | None) -> Change | None:
            if held is None or held.trade.state is not TradeState.WAITING or held.pending:
                return None
            over = _given_up(held.trade, now)
            event = TradeEvent(code="not_filled", trade=over, at=now, is_loud=True, params=NOTHING_FILLED)
            return Change(trade=over, pushes=self.teller.pushes([event]))

        await self.journal.write(trade_id, step, is_sure=True)
        self.teller.stored()

    async def _report(self, order: Order, event: OrderEvent, error: ValueError) -> None:
        """A contradiction in words alone is only logged; one in money stops the engine at that venue."""
        intent = order.intent
        log.error("impossible_report", order=order.id, report=type(event).__name__, error=str(error))
        if not isinstance(event, Filled):
            return
        code = "overfill" if isinstance(error, IllegalTransition) else "impossible"
        params = {"order_id": order.id, "error": str(error)}
        await self.breakers.pull(
            Latch(
                id=f"invariant:{intent.engine}:{intent.account}",
                scope=Scope(engine=intent.engine, account=intent.account),
                cause=Cause.INVARIANT,
                pulled_at=self.clock.wire_now(),
                detail=str(error),
            )
        )
        await self.tell(Finding(code=code, account=intent.account, params=params))


def _change(story: Story, teller: Teller, at: datetime) -> Change:
    told: Iterable[TradeEvent] = story.end(at)
    return Change(
        trade=story.trade,
        orders=(story.order,),
        fills=tuple(story.fills),
        entries=tuple(story.entries),
        pushes=teller.pushes(told),
    )


def _given_up(trade: Trade, now: datetime) -> Trade:
    return replace(
        trade,
        state=TradeState.CANCELED,
        close_reason=CloseReason.NOT_FILLED,
        closed_at=now,
        version=trade.version + 1,
    )
