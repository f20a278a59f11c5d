"""What engines have entered since 00:00 UTC."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal

from engines.orders.subaccount import is_person
from ports.clock import Clock
from services.trading.register import Held, Register


@dataclass(slots=True, repr=False)
class Turnover:
    """Cost of today's fills of entries, by sub-account; market time. `load` comes once, after the register's.
    Before that nobody knows."""

    register: Register
    clock: Clock
    _entered: dict[int, Decimal] = field(default_factory=dict)
    _costs: dict[int, Decimal] = field(default_factory=dict)
    _day: date | None = None

    async def load(self, owners: Sequence[int]) -> None:
        """Read what these have entered today, and hear of what comes. Raises `Transient`."""
        entered: dict[int, Decimal] = {}
        for owner in owners:
            entered[owner] = await self._booked(owner)
        for held in self.register.live():
            self._costs[held.trade.id] = held.trade.entry_cost
        self._entered, self._day = entered, self._today()
        self.register.on_change.append(self._hear)

    def of(self, owner: int) -> Decimal | None:
        """What a sub-account has entered today."""
        if self._day is None:
            return None
        self._turn()
        return self._entered.get(owner, Decimal(0))

    async def _booked(self, owner: int) -> Decimal:
        today = self._today()
        return sum(
            (
                fill.price * fill.quantity
                for order, fill in await self.register.books.fills(owner)
                if not order.intent.reduce_only and fill.at.astimezone(UTC).date() == today
            ),
            Decimal(0),
        )

    def _hear(self, held: Held) -> None:
        trade = held.trade
        if is_person(trade.owner):
            return
        self._turn()
        grown = trade.entry_cost - self._costs.get(trade.id, Decimal(0))
        self._entered[trade.owner] = self._entered.get(trade.owner, Decimal(0)) + grown
        self._costs[trade.id] = trade.entry_cost
        if not trade.is_live:
            del self._costs[trade.id]

    def _turn(self) -> None:
        today = self._today()
        if self._day is not None and today != self._day:
            self._entered.clear()
            self._day = today

    def _today(self) -> date:
        return self.clock.now().astimezone(UTC).date()
