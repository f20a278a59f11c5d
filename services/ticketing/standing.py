"""A ticket as it is shown. Values."""

from dataclasses import dataclass

from engines.orders.order import Intent, Order
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from engines.risk.latch import Latch
from ports.tickets import Ticket, TicketState
from services.ticketing.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStanding:
    """A ticket with its order as both stand now. `left_s` is how long it still waits. `latch` stops it.
    `decided_by` is the name of the person who decided it, `asked_by` of the one whose wish it is. `follows`
    says what became of the one that it took the place of."""

    ticket: Ticket
    intent: Intent
    trade: Trade
    orders: tuple[Order, ...]
    progress: Progress
    left_s: float
    latch: Latch | None = None
    asked_by: str = ""
    decided_by: str = ""
    follows: TicketState | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.ticket.state is TicketState.OPEN

    @property
    def is_paper(self) -> bool:
        """Whether its money pretends."""
        return SubAccount(engine=EngineName(self.intent.engine), account=self.intent.account).is_paper

    @property
    def is_sent(self) -> bool:
        """Whether its order went on its way."""
        return self.ticket.state in (TicketState.APPROVED, TicketState.PAPER)
