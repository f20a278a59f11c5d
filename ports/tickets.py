"""Tickets: an order that waits for a person, bound to everything that the person saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class TicketState(StrEnum):
    """`OPEN` waits; everything else is over."""

    OPEN = "open"
    APPROVED = "approved"
    PAPER = "paper"
    SKIPPED = "skipped"
    SMALLER = "smaller"
    REQUOTED = "requoted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    """Stopped by a latch, or the desk could not go on with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an order would do, as shown: money in the quote currency, shares as fractions of the NAV.

    `delta` is the net exposure to the asset in base coin over all engines. Where a limit cut the order,
    `asked` is the notional that was wanted and `cut_by` the code of the limit (`engines.risk.verdict`).
    """

    notional: Decimal
    nav_share: Decimal | None
    fee: Decimal
    slippage: Decimal
    delta_before: Decimal
    delta_after: Decimal
    delta_limit: Decimal | None
    leverage_before: Decimal | None
    leverage_after: Decimal | None
    leverage_limit: Decimal | None
    asked: Decimal | None = None
    cut_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A question to those who may approve: may this order go?

    `id` is short enough to be read aloud (`"7F3K"`). `order_id` is the order that waits; symbol, side, size
    and worst price stand in it and cannot change. Expiry is wire time. `asked_by` is the person whose wish it
    is (`None`: an engine's). `replaces` is the ticket that this one took the place of.
    """

    id: str
    order_id: str
    engine: str
    state: TicketState
    effect: Effect
    reason: str
    asked_by: int | None
    created_at: datetime
    expires_at: datetime
    decided_by: int | None = None
    decided_at: datetime | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCard:
    """A message that shows a ticket and then its order; `version` is what it shows, 0 nothing yet."""

    ticket_id: str
    chat_id: int
    message_id: int | None
    version: int


class TicketStore(Protocol):
    """Tickets and their cards. A ticket is written by `Books.commit`, in one transaction with its order."""

    async def get(self, ticket_id: str) -> Ticket | None: ...

    async def by_order(self, order_id: str) -> Ticket | None: ...

    async def open(self) -> Sequence[Ticket]:
        """Those that wait, the oldest first."""
        ...

    async def automatic(self, since: datetime) -> Sequence[Ticket]:
        """Those of orders with real money that went by themselves, made at `since` or later, the oldest
        first."""
        ...

    async def latest(self, limit: int) -> Sequence[Ticket]:
        """The newest first, whatever became of them."""
        ...

    async def cards(self, ticket_id: str) -> Sequence[TicketCard]: ...

    async def shown(self, card: TicketCard) -> None:
        """The message at that place shows that version now; one card a ticket and chat."""
        ...

    async def move_cards(self, ticket_id: str, to: str) -> None:
        """The cards of a ticket show another one from now on: the one that replaced it."""
        ...
