"""What a venue did without us, taken over into the books: a fill of an order that was never ours."""

from dataclasses import dataclass
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.lifecycle import child_id
from engines.orders.naming import intent_name
from engines.orders.order import (
    Fill,
    Filled,
    Intent,
    Liquidity,
    Order,
    OrderKind,
    OrderState,
    Purpose,
    Terms,
)
from engines.orders.reconcile import Mend
from engines.orders.subaccount import EngineName, SubAccount, engine_of
from engines.orders.trade import Trade
from ports.books import Change
from ports.clock import Clock
from services.ordering.placing import Placing
from services.ordering.positions import Positions
from services.trading.journal import Step
from services.trading.register import Held
from services.trading.story import Story

REASON = "adopted"


@dataclass(slots=True, repr=False)
class Adopting:
    """Books fills that set a position right. Nothing is sent."""

    placing: Placing
    positions: Positions
    clock: Clock

    async def adopt(self, account: str, mend: Mend, price: Decimal, cause: str) -> Trade:
        """Book a mend as traded at `price`; the trade then. A new position belongs to the desk's own hand.
        The same cause again changes nothing. Raises `Conflict`, `Transient`: nothing was written."""
        trade = mend.trade or await self._position(account, mend.instrument, mend.direction)
        intent = self._intent(trade, account, mend, cause)
        if await self.placing.is_known(intent):
            return await self.placing.now(trade)
        await self.placing.register.account(trade.owner)
        held = await self.placing.journal.write(trade.id, self._step(trade, intent, price))
        assert held is not None
        return held.trade

    async def _position(self, account: str, instrument: Instrument, direction: Direction) -> Trade:
        own_hand = SubAccount(engine=EngineName.MANUAL, account=account)
        return await self.positions.of(own_hand, instrument, direction)

    def _intent(self, trade: Trade, account: str, mend: Mend, cause: str) -> Intent:
        engine = engine_of(trade.owner) or EngineName.MANUAL
        return Intent(
            id=intent_name(engine, f"{REASON}:{cause}:{trade.id}"),
            owner=trade.owner,
            account=account,
            engine=engine,
            trade_id=trade.id,
            instrument=trade.instrument,
            side=mend.side,
            quantity=mend.quantity,
            kind=OrderKind.MARKET,
            purpose=Purpose.MANUAL,
            reduce_only=mend.is_exit,
            reason=REASON,
            created_at=self.clock.now(),
        )

    def _step(self, trade: Trade, intent: Intent, price: Decimal) -> Step:
        """The step that writes trade, order, fill and entries at once."""
        now = self.clock.now()
        order = Order(
            id=child_id(intent.id, 1),
            intent=intent,
            terms=Terms.of(intent),
            state=OrderState.SENT,
            created_at=now,
            updated_at=now,
        )
        fill = Fill(
            id=REASON,
            order_id=order.id,
            price=price,
            quantity=intent.quantity,
            fee=Decimal(0),
            liquidity=Liquidity.TAKER,
            at=now,
        )

        def step(held: Held | None) -> Change:
            before = held or Held(trade=trade)
            story = Story.of(before.after(before.trade, [order]), order)
            story.hear(Filled(at=now, fill=fill))
            story.end(now)
            return Change(
                trade=story.trade,
                orders=(story.order,),
                fills=tuple(story.fills),
                entries=tuple(story.entries),
            )

        return step
