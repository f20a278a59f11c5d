"""How an intent stands, added up over its orders. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.orders.lifecycle import is_final
from engines.orders.order import Intent, Order, OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`state` is that of the newest order, save that what was filled counts: `FILLED` once the intent is.
    `slippage` is money lost against the decision price (negative: gained), `slippage_share` the same as a
    fraction of it; `None` before the first fill and without such a price. `at` is market time."""

    state: OrderState
    quantity: Decimal
    filled: Decimal
    average: Decimal | None
    fees: Decimal
    slippage: Decimal | None
    slippage_share: Decimal | None
    reason: str
    is_over: bool
    has_late_fill: bool
    at: datetime

    @property
    def is_partial(self) -> bool:
        """Whether some of it is filled, and not all."""
        return 0 < self.filled < self.quantity


def progress_of(intent: Intent, orders: Sequence[Order]) -> Progress:
    """The sum of the intent's orders, of which there is at least one, the oldest first."""
    last = orders[-1]
    filled = sum((one.filled for one in orders), Decimal(0))
    cost = sum((one.cost for one in orders), Decimal(0))
    slippage = _slippage(intent, filled, cost)
    decided_cost = None if intent.decision_price is None else intent.decision_price * filled
    return Progress(
        state=OrderState.FILLED if filled >= intent.quantity else last.state,
        quantity=intent.quantity,
        filled=filled,
        average=cost / filled if filled else None,
        fees=sum((one.fees for one in orders), Decimal(0)),
        slippage=slippage,
        slippage_share=slippage / decided_cost if slippage is not None and decided_cost else None,
        reason=last.reason,
        is_over=filled >= intent.quantity or all(is_final(one.state) for one in orders),
        has_late_fill=any(one.has_late_fill for one in orders),
        at=max(one.updated_at for one in orders),
    )


def is_cancelable(order: Order) -> bool:
    """Whether asking the venue to take it out of the book makes sense."""
    waits = (OrderState.AWAITING_APPROVAL, OrderState.CANCEL_PENDING)
    return not is_final(order.state) and order.state not in waits


def _slippage(intent: Intent, filled: Decimal, cost: Decimal) -> Decimal | None:
    if intent.decision_price is None or not filled:
        return None
    return (cost - intent.decision_price * filled) * intent.side.sign
