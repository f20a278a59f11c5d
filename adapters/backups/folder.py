"""Backups as folders: one SQLite file a database, the side files, and what it all should be."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from adapters.backups.manifest import NAME, Manifest, Rows, check_files, checksum_of, read_manifest
from adapters.backups.sqlite_copy import copy_online, forget_lease, looked_over
from adapters.whole_file import replace_whole, sync_folder
from ports.backups import Backup
from ports.errors import Fatal

PREFIX: Final = "perpetuum-"
UNFINISHED: Final = ".unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What a desk must not lose: databases by name (`desk`, `market`), which are SQLite files, and small
    files beside them. Those that are not there are left out, the desk's database excepted."""

    databases: Mapping[str, Path]
    side_files: Sequence[Path]
    world: str
    mode: str

    def check(self) -> None:
        """SQLite's files need nothing else."""

    def copy_into(self, target: Path) -> Rows:
        """A copy of each database that is whole; its rows. Raises `Fatal`, `OSError`, `sqlite3.Error`."""
        return {
            name: _copied(source, target / f"{name}.sqlite3")
            for name, source in self.databases.items()
            if source.exists() or name == "desk"
        }


class Owned(Protocol):
    """What a desk must not lose, wherever it is kept."""

    @property
    def side_files(self) -> Sequence[Path]: ...
    @property
    def world(self) -> str: ...
    @property
    def mode(self) -> str: ...

    def check(self) -> None:
        """Whether what a copy takes is there. Raises `Fatal`."""
        ...

    def copy_into(self, target: Path) -> Rows:
        """Copy the databases as they are at one moment into a folder, and prove the copy; its rows, where
        they could be counted. Raises `Fatal`, `OSError`, `sqlite3.Error`."""
        ...


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """`BackupStore` in a folder."""

    folder: Path
    belongings: Owned

    def check(self) -> None:
        """Whether backups can be made here at all. Raises `Fatal` that names the mend."""
        self.belongings.check()
        there = next(path for path in (self.folder, *self.folder.absolute().parents) if path.exists())
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            raise Fatal(f"{self.folder} cannot be written: see desk.backup_dir")

    async def make(self, now: datetime) -> Backup:
        return await asyncio.to_thread(self._make, now)

    async def all(self) -> Sequence[Backup]:
        return await asyncio.to_thread(self._all)

    async def remove(self, backup: Backup) -> None:
        try:
            await asyncio.to_thread(shutil.rmtree, backup.path)
        except OSError as error:
            raise Fatal(f"{backup.path} cannot be removed: {error.strerror}") from error

    def _make(self, now: datetime) -> Backup:
        final = self.folder / f"{PREFIX}{now:%Y%m%dT%H%M%S}Z"
        if final.exists():
            raise Fatal(f"{final} is there already")
        growing = final.with_name(final.name + UNFINISHED)
        try:
            growing.mkdir(parents=True, mode=0o700, exist_ok=True)
            self._fill(growing, now)
            check_files(growing, read_manifest(growing))
            os.replace(growing, final)
            sync_folder(self.folder)
        except (OSError, sqlite3.Error) as error:
            raise Fatal(f"no backup could be made in {self.folder}: {error}") from error
        finally:
            shutil.rmtree(growing, ignore_errors=True)
        return Backup(path=final, made_at=now, size_bytes=_size(final))

    def _fill(self, target: Path, now: datetime) -> None:
        rows = self.belongings.copy_into(target)
        for source in self.belongings.side_files:
            if source.exists():
                replace_whole(target / source.name, source.read_bytes())
        manifest = Manifest(
            made_at=now,
            world=self.belongings.world,
            mode=self.belongings.mode,
            files={path.name: checksum_of(path) for path in sorted(target.iterdir())},
            rows=rows,
        )
        replace_whole(target / NAME, manifest.text().encode())

    def _all(self) -> Sequence[Backup]:
        found = []
        for path in self.folder.glob(f"{PREFIX}*Z"):
            try:
                manifest = read_manifest(path)
            except Fatal:
                continue  # somebody else's, or damaged: neither counted nor removed
            found.append(Backup(path=path, made_at=manifest.made_at, size_bytes=_size(path)))
        return sorted(found, key=lambda backup: backup.made_at)


def _copied(source: Path, target: Path) -> Mapping[str, int]:
    if not source.exists():
        raise Fatal(f"there is no database {source}: nothing to back up")
    target.touch(mode=0o600)
    copy_online(source, target)
    forget_lease(target)
    with open(target, "rb") as file:
        os.fsync(file.fileno())
    return looked_over(target)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
