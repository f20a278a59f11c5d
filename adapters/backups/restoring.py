"""Putting a backup back. What it replaces is kept aside."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from adapters.backups.folder import Belongings
from adapters.backups.manifest import Manifest, proven
from adapters.backups.sqlite_copy import looked_over, world_of
from adapters.sql.change_file import BESIDE
from adapters.whole_file import replace_whole, sync_folder
from ports.errors import Fatal

INCOMING: Final = ".incoming"
FRESH: Final = timedelta(minutes=5)
"""A lease that was renewed so lately may be that of a desk on another machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, what stayed because it is there already, and where the former is now: in a folder,
    or in schemas that were `renamed`."""

    manifest: Manifest
    put_back: tuple[str, ...]
    stayed: tuple[Path, ...]
    aside: Path | None = None
    renamed: tuple[str, ...] = ()


def restore(
    backup: Path, belongings: Belongings, *, now: datetime, is_running: Callable[[str], bool | None]
) -> Restored:
    """Put the databases of a backup in the place of those that are there, and side files where there are
    none: a latch that is in force and a key that was changed since stay. `is_running` tells of the process
    that holds a lease.

    Raises `Fatal`, and has changed nothing then, for a backup that is not whole or of another world, and
    while a desk runs on the database.
    """
    manifest = _whole(backup, belongings)
    _refuse_running(belongings.databases["desk"], now=now, is_running=is_running)
    _refuse_foreign(belongings)
    targets = _targets(manifest, belongings)
    stayed = tuple(path for path in targets.values() if path in belongings.side_files and path.exists())
    moving = {backup / name: path for name, path in targets.items() if path not in stayed}
    try:
        for source, target in moving.items():
            _bring(source, target)
        aside = set_aside(list(moving.values()), belongings.databases["desk"].parent, now)
        for target in moving.values():
            os.replace(_incoming(target), target)
            sync_folder(target.parent)
    except OSError as error:
        raise Fatal(f"the backup could not be put back: {error}") from error
    return Restored(
        manifest=manifest, put_back=tuple(str(path) for path in moving.values()), stayed=stayed, aside=aside
    )


def restore_side_files(
    backup: Path, manifest: Manifest, known: Sequence[Path]
) -> tuple[list[Path], list[Path]]:
    """Bring small files where there are none; those that came, and those that stayed. Raises `OSError`."""
    there = [path for path in known if path.name in manifest.files]
    stayed = [path for path in there if path.exists()]
    came = [path for path in there if path not in stayed]
    for path in came:
        replace_whole(path, (backup / path.name).read_bytes())
    return came, stayed


def set_aside(targets: Sequence[Path], folder: Path, now: datetime) -> Path | None:
    """Move files into a folder of their own, databases with what belongs to them: a log of another file would
    be played into the new one. That folder, or `None` where there was nothing. Raises `OSError`."""
    ends = ("", "-wal", "-shm", "-journal", BESIDE)
    there = [part for path in targets for end in ends if (part := path.with_name(path.name + end)).exists()]
    if not there:
        return None
    aside = folder / f"replaced-{now:%Y%m%dT%H%M%S}Z"
    aside.mkdir(exist_ok=True, mode=0o700)
    for part in there:
        os.replace(part, aside / part.name)
    return aside


def _whole(backup: Path, belongings: Belongings) -> Manifest:
    manifest = proven(backup, belongings.world, belongings.mode)
    if "desk.sqlite3" not in manifest.files:
        raise Fatal(f"{backup} is of a desk on a server, and this one is in files")
    for name, rows in manifest.rows.items():
        if looked_over(backup / f"{name}.sqlite3") != rows:
            raise Fatal(f"{backup}: the rows of {name} are not those that were counted")
    return manifest


def _refuse_running(desk: Path, *, now: datetime, is_running: Callable[[str], bool | None]) -> None:
    held = _lease(desk)
    if held is None:
        return
    refuse_holder(str(desk), *held, now=now, is_running=is_running)


def refuse_holder(
    place: str, holder: str, renewed_at: datetime, *, now: datetime, is_running: Callable[[str], bool | None]
) -> None:
    """Raises `Fatal` while the holder of the lease of a database may be running."""
    runs = is_running(holder)
    if runs or (runs is None and now - renewed_at < FRESH):
        raise Fatal(f"a desk runs on {place} ({holder}): stop it first")


def _lease(desk: Path) -> tuple[str, datetime] | None:
    """Who holds it; nobody when there is no database or it is too damaged to say."""
    if not desk.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{desk.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT holder, renewed_at FROM lease").fetchone()
    except sqlite3.DatabaseError:
        return None
    if row is None:
        return None
    renewed_at = datetime.fromisoformat(row[1])
    return row[0], renewed_at if renewed_at.tzinfo else renewed_at.replace(tzinfo=UTC)


def _refuse_foreign(belongings: Belongings) -> None:
    wanted = (belongings.world, belongings.mode)
    for path in belongings.databases.values():
        try:
            found = world_of(path) if path.exists() else None
        except sqlite3.DatabaseError:
            continue  # damaged: that is what backups are for
        if found is not None and found != wanted:
            raise Fatal(f"{path} belongs to world {found[0]!r} in mode {found[1]!r}: it is not replaced")


def _targets(manifest: Manifest, belongings: Belongings) -> Mapping[str, Path]:
    known = {f"{name}.sqlite3": path for name, path in belongings.databases.items()}
    known |= {path.name: path for path in belongings.side_files}
    return {name: known[name] for name in manifest.files if name in known}


def _bring(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    incoming = _incoming(target)
    incoming.touch(mode=0o600)
    shutil.copyfile(source, incoming)
    with open(incoming, "rb+") as file:
        os.fsync(file.fileno())


def _incoming(target: Path) -> Path:
    return target.with_name(target.name + INCOMING)
