"""One SQLite database, copied while others write to it, and looked over."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from ports.errors import Fatal


def copy_online(source: Path, target: Path) -> None:
    """A copy of one moment, as a single file. Writers go on meanwhile. Raises `sqlite3.Error`."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)  # at once: in steps it would begin anew with every commit
        copy.execute("PRAGMA journal_mode=DELETE")


def forget_lease(path: Path) -> None:
    """Whoever ran the desk does not run the copy."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if "lease" in _tables(connection):
            connection.execute("DELETE FROM lease")


def looked_over(path: Path) -> Mapping[str, int]:
    """Rows of each table. Raises `Fatal` for a file that is damaged or whose ledger does not sum to zero."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            damage = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if damage != "ok":
                raise Fatal(f"{path} is damaged: {damage}")
            tables = _tables(connection)
            if "postings" in tables:
                _check_ledger(connection, path)
            return {name: _count(connection, name) for name in tables}
    except sqlite3.Error as error:
        raise Fatal(f"{path} cannot be read: {error}") from error


def world_of(path: Path) -> tuple[str, str] | None:
    """World and mode that a database is stamped with; `None` without a stamp. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        if "stamp" not in _tables(connection):
            return None
        row: tuple[str, str] | None = connection.execute("SELECT world, mode FROM stamp").fetchone()
        return row


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    count: int = connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]
    return count


def _check_ledger(connection: sqlite3.Connection, path: Path) -> None:
    """Every entry sums to zero in each asset; added up as decimals, which SQLite does not know."""
    totals: dict[tuple[str, str], Decimal] = {}
    for entry, asset, amount in connection.execute("SELECT entry_id, asset, amount FROM postings"):
        totals[entry, asset] = totals.get((entry, asset), Decimal(0)) + Decimal(amount)
    wrong = next((key for key, total in totals.items() if total), None)
    if wrong is not None:
        raise Fatal(f"{path}: ledger entry {wrong[0]} is out of balance by {totals[wrong]} {wrong[1]}")
