"""A database's errors become ours, by what to do next."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.sql.database import Database, open_database
from adapters.sql.errors import translated
from adapters.sql.place import Place, locate
from ports.errors import DeskError, Fatal, Transient

SQLITE = locate("sqlite:///var/desk.sqlite", schema="desk")
POSTGRES = locate("postgresql://ann:s3cret@db.test/crypto", schema="desk")


class PostgresTrouble(Exception):
    """An error as the driver raises it: it carries SQLSTATE."""

    def __init__(self, state: str | None) -> None:
        super().__init__("trouble")
        self.sqlstate = state


def sqlite_trouble(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("trouble")
    error.sqlite_errorcode = code
    return error


def met(error: Exception, place: Place) -> DeskError:
    with pytest.raises(DeskError) as raised, translated(place):
        raise error
    return raised.value


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, 261, 517])
def test_a_locked_file_is_transient(code: int) -> None:
    error = met(OperationalError("UPDATE", {}, sqlite_trouble(code)), SQLITE)
    assert isinstance(error, Transient)
    assert "var/desk.sqlite is locked" in str(error)


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        (sqlite3.SQLITE_FULL, "free some space"),
        (sqlite3.SQLITE_READONLY, "right to write"),
        (sqlite3.SQLITE_CANTOPEN, "folder exists"),
        (sqlite3.SQLITE_CORRUPT, "backup"),
        (sqlite3.SQLITE_NOTADB, "name another file"),
        (sqlite3.SQLITE_IOERR, "disk"),
        (1032, "right to write"),
    ],
)
def test_a_file_that_a_person_must_mend_is_fatal(code: int, mend: str) -> None:
    error = met(OperationalError("UPDATE", {}, sqlite_trouble(code)), SQLITE)
    assert isinstance(error, Fatal)
    assert mend in str(error)


@pytest.mark.parametrize("state", ["08006", "40001", "40P01", "53300", "57P01", "57P03", "55P03"])
def test_a_server_that_cannot_answer_now_is_transient(state: str) -> None:
    assert isinstance(met(OperationalError("UPDATE", {}, PostgresTrouble(state)), POSTGRES), Transient)


@pytest.mark.parametrize("state", ["25006", "28P01", "3D000", "53100", "58030", "XX001"])
def test_a_server_that_a_person_must_mend_is_fatal(state: str) -> None:
    assert isinstance(met(OperationalError("UPDATE", {}, PostgresTrouble(state)), POSTGRES), Fatal)


def test_a_missing_privilege_is_fatal_though_the_driver_calls_it_our_mistake() -> None:
    error = met(ProgrammingError("UPDATE", {}, PostgresTrouble("42501")), POSTGRES)
    assert isinstance(error, Fatal)
    assert "privilege" in str(error)


@pytest.mark.parametrize("kind", [IntegrityError, ProgrammingError])
def test_our_own_mistakes_pass_through(kind: type[DBAPIError]) -> None:
    for error in (
        kind("INSERT", {}, PostgresTrouble("42P01")),
        kind("INSERT", {}, sqlite_trouble(sqlite3.SQLITE_CONSTRAINT)),
    ):
        with pytest.raises(kind), translated(POSTGRES):
            raise error


def test_a_lost_connection_is_transient() -> None:
    lost = OperationalError("SELECT", {}, PostgresTrouble(None), connection_invalidated=True)
    assert isinstance(met(lost, POSTGRES), Transient)


def test_an_unknown_trouble_is_fatal_and_told() -> None:
    error = met(OperationalError("SELECT", {}, PostgresTrouble("F0000")), POSTGRES)
    assert isinstance(error, Fatal)
    assert "trouble" in str(error)


def test_no_free_connection_and_no_network_are_transient() -> None:
    assert isinstance(met(PoolTimeout("QueuePool limit"), SQLITE), Transient)
    assert isinstance(met(ConnectionRefusedError(111, "refused"), POSTGRES), Transient)


async def test_a_row_locked_by_another_process_is_transient(database: Database, place: Place) -> None:
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO facts VALUES ('claim', '')"))
        await connection.execute(text("PRAGMA busy_timeout=1" if place.path else "SET lock_timeout='1ms'"))
    other = open_database(place, is_durable=True)
    async with other.write() as holding:
        await holding.execute(text("UPDATE facts SET value = 'held'"))
        with pytest.raises(Transient):
            await forget(database)
    await other.close()


async def forget(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("DELETE FROM facts"))


async def test_a_mistake_in_sql_does_not_tell_its_parameters(database: Database) -> None:
    with pytest.raises((DBAPIError, DeskError)) as raised:
        async with database.write() as connection:
            await connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "s3cret"})
    assert "s3cret" not in str(raised.value)
