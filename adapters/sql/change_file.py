"""Changes in a file that is on the disk when an append returns: one JSON record a line, with its checksum."""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from adapters.sql.change_json import packed, unpacked
from adapters.whole_file import sync_folder
from ports.books import Change
from ports.errors import Fatal

BESIDE: Final = "-waiting.jsonl"
"""The end of its name beside a SQLite file, to which it belongs as that file's own logs do."""


class ChangeFile:
    """Its methods block; those that write raise `OSError`, and nothing has changed then. A crash in the
    middle of an append leaves a last line without an end, which was promised to nobody: it is neither read
    nor kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0

    def read(self) -> Sequence[Change]:
        """What was appended since the file was emptied. Raises `Fatal` when it cannot be read, or a whole
        line was changed."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Fatal(
                f"{self.path} cannot be read: {error.strerror or error}; let the account that runs "
                "Perpetuum read and write it"
            ) from error
        self._end = content.rfind(b"\n") + 1
        return [self._read(number, line) for number, line in enumerate(content[: self._end].splitlines(), 1)]

    def append(self, changes: Sequence[Change]) -> None:
        """Write changes behind the last whole line."""
        content = b"".join(map(_line, changes))
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with open(descriptor, "r+b", buffering=0) as file:
            self._end = min(self._end, os.fstat(descriptor).st_size)  # emptied, though not for certain
            try:
                file.truncate(self._end)  # behind it is what a crash or a full disk left
                file.seek(self._end)
                if file.write(content) != len(content):
                    raise OSError(f"{self.path.name}: only a part was written")
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):  # the next append does it, or nothing is whole behind the end
                    file.truncate(self._end)
                raise
        if self._end == 0:
            sync_folder(self.path.parent)
        self._end += len(content)

    def empty(self) -> None:
        """Forget everything."""
        with suppress(FileNotFoundError), self.path.open("r+b") as file:
            file.truncate(0)
            os.fsync(file.fileno())
        self._end = 0

    def _read(self, number: int, line: bytes) -> Change:
        try:
            record = json.loads(line)
            if record["sum"] != _sum(_text(record["change"])):
                raise ValueError("the checksum is another")
            return unpacked(record["change"])
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise Fatal(
                f"{self.path} holds changes of the desk that its database does not have yet, and line "
                f"{number} is damaged ({type(error).__name__}: {error}): move the file away, start, and "
                "adopt what the venues have with /reconcile"
            ) from error


def _line(change: Change) -> bytes:
    text = _text(packed(change))
    return f'{{"sum":"{_sum(text)}","change":{text}}}\n'.encode()


def _text(record: Any) -> str:
    """The same value is the same text."""
    return json.dumps(record, separators=(",", ":"), sort_keys=True)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
