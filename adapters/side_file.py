"""Latches in a small file that is on the disk before anything else happens."""

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from adapters.whole_file import replace_whole
from engines.risk.latch import Cause, KillLevel, Latch, Scope
from ports.desk_state import Unreadable
from ports.errors import Transient

T = TypeVar("T")


class SideFile:
    """JSON, replaced as a whole: written beside, synced, renamed, and the folder synced.

    A crash leaves the old file or the new one. One thread of its own writes in the order asked for: a write
    that is cancelled replaces nothing that came after it, and a latch waits for no backup.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="latches")

    async def read(self) -> Sequence[Latch]:
        """What was written last; nothing while there is no file. Raises `Unreadable`."""
        return await self._threaded(self._read)

    async def write(self, latches: Sequence[Latch]) -> None:
        """Replace the file. Raises `Transient`: the one before stands."""
        text = json.dumps([_packed(latch) for latch in latches], indent=1)
        try:
            await self._threaded(partial(replace_whole, self._path, text.encode()))
        except OSError as error:
            raise Transient(f"{self._path}: {error.strerror or error}") from error

    async def _threaded(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

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
