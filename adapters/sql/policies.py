"""How engines may trade, in SQL."""

from collections.abc import Sequence

from sqlalchemy import select

from adapters.sql.database import Database
from adapters.sql.tables import policies
from ports.desk_state import Policy


class SqlPolicies:
    """`PolicyStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Policy]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(policies).order_by(policies.c.engine))
            return [Policy(**row) for row in rows.mappings()]

    async def put(self, policy: Policy) -> None:
        row = {column.name: getattr(policy, column.name) for column in policies.columns}
        changed = self._database.insert(policies).values(row)
        async with self._database.write() as connection:
            await connection.execute(changed.on_conflict_do_update(index_elements=["engine"], set_=row))
