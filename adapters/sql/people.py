"""People in SQL."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import select, update

from adapters.sql.database import Database
from adapters.sql.tables import people
from ports.people import Person

_CHANGEABLE = {field.name for field in fields(Person)} - {"id"}


class SqlPeople:
    """`PeopleStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Person]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(people).order_by(people.c.created_at, people.c.id))
            return [Person(**row) for row in rows.mappings()]

    async def get(self, person_id: int) -> Person | None:
        async with self._database.read() as connection:
            rows = await connection.execute(select(people).where(people.c.id == person_id))
            row = rows.mappings().one_or_none()
            return Person(**row) if row else None

    async def add(self, person: Person) -> Person:
        row = {column.name: getattr(person, column.name) for column in people.columns}
        async with self._database.write() as connection:
            await connection.execute(self._database.insert(people).values(row).on_conflict_do_nothing())
            stored = await connection.execute(select(people).where(people.c.id == person.id))
            return Person(**stored.mappings().one())

    async def change(self, person_id: int, **fields: Any) -> Person | None:
        if unknown := fields.keys() - _CHANGEABLE:
            raise TypeError(f"a person has no changeable {', '.join(sorted(unknown))}")
        if not fields:
            return await self.get(person_id)
        async with self._database.write() as connection:
            rows = await connection.execute(
                update(people).where(people.c.id == person_id).values(fields).returning(people)
            )
            row = rows.mappings().one_or_none()
            return Person(**row) if row else None
