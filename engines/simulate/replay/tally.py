"""What a replay is told of afterwards: fills and positions."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.orders.order import Fill, Order
from engines.orders.trade import Trade
from engines.simulate.run import Execution, Round

_ZERO: Final = Decimal(0)


@dataclass(slots=True)
class Tally:
    """Counts positions from their first fill on."""

    executions: list[Execution] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)
    _slippage: dict[int, Decimal] = field(default_factory=dict)
    _exits: dict[int, int] = field(default_factory=dict)

    def exits(self, trade_id: int) -> int:
        """The number of the next exit of a trade, from 1."""
        self._exits[trade_id] = self._exits.get(trade_id, 0) + 1
        return self._exits[trade_id]

    def fill(self, trade: Trade, order: Order, fill: Fill, fee: Decimal) -> None:
        """A fill of an order; `fee` is what was charged."""
        number = self._numbers.setdefault(trade.id, len(self._numbers) + 1)
        intent = order.intent
        seen = intent.trigger_price or intent.decision_price
        if seen is not None:
            cost = (fill.price - seen) * intent.side.sign * fill.quantity
            self._slippage[trade.id] = self._slippage.get(trade.id, _ZERO) + cost
        self.executions.append(
            Execution(
                at=fill.at,
                round=number,
                instrument=trade.instrument,
                side=intent.side,
                price=fill.price,
                quantity=fill.quantity,
                fee=fee,
                reason=intent.purpose.value,
            )
        )

    def close(self, trade: Trade) -> None:
        """A position is over."""
        exit_price, closed_at = trade.exit_price, trade.closed_at
        assert exit_price is not None
        assert closed_at is not None
        self.rounds.append(self._round(trade, exit_price, closed_at, trade.realised))

    def leave_open(self, trade: Trade, price: Decimal, at: datetime) -> None:
        """A position is held at the end: it counts at the last price."""
        gross = trade.realised + trade.unrealised(price)
        self.rounds.append(self._round(trade, price, at, gross))

    def _round(self, trade: Trade, exit_price: Decimal, closed_at: datetime, gross: Decimal) -> Round:
        entry_price, opened_at = trade.entry_price, trade.opened_at
        assert entry_price is not None
        assert opened_at is not None
        return Round(
            number=self._numbers[trade.id],
            instrument=trade.instrument,
            direction=trade.direction,
            quantity=trade.entered,
            entry_price=entry_price,
            exit_price=exit_price,
            opened_at=opened_at,
            closed_at=closed_at,
            gross=gross,
            fees=trade.fees,
            funding=trade.funding,
            slippage=self._slippage.get(trade.id, _ZERO),
            risk=trade.risk,
            reason=trade.close_reason,
        )
