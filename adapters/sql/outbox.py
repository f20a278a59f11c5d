"""The outbox in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.database import Database
from adapters.sql.tables import outbox
from ports.messages import Button, Keyboard, OutboundMessage, OutboxRow, Priority, Screen, Style


class SqlOutbox:
    """`OutboxStore` in the desk database. A closed row was sent (it has a message id) or dropped."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, message: OutboundMessage) -> bool:
        async with self._database.write() as connection:
            return await add_push(self._database, connection, message)

    async def unsent(self, *, limit: int = 100) -> Sequence[OutboxRow]:
        waiting = (
            select(outbox)
            .where(outbox.c.closed_at.is_(None))
            .order_by(outbox.c.priority, outbox.c.created_at, outbox.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(waiting)
            return [_row(row) for row in rows.mappings()]

    async def sent(self, row_id: int, *, message_id: int, at: datetime) -> None:
        await self._set(row_id, message_id=message_id, closed_at=at)

    async def failed(self, row_id: int, *, reason: str) -> None:
        await self._set(row_id, tries=outbox.c.tries + 1, reason=reason)

    async def dropped(self, row_id: int, *, reason: str, at: datetime) -> None:
        await self._set(row_id, reason=reason, closed_at=at)

    async def forget_before(self, at: datetime) -> int:
        async with self._database.write() as connection:
            forgotten = await connection.execute(delete(outbox).where(outbox.c.closed_at < at))
            return forgotten.rowcount

    async def _set(self, row_id: int, **values: Any) -> None:
        waiting = outbox.c.id == row_id, outbox.c.closed_at.is_(None)
        async with self._database.write() as connection:
            await connection.execute(update(outbox).where(*waiting).values(values))


async def add_push(database: Database, connection: AsyncConnection, message: OutboundMessage) -> bool:
    """Store a message in the transaction that is open, so that it stands or falls with its cause; `False`
    when its event is known."""
    added = await connection.execute(push_insertion(database).values(push_row(message)))
    return added.rowcount == 1


async def add_pushes(
    database: Database, connection: AsyncConnection, messages: Sequence[OutboundMessage]
) -> None:
    """As `add_push`, for many at once; those whose event is known are left out."""
    if messages:
        await connection.execute(push_insertion(database), [push_row(message) for message in messages])


def push_insertion(database: Database) -> "sqlite.Insert | postgresql.Insert":
    """Adds a message, unless its event is known."""
    return database.insert(outbox).on_conflict_do_nothing(index_elements=["dedupe"])


def push_row(message: OutboundMessage) -> dict[str, Any]:
    """A message as `push_insertion` takes it."""
    return {
        "dedupe": message.dedupe,
        "chat_id": message.chat_id,
        "html": message.screen.html,
        "keyboard": _packed(message.screen.keyboard),
        "priority": message.priority.value,
        "is_silent": message.is_silent,
        "created_at": message.created_at,
        "expires_at": message.expires_at,
    }


def _row(row: RowMapping) -> OutboxRow:
    message = OutboundMessage(
        chat_id=row["chat_id"],
        screen=Screen(html=row["html"], keyboard=_unpacked(row["keyboard"])),
        priority=Priority(row["priority"]),
        dedupe=row["dedupe"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        is_silent=row["is_silent"],
    )
    return OutboxRow(id=row["id"], message=message, tries=row["tries"])


def _packed(keyboard: Keyboard) -> list[list[dict[str, str]]]:
    return [
        [{key: value for key, value in asdict(button).items() if value is not None} for button in line]
        for line in keyboard
    ]


def _unpacked(lines: Sequence[Sequence[Mapping[str, Any]]]) -> Keyboard:
    return tuple(
        tuple(Button(**{**button, "style": Style(button["style"])}) for button in line) for line in lines
    )
