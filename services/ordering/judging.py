"""What the road asks of the risk gate."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from engines.core.instrument import Instrument
from engines.orders.execution import Quote
from engines.orders.order import Intent
from engines.orders.trade import Trade
from engines.risk.verdict import Check, Ruling, Verdict
from ports.tickets import Effect
from services.trading.funds import Funds

Quotes = Callable[[str, Instrument], Awaitable[Quote | None]]
"""The best prices of a market at a venue account, no older than can be acted on; `None` without."""


class Judge(Protocol):
    """Every intent passes here; `services.gate` is it. From memory, without waiting; what it does not know
    it forbids. Orders that are on their way count as filled, those of the intent itself do not."""

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        """Whether an intent may go, and how much of it."""
        ...

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        """What it would do, filled at `price`."""
        ...


@dataclass(slots=True, repr=False)
class FundsOnly:
    """A gate that looks at the money alone: for tests of what comes after it."""

    funds: Funds

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        """`too_much` for an entry that cannot be paid for."""
        if intent.reduce_only or trade.is_cross or self.funds.covers(intent, trade.leverage):
            return Verdict(ruling=Ruling.ALLOW, quantity=intent.quantity)
        check = Check(code="too_much", is_kept=False, limit=self.funds.free(intent.owner))
        return Verdict(ruling=Ruling.DENY, quantity=Decimal(0), decisive=check, checks=(check,))

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        """The size and the fee; nothing is known of the whole."""
        notional = intent.quantity * price
        signed = intent.quantity * intent.side.sign
        held = trade.quantity * trade.direction.sign
        return Effect(
            notional=notional,
            nav_share=None,
            fee=notional * self.funds.fee_rate(intent.instrument),
            slippage=Decimal(0),
            delta_before=held,
            delta_after=held + signed,
            delta_limit=None,
            leverage_before=None,
            leverage_after=None,
            leverage_limit=None,
        )


async def no_quotes(account: str, instrument: Instrument) -> Quote | None:
    """Nothing is known of any market: for desks that trade on paper alone."""
    return None
