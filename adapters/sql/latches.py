"""Latches in SQL."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from adapters.sql.database import Database
from adapters.sql.tables import latches
from engines.risk.latch import KillLevel, Latch


class SqlLatches:
    """`LatchStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Latch]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(latches).order_by(latches.c.pulled_at, latches.c.id))
            return [Latch(**{**row, "level": KillLevel(row["level"])}) for row in rows.mappings()]

    async def put(self, latch: Latch) -> None:
        row = {column.name: getattr(latch, column.name) for column in latches.columns}
        pulled = self._database.insert(latches).values(row)
        async with self._database.write() as connection:
            await connection.execute(pulled.on_conflict_do_update(index_elements=["id"], set_=row))

    async def remove(self, latch_id: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(latches).where(latches.c.id == latch_id))
