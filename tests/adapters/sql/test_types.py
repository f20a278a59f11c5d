"""Columns mean the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import StatementError

from adapters.sql.database import Database
from adapters.sql.tables import actions, people
from ports.people import Role
from tests.build.people import NOON, a_person, an_action

TOKYO = timezone(timedelta(hours=9))


async def keep(database: Database, at: datetime) -> datetime:
    action = an_action(created_at=at)
    row = {column.name: getattr(action, column.name) for column in actions.columns}
    async with database.write() as connection:
        await connection.execute(insert(actions).values(row))
        kept: datetime | None = await connection.scalar(select(actions.c.created_at))
    assert kept is not None
    return kept


async def test_an_instant_of_any_zone_comes_back_in_utc(database: Database) -> None:
    kept = await keep(database, NOON.astimezone(TOKYO))
    assert kept == NOON
    assert kept.tzinfo is UTC or kept.utcoffset() == timedelta()


async def test_a_naive_datetime_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        await keep(database, NOON.replace(tzinfo=None))


async def test_instants_are_compared_as_instants(database: Database) -> None:
    await keep(database, NOON)
    async with database.read() as connection:
        before = actions.c.created_at < (NOON + timedelta(microseconds=1)).astimezone(TOKYO)
        assert await connection.scalar(select(actions.c.token).where(before))
        assert not await connection.scalar(select(actions.c.token).where(actions.c.created_at < NOON))


async def test_a_word_outside_the_enumeration_is_refused(database: Database) -> None:
    person = a_person(role=Role.VIEWER)
    row = {column.name: getattr(person, column.name) for column in people.columns}
    async with database.write() as connection:
        await connection.execute(insert(people).values(row))
    with pytest.raises(StatementError, match="emperor"):
        async with database.write() as connection:
            await connection.execute(update(people).values(role="emperor"))
