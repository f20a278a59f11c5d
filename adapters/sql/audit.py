"""The audit log in SQL: there is no way to change or delete a row, and the database refuses it as well."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from adapters.sql.database import Database
from adapters.sql.tables import audit
from ports.desk_state import AuditRecord


class SqlAudit:
    """`AuditStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: AuditRecord) -> None:
        row = {column.name: getattr(record, column.name) for column in audit.columns if column.name != "id"}
        async with self._database.write() as connection:
            await connection.execute(insert(audit).values({**row, "params": dict(record.params)}))

    async def latest(self, *, limit: int, before_id: int | None = None) -> Sequence[tuple[int, AuditRecord]]:
        newest = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before_id is not None:
            newest = newest.where(audit.c.id < before_id)
        async with self._database.read() as connection:
            rows = [dict(row) for row in (await connection.execute(newest)).mappings()]
        return [(row.pop("id"), AuditRecord(**row)) for row in rows]
