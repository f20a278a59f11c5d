"""What tickets need of the road of orders; `services.orders` is it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.order import Intent
from engines.orders.subaccount import SubAccount
from engines.orders.trade import Trade
from engines.risk.verdict import Verdict
from ports.tickets import Effect, Ticket


class Road(Protocol):
    """The one way of an intent to a venue."""

    async def instrument(self, account: str, instrument: Instrument) -> Instrument:
        """A market as a venue account has it, with its grids. Raises `Refused`: `not_traded_there`
        (`account`, `pair`), `account_closed`; `Transient`, `Rejected`."""
        ...

    async def trade_for(
        self, sub_account: SubAccount, instrument: Instrument, direction: Direction, *, leverage: Decimal
    ) -> Trade:
        """The position that an intent there would belong to: the live one, or a new one, not stored yet."""
        ...

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        """What the gate says of it now."""
        ...

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        """What it would do, filled at `price`."""
        ...

    async def propose(self, trade: Trade, intent: Intent, ticket: Ticket) -> Trade:
        """Write down an order that waits for a person, together with its ticket."""
        ...

    async def approve(self, order_id: str, ticket: Ticket) -> Trade:
        """Send an order that waited; `ticket` is its ticket as decided. Raises `Conflict` when somebody was
        faster, `Refused`: `not_allowed` (`verdict`), `out_of_band` (`price`, `worst`), `no_fresh_price`
        (`pair`); nothing has changed then."""
        ...

    async def decline(self, order_id: str, ticket: Ticket, reason: str) -> Trade:
        """End an order that waited, together with its ticket. Raises `Conflict` when somebody was faster."""
        ...

    async def place(
        self,
        trade: Trade,
        intents: Sequence[Intent],
        *,
        key: str | None = None,
        tickets: Iterable[Ticket] = (),
    ) -> Trade:
        """Send orders, together with the tickets that tell of them."""
        ...

    async def cancel(self, order_id: str) -> None:
        """Take an order out of the book. Raises `Refused`: `order_over`; `Uncertain`, `Transient`: it may
        still be there."""
        ...
