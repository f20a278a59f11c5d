"""Replacing a small file so that a crash leaves the old one or the new one, never a half."""

import os
import tempfile
from pathlib import Path


def replace_whole(path: Path, content: bytes) -> None:
    """Written beside, synced, renamed, and the folder synced; its owner alone may read it. Raises `OSError`:
    the file before stands."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # a name of its own: a write that nobody waits for any more may still be going on
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """What was renamed in it stays so through a loss of power."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
