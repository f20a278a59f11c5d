"""Tickets and their cards in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select, update

from adapters.sql.database import Database
from adapters.sql.tables import ticket_cards, tickets
from ports.tickets import Ticket, TicketCard, TicketState

_TICKET = tuple(column for column in tickets.columns if column.name != "number")
_PLACE = ("message_id", "version")


class SqlTickets:
    """`TicketStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, ticket_id: str) -> Ticket | None:
        return await self._one(select(*_TICKET).where(tickets.c.id == ticket_id))

    async def by_order(self, order_id: str) -> Ticket | None:
        of_order = select(*_TICKET).where(tickets.c.order_id == order_id)
        return await self._one(of_order.order_by(tickets.c.number.desc()).limit(1))

    async def open(self) -> Sequence[Ticket]:
        waiting = select(*_TICKET).where(tickets.c.state == TicketState.OPEN)
        return await self._many(waiting.order_by(tickets.c.number))

    async def automatic(self, since: datetime) -> Sequence[Ticket]:
        went = tickets.c.state == TicketState.APPROVED, tickets.c.decided_by.is_(None)
        query = select(*_TICKET).where(*went, tickets.c.created_at >= since)
        return await self._many(query.order_by(tickets.c.number))

    async def latest(self, limit: int) -> Sequence[Ticket]:
        return await self._many(select(*_TICKET).order_by(tickets.c.number.desc()).limit(limit))

    async def cards(self, ticket_id: str) -> Sequence[TicketCard]:
        of_ticket = select(ticket_cards).where(ticket_cards.c.ticket_id == ticket_id)
        async with self._database.read() as connection:
            rows = await connection.execute(of_ticket.order_by(ticket_cards.c.chat_id))
            return [TicketCard(**row) for row in rows.mappings()]

    async def shown(self, card: TicketCard) -> None:
        row = {column.name: getattr(card, column.name) for column in ticket_cards.columns}
        there = self._database.insert(ticket_cards).values(row)
        place = {name: row[name] for name in _PLACE}
        async with self._database.write() as connection:
            await connection.execute(
                there.on_conflict_do_update(index_elements=["ticket_id", "chat_id"], set_=place)
            )

    async def move_cards(self, ticket_id: str, to: str) -> None:
        """A chat that has a card of the new ticket already keeps that one, and the old."""
        taken = select(ticket_cards.c.chat_id).where(ticket_cards.c.ticket_id == to).scalar_subquery()
        theirs = ticket_cards.c.ticket_id == ticket_id, ticket_cards.c.chat_id.not_in(taken)
        async with self._database.write() as connection:
            await connection.execute(update(ticket_cards).where(*theirs).values(ticket_id=to))

    async def _one(self, query: Select[tuple[object, ...]]) -> Ticket | None:
        found = await self._many(query)
        return found[0] if found else None

    async def _many(self, query: Select[tuple[object, ...]]) -> Sequence[Ticket]:
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [Ticket(**row) for row in rows.mappings()]
