"""What an admin decides about a difference, carried out: booked, closed or cancelled by way of the road."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument
from engines.ledger import movement
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Purpose
from engines.orders.reconcile import Difference, Mend, Place, added_price, mends
from engines.orders.subaccount import EngineName, SubAccount, engine_of
from engines.orders.trade import Trade
from ports.clock import Clock
from ports.errors import Refused
from services.orders import Orders
from services.reconciling.comparison import Comparison
from services.reconciling.ledger import booked_at
from services.trading.intents import intent_of
from services.trading.ledger import QUOTE

MOST_SLIPPAGE: Final = Decimal("0.005")
REASON: Final = "reconcile"


@dataclass(slots=True, repr=False)
class Mending:
    """Deeds about differences. What was done is seen by the next comparison."""

    orders: Orders
    clock: Clock

    async def adopt_balance(self, account: str, difference: Difference) -> None:
        """Set the books right, and keep the difference on record. Raises `Transient`."""
        booked = await booked_at(account, self.orders.register)
        owner = SubAccount(engine=EngineName.MANUAL, account=account).owner
        if booked.home is not None:
            owner = booked.home.owner
        now = self.clock.now()
        name = f"{account}:{difference.name}:{_cause(difference, now)}"
        entry = movement.adjustment(owner, name, difference.name, difference.gap, now, quote=QUOTE)
        await self.orders.register.book(owner, entry)

    async def adopt_position(self, seen: Comparison, difference: Difference) -> list[Trade]:
        """Book fills that make our positions the venue's; the trades that have more by it. Raises `Conflict`,
        `Transient`."""
        cause, grown = _cause(difference, seen.at), list[Trade]()
        booked = await booked_at(seen.account, self.orders.register)
        for mend in mends(difference, booked.trades):
            price = await self._price(seen, difference, mend, booked.trades)
            trade = await self.orders.adopt(seen.account, mend, price, cause=cause)
            grown += [] if mend.is_exit else [trade]
        return grown

    async def close_position(self, seen: Comparison, difference: Difference) -> None:
        """Take over what the venue has more, and close it at the market by the road. Raises `Refused`
        (`nothing_to_close`), `Conflict`, `Transient`."""
        if not may_close(difference):
            raise Refused("nothing_to_close")
        for trade in await self.adopt_position(seen, difference):
            await self._close(seen.account, trade, abs(difference.gap))

    async def _close(self, account: str, trade: Trade, quantity: Decimal) -> None:
        engine, now = engine_of(trade.owner) or EngineName.MANUAL, self.clock.now()
        quote = await self.orders.placing.quotes(account, trade.instrument)
        intent = intent_of(
            trade,
            intent_name(engine, f"{REASON}:{trade.id}:{trade.version}"),
            Purpose.CLOSE,
            min(quantity, trade.quantity),
            now,
            account=account,
            reason=REASON,
        )
        if quote is not None:
            intent = replace(
                intent,
                style=ExecutionStyle.GUARDED_MARKET,
                decision_price=quote.other(trade.direction.exit),
                max_slippage=MOST_SLIPPAGE,
            )
        await self.orders.place(trade, [intent])

    async def cancel_order(self, seen: Comparison, difference: Difference) -> None:
        """Take an order out of the book that is not ours. Raises `Transient`, `Uncertain`."""
        await self.orders.dismiss(seen.account, seen.strangers[difference.name])

    async def _price(
        self, seen: Comparison, difference: Difference, mend: Mend, trades: Sequence[Trade]
    ) -> Decimal:
        """What a mend is booked at: where the venue says that its position stands, else the mark."""
        theirs = [one for one in seen.held if _is_there(one.instrument, one.direction, difference.place)]
        if mend.is_exit or not theirs:
            return (await self.orders.books[seen.account].mark(mend.instrument)).mark
        ours = [one for one in trades if _is_there(one.instrument, one.direction, difference.place)]
        [position] = theirs[:1]
        return added_price(ours, difference.theirs, position.entry_price, difference.gap)


def may_close(difference: Difference) -> bool:
    """Whether the venue holds more than the books, in the direction that it holds."""
    return abs(difference.theirs) > abs(difference.ours) and difference.theirs * difference.gap > 0


def _is_there(instrument: Instrument, direction: object, place: Place | None) -> bool:
    return (
        place is not None and instrument.key == place.instrument.key and place.direction in (None, direction)
    )


def _cause(difference: Difference, at: datetime) -> str:
    """Names a deed about a difference as it was at that moment: twice the same is one."""
    return f"{difference.name}:{difference.ours:f}:{difference.theirs:f}:{at.isoformat()}"
