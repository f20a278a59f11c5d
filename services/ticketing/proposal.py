"""A proposal on its way: measured, judged, and where it goes. Values."""

from dataclasses import dataclass
from enum import StrEnum

from engines.orders.drafting import Quote
from engines.orders.order import Intent, Order
from engines.orders.proposal import Proposal
from engines.orders.subaccount import SubAccount
from engines.orders.trade import Trade
from engines.risk.verdict import Verdict
from ports.tickets import Effect, Ticket


class Route(StrEnum):
    """Where a proposal goes: to the paper account by itself, to a venue by itself, or to a person first."""

    PAPER = "paper"
    AUTO = "auto"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposal measured against the market and the limits, nothing done yet: `intent` has the size that
    `verdict` allows, and belongs to `trade`."""

    proposal: Proposal
    sub_account: SubAccount
    trade: Trade
    intent: Intent
    quote: Quote
    verdict: Verdict
    effect: Effect
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a proposal at once. `is_repeat`: it was acted on before, and this is how it stands."""

    route: Route
    ticket: Ticket
    trade: Trade
    orders: tuple[Order, ...]
    is_repeat: bool = False
