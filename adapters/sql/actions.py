"""Actions behind buttons in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from adapters.sql.database import Database
from adapters.sql.tables import actions
from ports.people import Action


class SqlActions:
    """`ActionStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Sequence[Action]) -> None:
        if not new:
            return
        rows = [{column.name: getattr(action, column.name) for column in actions.columns} for action in new]
        async with self._database.write() as connection:
            await connection.execute(insert(actions), rows)

    async def get(self, token: str) -> Action | None:
        async with self._database.read() as connection:
            rows = await connection.execute(select(actions).where(actions.c.token == token))
            row = rows.mappings().one_or_none()
            return Action(**row) if row else None

    async def take(self, token: str, *, person_id: int, at: datetime) -> bool:
        async with self._database.write() as connection:
            taken = await connection.execute(
                update(actions)
                .where(actions.c.token == token, actions.c.done_at.is_(None))
                .values(done_at=at, done_by=person_id)
            )
            return taken.rowcount == 1

    async def forget_before(self, at: datetime) -> int:
        async with self._database.write() as connection:
            forgotten = await connection.execute(delete(actions).where(actions.c.expires_at < at))
            return forgotten.rowcount
