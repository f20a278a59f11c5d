"""Finished results in a text file, one JSON object a line: whatever kills the process leaves whole lines and
at most one torn one, the last, which is written anew."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ports.errors import Fatal
from ports.finished import Kept

_SYNC_S = 1.0


class FinishedLines:
    """The file of one job, opened and held for this process alone.

    `job` names the work: data, code, terms. Raises `Fatal` for the file of another job, for one that another
    process writes, and for a damaged one.
    """

    def __init__(self, path: Path, job: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._job, self._clock = path, job, clock
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            self._hold()
            self._kept = self._taken()
        except BaseException:
            self._file.close()
            raise
        self._synced_at = clock()

    def read(self) -> Mapping[str, Kept]:
        return self._kept

    def add(self, results: Iterable[tuple[str, Kept]]) -> None:
        lines = [json.dumps({"key": key, **kept}, allow_nan=False) + "\n" for key, kept in results]
        self._file.write("".join(lines).encode())
        self._file.flush()
        if self._clock() - self._synced_at >= _SYNC_S:
            os.fsync(self._file.fileno())
            self._synced_at = self._clock()

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _hold(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Fatal(
                f"{self._path}: another run is writing there; wait for it or choose another --out"
            ) from error

    def _taken(self) -> Mapping[str, Kept]:
        """What is in the file; a torn last line is cut off."""
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._file.truncate(len(whole))
        if not whole:
            self._file.write(json.dumps({"job": self._job}).encode() + b"\n")
            self._file.flush()
            return {}
        head, *rest = whole.splitlines()
        if self._parsed(1, head).get("job") != self._job:
            raise Fatal(
                f"{self._path}: belongs to other data, terms, code or another strategy; choose another --out,"
                " or delete that file to begin anew"
            )
        rows = [self._parsed(number, line) for number, line in enumerate(rest, 2)]
        return {str(row.pop("key")): row for row in rows}

    def _parsed(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if not isinstance(told, dict) or (number > 1 and "key" not in told):
            raise Fatal(
                f"{self._path}, line {number}: damaged; delete the file to begin anew, or the line to have it"
                " worked again"
            )
        return told
