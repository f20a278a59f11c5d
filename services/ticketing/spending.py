"""What engines have spent today without asking; the limits of a day hold across restarts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

from ports.clock import Clock
from ports.desk_state import Policy
from ports.tickets import Ticket


@dataclass(slots=True, repr=False)
class Spending:
    """Sums by engine and UTC day (wire time)."""

    clock: Clock
    _spent: dict[tuple[str, date], Decimal] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        """When the day began."""
        return datetime.combine(self._day(), time(), UTC)

    def load(self, tickets: Iterable[Ticket]) -> None:
        """Add up what went by itself, from the tickets of orders that nobody was asked about."""
        self._spent.clear()
        for ticket in tickets:
            self._add(ticket.engine, ticket.created_at.astimezone(UTC).date(), ticket.effect.notional)

    def today(self, engine: str) -> Decimal:
        """Spent today, in USDT."""
        return self._spent.get((engine, self._day()), Decimal(0))

    def allows(self, policy: Policy, notional: Decimal) -> bool:
        """Whether an order of that size may go by itself."""
        is_small = notional <= policy.most_order
        return is_small and self.today(policy.engine) + notional <= policy.most_day

    def reserve(self, engine: str, notional: Decimal) -> None:
        """Count an order before it goes, so that two at once cannot pass the limit together."""
        self._add(engine, self._day(), notional)

    def give_back(self, engine: str, notional: Decimal) -> None:
        """It did not go after all."""
        self._add(engine, self._day(), -notional)

    def _add(self, engine: str, day: date, notional: Decimal) -> None:
        self._spent[engine, day] = self._spent.get((engine, day), Decimal(0)) + notional
        for old in [key for key in self._spent if key[1] < day]:
            del self._spent[old]

    def _day(self) -> date:
        return self.clock.wire_now().astimezone(UTC).date()
