"""Small tables of text, line by line, for what is not a candle."""

from collections.abc import Iterator
from pathlib import Path

from adapters.recorded_files import CENTURY_MS, GENESIS_MS, content_of
from ports.errors import Fatal

_LONGEST_TIME = 13


def lines_of(path: Path) -> list[str]:
    """The lines of a text file, gzipped or not. Raises `Fatal` for one that cannot be read."""
    try:
        return content_of(path).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise Fatal(f"{path}: cannot be read: {error}") from error


def cells_of(path: Path, header: str) -> Iterator[tuple[int, list[str]]]:
    """The rows under that header with their line numbers. Raises `Fatal` for another header or no rows."""
    lines = lines_of(path)
    if not lines or lines[0].strip() != header:
        raise Fatal(f"{path}, line 1: the columns must be {header}")
    if len(lines) == 1:
        raise Fatal(f"{path}: has no rows")
    for number, line in enumerate(lines[1:], 2):
        yield number, [cell.strip() for cell in line.split(",")]


def time_of(text: str) -> int | None:
    """Milliseconds since 1970, from 2009 until 2100; `None` for other text."""
    if not (text.isascii() and text.isdecimal()) or len(text) > _LONGEST_TIME:
        return None
    time_ms = int(text)
    return time_ms if GENESIS_MS <= time_ms < CENTURY_MS else None
