"""The lease of the desk in SQL."""

from datetime import datetime

from sqlalchemy import delete, select, update

from adapters.sql.database import Database
from adapters.sql.tables import lease
from ports.desk_state import Lease

_LEASE = (lease.c.holder, lease.c.taken_at, lease.c.renewed_at)


class SqlLease:
    """`LeaseStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, holder: str, *, now: datetime, stale_before: datetime, dead: str | None = None
    ) -> Lease | None:
        row = {"id": 1, "holder": holder, "taken_at": now, "renewed_at": now}
        first = self._database.insert(lease).values(row).on_conflict_do_nothing()
        async with self._database.write() as connection:
            await connection.execute(first)
            rows = await connection.execute(select(*_LEASE).with_for_update())
            held = Lease(**rows.mappings().one())
            if held.holder == holder:
                await connection.execute(update(lease).values(renewed_at=now))
            elif held.holder == dead or held.renewed_at < stale_before:
                await connection.execute(update(lease).values(row))
            else:
                return held
            return None

    async def release(self, holder: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(lease).where(lease.c.holder == holder))
