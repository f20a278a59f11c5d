"""Tickets in memory, and builders of them. They pass `tests/contracts/test_ticket_store.py`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ports.tickets import Effect, Ticket, TicketCard, TicketState
from tests.build.clock import NOON


class MemoryTickets:
    """`TicketStore` in dictionaries. `MemoryBooks` puts tickets in, together with what they belong to."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._cards: dict[tuple[str, int], TicketCard] = {}

    def put(self, tickets: Iterable[Ticket]) -> None:
        """Store tickets of a change that was found in order."""
        self._tickets.update((ticket.id, ticket) for ticket in tickets)

    def is_decided(self, ticket_id: str) -> bool:
        """Whether it is stored and waits no longer."""
        stored = self._tickets.get(ticket_id)
        return stored is not None and stored.state is not TicketState.OPEN

    async def get(self, ticket_id: str) -> Ticket | None:
        return self._tickets.get(ticket_id)

    async def by_order(self, order_id: str) -> Ticket | None:
        theirs = [ticket for ticket in self._tickets.values() if ticket.order_id == order_id]
        return theirs[-1] if theirs else None

    async def open(self) -> Sequence[Ticket]:
        return [ticket for ticket in self._tickets.values() if ticket.state is TicketState.OPEN]

    async def automatic(self, since: datetime) -> Sequence[Ticket]:
        went = [one for one in self._tickets.values() if one.state is TicketState.APPROVED]
        return [one for one in went if one.decided_by is None and one.created_at >= since]

    async def latest(self, limit: int) -> Sequence[Ticket]:
        return list(reversed(self._tickets.values()))[:limit]

    async def cards(self, ticket_id: str) -> Sequence[TicketCard]:
        theirs = (card for card in self._cards.values() if card.ticket_id == ticket_id)
        return sorted(theirs, key=lambda card: card.chat_id)

    async def shown(self, card: TicketCard) -> None:
        self._cards[card.ticket_id, card.chat_id] = card

    async def move_cards(self, ticket_id: str, to: str) -> None:
        for card in await self.cards(ticket_id):
            if (to, card.chat_id) not in self._cards:
                del self._cards[ticket_id, card.chat_id]
                self._cards[to, card.chat_id] = replace(card, ticket_id=to)


def an_effect(**fields: Any) -> Effect:
    """Of a small purchase by a desk that held nothing."""
    usual: dict[str, Any] = {
        "notional": Decimal("872.105"),
        "nav_share": Decimal("0.00872105"),
        "fee": Decimal("0.48"),
        "slippage": Decimal("0.11"),
        "delta_before": Decimal(0),
        "delta_after": Decimal("0.01"),
        "delta_limit": None,
        "leverage_before": Decimal(0),
        "leverage_after": Decimal("0.00872105"),
        "leverage_limit": Decimal(3),
    }
    return Effect(**usual | fields)


def a_ticket(ticket_id: str = "7F3K", **fields: Any) -> Ticket:
    """Open for two minutes, for the first order of `an_intent()`, at an engine's wish."""
    usual: dict[str, Any] = {
        "order_id": "t1-e-0",
        "engine": "trend",
        "state": TicketState.OPEN,
        "effect": an_effect(),
        "reason": "SMA 50 over SMA 200",
        "asked_by": None,
        "created_at": NOON,
        "expires_at": NOON + timedelta(seconds=120),
    }
    return Ticket(id=ticket_id, **usual | fields)
