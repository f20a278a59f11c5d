"""What files of recorded data have in common: perhaps they are gzipped, and their times lie within bounds."""

import gzip
import zlib
from pathlib import Path

from ports.errors import Fatal

GENESIS_MS, CENTURY_MS = 1_230_768_000_000, 4_102_444_800_000  # 2009, 2100


def content_of(path: Path) -> bytes:
    """The text of a file, unpacked, without a mark of its byte order. Raises `Fatal` for one that cannot be
    read."""
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    except (OSError, EOFError, zlib.error) as error:
        raise Fatal(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return raw.removeprefix(b"\xef\xbb\xbf")
