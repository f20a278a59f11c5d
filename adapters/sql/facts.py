"""Small facts in SQL."""

from sqlalchemy import delete, select

from adapters.sql.database import Database
from adapters.sql.tables import facts


class SqlFacts:
    """`Facts` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        async with self._database.read() as connection:
            value: str | None = await connection.scalar(select(facts.c.value).where(facts.c.name == name))
            return value

    async def put(self, name: str, value: str) -> None:
        row = self._database.insert(facts).values(name=name, value=value)
        async with self._database.write() as connection:
            await connection.execute(
                row.on_conflict_do_update(index_elements=["name"], set_={"value": value})
            )

    async def put_if_absent(self, name: str, value: str) -> bool:
        row = self._database.insert(facts).values(name=name, value=value)
        async with self._database.write() as connection:
            stored = await connection.execute(row.on_conflict_do_nothing(index_elements=["name"]))
            return stored.rowcount == 1

    async def delete(self, name: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(facts).where(facts.c.name == name))
