"""A name for the whole of a value: two that differ anywhere have other names, on every machine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any

import numpy as np


def digest(value: Any) -> str:
    """Of dataclasses, mappings, sequences, arrays and plain values, however they are nested."""
    hashed = sha256()
    for piece in _pieces(value):
        hashed.update(len(piece).to_bytes(8, "big") + piece)
    return hashed.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__.encode()
        for one in fields(value):
            yield one.name.encode()
            yield from _pieces(getattr(value, one.name))
    elif isinstance(value, Mapping):
        yield b"{%d" % len(value)
        for key in sorted(value, key=repr):
            yield from _pieces(key)
            yield from _pieces(value[key])
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield b"[%d" % len(value)
        for one in value:
            yield from _pieces(one)
    else:
        yield repr(value).encode()
