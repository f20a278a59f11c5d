"""Replacing a small file so that a crash leaves the old one or the new one, never a half."""

import os
from pathlib import Path


def replace_whole(path: Path, content: bytes) -> None:
    """Written beside, synced, renamed, and the folder synced; its owner alone may read it. Raises `OSError`:
    the file before stands."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # the mode above is only that of a file that is made
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """What was renamed in it stays so through a loss of power."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
