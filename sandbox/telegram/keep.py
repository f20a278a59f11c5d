"""What outlives the process: every change written as it happens, so that a kill loses nothing."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import orjson

Key = int | str


class Keep(Protocol):
    """A table of small records by kind and key."""

    def put(self, kind: str, key: Key, value: object) -> None:
        """Store a record: bytes as they are, anything else as JSON."""
        ...

    def drop(self, kind: str, key: Key) -> None: ...

    def drop_below(self, kind: str, key: int) -> None:
        """Drop the records of a kind with keys smaller than `key`."""
        ...

    def load(self, kind: str) -> Iterator[tuple[Key, bytes]]:
        """The records of a kind, by rising key."""
        ...

    def close(self) -> None: ...


class ForgetfulKeep:
    """Keeps nothing: a sandbox without a state folder."""

    def put(self, kind: str, key: Key, value: object) -> None:
        """Nothing to do."""

    def drop(self, kind: str, key: Key) -> None:
        """Nothing to do."""

    def drop_below(self, kind: str, key: int) -> None:
        """Nothing to do."""

    def load(self, kind: str) -> Iterator[tuple[Key, bytes]]:
        return iter(())

    def close(self) -> None:
        """Nothing to do."""


class SqliteKeep:
    """Records in one SQLite file. A killed process loses nothing; a power cut may lose the last moments."""

    def __init__(self, file: Path) -> None:
        """Open or make the file. Raises `ValueError` when it is something else."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS records (kind TEXT, key, body BLOB, PRIMARY KEY (kind, key))"
            )
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise ValueError(f"{file} cannot be read as the state of a sandbox: {error}") from error

    def put(self, kind: str, key: Key, value: object) -> None:
        body = value if isinstance(value, bytes) else orjson.dumps(value)
        self._db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (kind, key, body))

    def drop(self, kind: str, key: Key) -> None:
        self._db.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))

    def drop_below(self, kind: str, key: int) -> None:
        self._db.execute("DELETE FROM records WHERE kind = ? AND key < ?", (kind, key))

    def load(self, kind: str) -> Iterator[tuple[Key, bytes]]:
        yield from self._db.execute("SELECT key, body FROM records WHERE kind = ? ORDER BY key", (kind,))

    def close(self) -> None:
        self._db.close()
