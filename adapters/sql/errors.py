"""The one place where a database's errors become ours, by what to do next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.sql.place import Place
from ports.errors import DeskError, Fatal, Transient

# SQLite's primary result codes (an extended code keeps them in its low byte)
_BUSY, _LOCKED = 5, 6
_SQLITE_MENDS = {
    3: "give the account that runs Perpetuum the right to read and write it",
    8: "it is read-only: give the account that runs Perpetuum the right to write the file and its folder",
    10: "the disk fails to read or write: check it, and restore the file from a backup if it is damaged",
    11: "the file is damaged: restore it from a backup",
    13: "the disk is full: free some space",
    14: "the file cannot be opened: check that its folder exists and can be written",
    26: "the file is not a database: move it away or name another file",
}

# PostgreSQL's SQLSTATE, whole or by class (its first two characters)
_POSTGRES_PASSING = {"08", "40", "53", "57", "55P03"}
_POSTGRES_MENDS = {
    "25006": "it is read-only: name a primary server, not a standby",
    "28": "the server refuses the user or the password: mend them in the URL",
    "3D": "the server has no such database: create it, or name another",
    "42501": "the user lacks a privilege: let it create and use the schema",
    "53100": "the server's disk is full: free some space",
    "58030": "the server's disk fails to read or write: check it",
    "XX001": "the data is damaged: restore it from a backup",
}


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """Raise `Transient` or `Fatal` for what goes wrong outside; let our own mistakes in SQL through."""
    try:
        yield
    except (IntegrityError, ProgrammingError) as error:
        known = _named(error, place)
        if known is None:
            raise
        raise known from error
    except DBAPIError as error:
        raise _named(error, place) or Fatal(f"{place}: {error.orig}") from error
    except sqlite3.Error as error:  # of a connection that is not SQLAlchemy's
        known = _of_driver(error, place)
        if known is None:
            raise
        raise known from error
    except PoolTimeout as error:
        raise Transient(f"{place} is busy: no connection came free", kind="database") from error
    except OSError as error:
        reason = f"{place} is out of reach: {error.strerror or error}"
        raise Transient(reason, kind="database") from error


def _named(error: DBAPIError, place: Place) -> DeskError | None:
    known = _of_driver(error.orig, place)
    if known is None and error.connection_invalidated:
        return Transient(f"{place} closed the connection", kind="database")
    return known


def _of_driver(error: BaseException | None, place: Place) -> DeskError | None:
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _of_postgres(state, place)
    code = getattr(error, "sqlite_errorcode", None)
    return _of_sqlite(code & 0xFF, place) if isinstance(code, int) else None


def _of_sqlite(code: int, place: Place) -> DeskError | None:
    if code in (_BUSY, _LOCKED):
        return Transient(f"{place} is locked by another process", kind="database")
    mend = _SQLITE_MENDS.get(code)
    return Fatal(f"{place}: {mend}") if mend else None


def _of_postgres(state: str, place: Place) -> DeskError | None:
    mend = _POSTGRES_MENDS.get(state) or _POSTGRES_MENDS.get(state[:2])
    if mend:
        return Fatal(f"{place}: {mend}")
    if state in _POSTGRES_PASSING or state[:2] in _POSTGRES_PASSING:
        return Transient(f"{place} cannot answer now (SQLSTATE {state})", kind="database")
    return None
