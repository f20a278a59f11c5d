"""Small tables of text, line by line, for what is not a candle."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from ports.errors import Fatal

GENESIS_MS, CENTURY_MS = 1_230_768_000_000, 4_102_444_800_000  # 2009, 2100
_LONGEST_TIME = 13


def lines_of(path: Path) -> list[str]:
    """The lines of a text file, gzipped or not. Raises `Fatal` for one that cannot be read."""
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise Fatal(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return text.splitlines()


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
