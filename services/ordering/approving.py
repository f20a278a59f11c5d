"""Orders that wait for a person, and what the person decides."""

import asyncio
from dataclasses import dataclass, replace

from engines.orders.execution import Quote, first_terms, worst_price
from engines.orders.lifecycle import apply
from engines.orders.order import (
    ApprovalAsked,
    Denied,
    ExecutionStyle,
    Expired,
    Intent,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
    Submitted,
    Terms,
    Validated,
)
from engines.orders.trade import Trade
from engines.risk.verdict import Ruling
from ports.books import Change, Conflict
from ports.errors import Refused
from ports.tickets import Ticket, TicketState
from services.ordering.placing import ACCOUNT_CLOSED, NO_PRICE, Placing, check
from services.ordering.setting_up import LEVERAGE_NOT_SET
from services.trading.journal import Step
from services.trading.register import Held


@dataclass(slots=True, repr=False)
class Approving:
    """Order and ticket change together or not at all, so that of two who decide one is told that the other
    was faster."""

    placing: Placing

    async def propose(self, trade: Trade, intent: Intent, ticket: Ticket) -> Trade:
        """As `Orders.propose`."""
        check(intent)
        placing = self.placing
        if await placing.is_known(intent):
            return await placing.now(trade)
        await placing.register.account(trade.owner)
        now = placing.clock.now()
        order = apply(placing.created(intent, Terms.of(intent)), Validated(at=now))
        order = apply(order, ApprovalAsked(at=now))
        held = await placing.journal.write(trade.id, placing.writing(trade, [order], tickets=[ticket]))
        assert held is not None
        return held.trade

    async def approve(self, order_id: str, ticket: Ticket) -> Trade:
        """As `Orders.approve`."""
        asked_at = asyncio.get_running_loop().time()
        placing, order = self.placing, self._waiting(order_id)
        if order.intent.account not in placing.sending.venues:
            raise Refused(ACCOUNT_CLOSED, account=order.intent.account)
        terms = await self._terms_now(order.intent)
        await self._check_leverage(order.intent)
        order, held = self._waiting(order_id), placing.register.get(order.intent.trade_id)
        assert held is not None
        verdict = placing.gate.judge(order.intent, held.trade)
        if verdict.ruling is not Ruling.ALLOW:
            raise Refused("not_allowed", verdict=verdict)
        now = placing.clock.now()
        sent = apply(replace(order, terms=terms, created_at=now), Submitted(at=now))
        with placing.sending.holding([sent]):
            after = await placing.written(held.trade, [sent], self._decision(sent, ticket), before=[order])
            after = await placing.sending.send(sent, asked_at=asked_at) or after
        return after.trade

    async def decline(self, order_id: str, ticket: Ticket, reason: str) -> Trade:
        """As `Orders.decline`."""
        order, now = self._waiting(order_id), self.placing.clock.now()
        is_late = ticket.state is TicketState.EXPIRED
        event: OrderEvent = Expired(at=now) if is_late else Denied(at=now, reason=reason)
        step = self._decision(apply(order, event), ticket)
        held = await self.placing.journal.write(order.intent.trade_id, step)
        assert held is not None
        return held.trade

    async def _terms_now(self, intent: Intent) -> Terms:
        """The terms of an approved intent, if the market is still where it was shown."""
        quote = await self.placing.quotes(intent.account, intent.instrument)
        self._check_band(intent, quote)
        terms = first_terms(intent, quote, self.placing.pace)
        if terms is None:
            raise Refused(NO_PRICE, pair=intent.instrument.pair)
        return terms

    async def _check_leverage(self, intent: Intent) -> None:
        held = self.placing.register.get(intent.trade_id)
        if held is not None and not await self.placing.has_leverage(intent, held.trade):
            raise Refused(LEVERAGE_NOT_SET, account=intent.account, pair=intent.instrument.pair)

    def _check_band(self, intent: Intent, quote: Quote | None) -> None:
        """The market has not run away beyond the worst price that was shown. A limit rests where it is."""
        is_bound = intent.worst_price is not None or intent.decision_price is not None
        if not is_bound or intent.kind is OrderKind.LIMIT or intent.style is ExecutionStyle.POST_ONLY:
            return
        if quote is None:
            raise Refused(NO_PRICE, pair=intent.instrument.pair)
        price, worst = quote.other(intent.side), worst_price(intent, None, self.placing.pace)
        if worst is not None and (price - worst) * intent.side.sign > 0:
            raise Refused("out_of_band", price=price, worst=worst)

    def _waiting(self, order_id: str) -> Order:
        order = self.placing.register.find(order_id)
        if order is None or order.state is not OrderState.AWAITING_APPROVAL:
            raise Conflict(f"order {order_id} does not wait any more")
        return order

    def _decision(self, order: Order, ticket: Ticket) -> Step:
        """The step that a decision is: the order that waited becomes `order`, with its ticket."""

        def step(held: Held | None) -> Change | None:
            before = None if held is None else held.by_id.get(order.id)
            is_reserved = before is order
            is_waiting = before is not None and before.state is OrderState.AWAITING_APPROVAL
            if held is None or not (is_reserved or is_waiting):
                raise Conflict(f"order {order.id} does not wait any more")
            trade = self.placing.ended(held, [order])
            return Change(trade=trade, orders=(order,), tickets=(ticket,))

        return step
