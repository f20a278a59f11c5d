"""What reports of a venue mean for an order and its trade: one step, nothing stored yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from engines.ledger.entry import Entry
from engines.orders.execution import may_go_on
from engines.orders.lifecycle import is_final
from engines.orders.order import Fill, Order, OrderEvent, OrderState, Purpose
from engines.orders.story import told
from engines.orders.trade import CloseReason, Trade, TradeState
from services.trading.register import Held
from services.trading.wish import TradeEvent

CODES = {
    Purpose.STOP: "stop",
    Purpose.TRAIL: "trail",
    Purpose.LIQUIDATION: "liquidated",
    Purpose.TARGET: "target",
    Purpose.CLOSE: "closed",
    Purpose.MANUAL: "closed",
}
BY_THE_PERSON = frozenset({Purpose.CLOSE, Purpose.MANUAL})
"""Who closes by hand sees it in the answer."""

NOTHING_FILLED: Mapping[str, object] = {
    "price": None,
    "quantity": Decimal(0),
    "purpose": Purpose.ENTRY,
    "reason": "expired",
    "number": None,
}
"""Parameters of an event about an order that nothing was filled of."""


@dataclass(slots=True, repr=False)
class Story:
    """The trade and the order after the reports heard so far, with what they booked."""

    held: Held
    trade: Trade
    order: Order
    fills: list[Fill] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def of(cls, held: Held, order: Order) -> "Story":
        """Before anything was heard."""
        return cls(held=held, trade=held.trade, order=order)

    def hear(self, event: OrderEvent) -> None:
        """One report; a fill that was counted already changes nothing. Raises `ValueError` for one that
        cannot be, as `lifecycle.apply` and `settlement.settle_fill` do: nothing has changed then."""
        telling = told(self.order, self.trade, event)
        self.order, self.trade = telling.order, telling.trade
        self.entries += telling.entries
        if telling.fill is not None:
            self.fills.append(telling.fill)

    @property
    def has_news(self) -> bool:
        """Whether anything heard was new."""
        return self.order != self.held.order(self.order.id)

    def end(self, at: datetime) -> Sequence[TradeEvent]:
        """Make a version of it: a trade none of whose entries was filled is over. What there is to tell."""
        self.trade = replace(self.trade, version=self.trade.version + 1)
        return self._told_of_exit(at) if self.order.intent.reduce_only else self._told_of_entry(at)

    def _told_of_exit(self, at: datetime) -> list[TradeEvent]:
        intent = self.order.intent
        if not self.fills:
            return []
        is_loud = intent.purpose not in BY_THE_PERSON
        if self.trade.state is TradeState.CLOSED:
            code = "targets_done" if intent.purpose is Purpose.TARGET else CODES[intent.purpose]
        else:
            code = "target" if intent.purpose is Purpose.TARGET else "partly_closed"
        number = int(intent.reason) if intent.reason.isdecimal() else None
        return [self._event(code, at, is_loud=is_loud, number=number)]

    def _told_of_entry(self, at: datetime) -> list[TradeEvent]:
        before = self.held.order(self.order.id)
        was_waiting = self.held.trade.state is TradeState.WAITING
        if self.fills:
            has_rested = any(one.id == self.order.id for one in self.held.resting)
            return [self._event("opened", at, is_loud=has_rested and was_waiting)]
        is_over = is_final(self.order.state) and not may_go_on(self.order)
        if not (is_over and was_waiting) or any(one.id != self.order.id for one in self.held.pending):
            return []
        by_person = before.state is OrderState.CANCEL_PENDING
        self.trade = replace(
            self.trade,
            state=TradeState.CANCELED,
            close_reason=CloseReason.PERSON if by_person else CloseReason.NOT_FILLED,
            closed_at=at,
        )
        is_late = self.order.state is OrderState.EXPIRED
        return [self._event("canceled" if by_person else "not_filled", at, is_loud=is_late)]

    def _event(self, code: str, at: datetime, *, is_loud: bool, number: int | None = None) -> TradeEvent:
        params = {
            "price": self.order.average_price,
            "quantity": self.order.filled,
            "purpose": self.order.intent.purpose,
            "reason": self.order.reason,
            "number": number,
        }
        return TradeEvent(code=code, trade=self.trade, at=at, is_loud=is_loud, params=params)
