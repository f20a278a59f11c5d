"""Copies of everything that the desk must not lose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One that was verified after it was written. `made_at` is wire time."""

    path: Path
    made_at: datetime
    size_bytes: int


class BackupStore(Protocol):
    """Where backups are kept."""

    async def make(self, now: datetime) -> Backup:
        """Copy everything while the desk runs, and verify the copy. Raises `Fatal` when it cannot be made or
        is not whole; nothing of it is left then."""
        ...

    async def all(self) -> Sequence[Backup]:
        """Those that there are, the oldest first."""
        ...

    async def remove(self, backup: Backup) -> None:
        """Delete one. Raises `Fatal`."""
        ...
