"""What a backup says of itself."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ports.errors import Fatal

NAME: Final = "manifest.json"
FORMAT: Final = 1

Rows = Mapping[str, Mapping[str, int]]
"""How many there are, by database and table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`files` are names with their checksums; `rows` are counted by table of each database."""

    made_at: datetime
    world: str
    mode: str
    files: Mapping[str, str]
    rows: Rows

    def text(self) -> str:
        """As it is written."""
        return json.dumps({"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}, indent=1)


def read_manifest(backup: Path) -> Manifest:
    """Of the backup in a folder. Raises `Fatal`."""
    try:
        raw = json.loads((backup / NAME).read_text(encoding="utf-8"))
        if raw.pop("format") != FORMAT:
            raise ValueError("another format")
        manifest = Manifest(**{**raw, "made_at": datetime.fromisoformat(raw["made_at"])})
    except FileNotFoundError as error:
        raise Fatal(f"{backup} is no backup: it has no {NAME}") from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Fatal(f"{backup / NAME} cannot be read: {error}") from error
    if any(Path(name).name != name for name in manifest.files):
        raise Fatal(f"{backup / NAME} names files of other folders")
    return manifest


def proven(backup: Path, world: str, mode: str) -> Manifest:
    """Of a backup whose files are what was written. Raises `Fatal`, also for one of another world or mode."""
    manifest = read_manifest(backup)
    if (manifest.world, manifest.mode) != (world, mode):
        found = f"world {manifest.world!r} in mode {manifest.mode!r}"
        raise Fatal(f"{backup} is of {found}; this desk's is {world!r}")
    check_files(backup, manifest)
    return manifest


def check_files(backup: Path, manifest: Manifest) -> None:
    """Raises `Fatal` for a file that is missing or not what was written."""
    for name, checksum in manifest.files.items():
        try:
            found = checksum_of(backup / name)
        except OSError as error:
            raise Fatal(f"{backup / name} cannot be read: {error.strerror}") from error
        if found != checksum:
            raise Fatal(f"{backup / name} is not what was written: take another backup")


def checksum_of(path: Path) -> str:
    """SHA-256. Raises `OSError`."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
