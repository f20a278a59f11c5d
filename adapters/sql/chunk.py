"""Candles packed into chunks: what of a series opens in one stretch of time is one row, its columns one
blob. A thousand candles are a few rows then, and arrays again without looking at each.

The blob holds six columns of 64 bits, little-endian, one after the other: open times, open, high, low, close,
volume. Missing candles are absent.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.market.aggregation import empty, overlay

CANDLES = 256
"""The most candles in a chunk. Longer chunks read no faster; shorter ones cost more rows. A candle that
closes rewrites its chunk, 12 kB."""

_COLUMNS = 6
_BITS = np.dtype("<i8")
_NUMBER = np.dtype("<f8")


_CANDLE_BYTES = _COLUMNS * _BITS.itemsize


@dataclass(frozen=True, slots=True)
class Chunk:
    """The candles that open in `[start_ms, start_ms + chunk_ms)`, packed."""

    start_ms: int
    checksum: int
    bars: bytes

    @property
    def count(self) -> int:
        """How many candles it holds."""
        return len(self.bars) // _CANDLE_BYTES

    def check(self) -> None:
        """Raise `Damaged` for a chunk that its checksum does not fit."""
        if zlib.crc32(self.bars) != self.checksum or len(self.bars) % _CANDLE_BYTES:
            raise Damaged(self)


class Damaged(Exception):
    """A chunk is not what was written."""

    def __init__(self, chunk: Chunk) -> None:
        super().__init__(chunk.start_ms)
        self.chunk = chunk


def chunk_ms(timeframe: Timeframe) -> int:
    """The stretch of time that a chunk spans; chunks begin at multiples of it."""
    return CANDLES * timeframe.ms


def split(candles: Candles, timeframe: Timeframe) -> Iterator[tuple[int, Candles]]:
    """The candles by the chunk they belong to: its start and its part, the oldest first."""
    span = chunk_ms(timeframe)
    starts = candles.time_ms - candles.time_ms % span
    edges = [*np.flatnonzero(np.diff(starts, prepend=-1)).tolist(), len(candles)]
    for first, stop in pairwise(edges):
        yield int(starts[first]), candles.rows(first, stop)


def pack(start_ms: int, candles: Candles) -> Chunk:
    """The chunk that begins at `start_ms` and holds these candles."""
    prices = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    bars = b"".join(
        (candles.time_ms.astype(_BITS).tobytes(), *(column.astype(_NUMBER).tobytes() for column in prices))
    )
    return Chunk(start_ms, zlib.crc32(bars), bars)


def unpack(chunks: Sequence[Chunk]) -> Candles:
    """The candles of chunks that follow each other. Raises `Damaged`."""
    if not chunks:
        return empty()
    for chunk in chunks:
        chunk.check()
    tables = [np.frombuffer(chunk.bars, _BITS).reshape(_COLUMNS, -1) for chunk in chunks]
    table = np.concatenate(tables, axis=1)
    opens, highs, lows, closes, volumes = table[1:].view(_NUMBER)
    return Candles(time_ms=table[0], open=opens, high=highs, low=lows, close=closes, volume=volumes)


def salvage(chunk: Chunk) -> Candles:
    """The candles of a chunk, none of a damaged one."""
    try:
        return unpack([chunk])
    except Damaged:
        return empty()


def merge(chunk: Chunk | None, candles: Candles) -> tuple[Candles, int]:
    """What is left of a chunk with `candles` laid over it, and how many of these are new or different."""
    old = empty() if chunk is None else salvage(chunk)
    return overlay(candles, old), len(candles) - _alike(candles, old)


def _alike(new: Candles, old: Candles) -> int:
    """How many of the new candles the old ones hold already."""
    at = np.searchsorted(old.time_ms, new.time_ms)
    known = np.flatnonzero(at < len(old))
    at = at[known]
    is_alike = old.time_ms[at] == new.time_ms[known]
    for ours, theirs in _columns(old, new):
        is_alike &= ours[at] == theirs[known]
    return int(np.count_nonzero(is_alike))


def _columns(left: Candles, right: Candles) -> Iterable[tuple[FloatArray, FloatArray]]:
    for name in ("open", "high", "low", "close", "volume"):
        yield getattr(left, name), getattr(right, name)
