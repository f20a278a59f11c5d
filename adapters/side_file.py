"""Latches in a small file that is on the disk before anything else happens."""

import asyncio
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.whole_file import replace_whole
from engines.risk.latch import Cause, KillLevel, Latch, Scope
from ports.desk_state import Unreadable
from ports.errors import Transient


class SideFile:
    """JSON, replaced as a whole: written beside, synced, renamed, and the folder synced.

    A crash leaves the old file or the new one. A write that is cancelled goes on in its thread: it never
    replaces what was written after it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked = 0
        self._written = 0
        self._lock = threading.Lock()

    async def read(self) -> Sequence[Latch]:
        """What was written last; nothing while there is no file. Raises `Unreadable`."""
        return await asyncio.to_thread(self._read)

    async def write(self, latches: Sequence[Latch]) -> None:
        """Replace the file. Raises `Transient`: the one before stands."""
        text = json.dumps([_packed(latch) for latch in latches], indent=1)
        self._asked += 1
        try:
            await asyncio.to_thread(self._replace, self._asked, text.encode())
        except OSError as error:
            raise Transient(f"{self._path}: {error.strerror or error}") from error

    def _replace(self, number: int, content: bytes) -> None:
        with self._lock:
            if number > self._written:
                replace_whole(self._path, content)
                self._written = number

    def _read(self) -> Sequence[Latch]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            return [_unpacked(row) for row in rows]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise Unreadable(f"{self._path.name}: {type(error).__name__}: {error}") from error


def _packed(latch: Latch) -> dict[str, Any]:
    times = {"pulled_at": latch.pulled_at.isoformat(), "until": latch.until and latch.until.isoformat()}
    return {**asdict(latch), **times}


def _unpacked(row: dict[str, Any]) -> Latch:
    return Latch(
        id=str(row["id"]),
        scope=Scope(**row["scope"]),
        cause=Cause(row["cause"]),
        level=KillLevel(row["level"]),
        by=row["by"],
        pulled_at=_moment(row["pulled_at"]),
        until=None if row["until"] is None else _moment(row["until"]),
        detail=row["detail"],
    )


def _moment(text: str) -> datetime:
    """Raises `ValueError` for one without a zone: it could not be compared."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return moment
