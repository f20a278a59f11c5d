"""The store of candles in SQL."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice

from adapters.sql.chunk import CANDLES, Chunk, Damaged, chunk_ms, merge, pack, salvage, split, unpack
from adapters.sql.errors import translated
from adapters.sql.market_file import MarketFile
from adapters.sql.market_rows import MarketRows, Statements, Values
from adapters.sql.market_server import MarketServer
from adapters.sql.opening import open_current
from adapters.sql.place import Place, locate
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, empty
from engines.market.flaws import flaws
from ports.candles import Coverage, Series
from ports.errors import Fatal, Refused, Transient

_CHUNKS_A_WRITE = 8
"""A long upsert is many short transactions, so that a candle that closed meanwhile waits for one only."""

_FEW = 8
"""Chunks that are read as quickly as a thread is asked for them."""

_NEVER = 2**62

_FIND = (
    "SELECT id FROM series"
    " WHERE venue = :venue AND kind = :kind AND symbol = :symbol AND timeframe = :timeframe"
)
# Touching the row is what makes writers of one series take turns on a server
_ENTER = (
    "INSERT INTO series (venue, kind, symbol, timeframe) VALUES (:venue, :kind, :symbol, :timeframe)"
    " ON CONFLICT (venue, kind, symbol, timeframe) DO UPDATE SET venue = excluded.venue RETURNING id"
)
_LAST = (
    "SELECT start_ms, checksum, bars FROM chunks WHERE series_id = :key AND start_ms < :before_ms"
    " ORDER BY start_ms DESC LIMIT :most"
)
_BETWEEN = (
    "SELECT start_ms, checksum, bars FROM chunks"
    " WHERE series_id = :key AND start_ms BETWEEN :first_ms AND :last_ms ORDER BY start_ms"
)
_STORE = (
    "INSERT INTO chunks (series_id, start_ms, first_ms, last_ms, count, checksum, bars)"
    " VALUES (:key, :start_ms, :first_ms, :last_ms, :count, :checksum, :bars)"
    " ON CONFLICT (series_id, start_ms) DO UPDATE SET first_ms = excluded.first_ms,"
    " last_ms = excluded.last_ms, count = excluded.count, checksum = excluded.checksum, bars = excluded.bars"
)
_FORGET = "DELETE FROM chunks WHERE series_id = :key AND last_ms < :start_ms RETURNING count"
_DROP = "DELETE FROM chunks WHERE series_id = :key AND start_ms = :start_ms AND checksum = :checksum"
_COVERAGE = (
    "SELECT venue, kind, symbol, timeframe, min(first_ms), max(last_ms), sum(count)"
    " FROM chunks JOIN series ON id = series_id GROUP BY venue, kind, symbol, timeframe"
    " ORDER BY venue, kind, symbol, timeframe"
)


class SqlCandles:
    """`CandleStore` in the market database.

    A damaged chunk is dropped when it is read: what it held is missing then, and missing candles are fetched
    again.
    """

    def __init__(self, place: Place, rows: MarketRows) -> None:
        self._place = place
        self._rows = rows
        self._keys: dict[Series, int] = {}

    @classmethod
    async def open(cls, url: str, *, world: str, mode: str) -> "SqlCandles":
        """Open the database at `url`, bring its schema up to date and check its stamp.

        Raises `Fatal` for a URL, file, schema or stamp that does not fit, `Transient` when the server is out
        of reach.
        """
        place = locate(url, schema="market")
        database = await open_current(place, is_durable=False, world=world, mode=mode)
        if place.path is None:
            return cls(place, MarketServer(database))
        await database.close()
        with translated(place):
            return cls(place, MarketFile(place.path))

    async def upsert(self, series: Series, candles: Candles) -> int:
        for row, flaw in flaws(candles, series.timeframe).items():
            raise Refused("bad_candles", series=series, row=row, why=flaw.value)
        parts = split(candles, series.timeframe)
        changed = 0
        while some := dict(islice(parts, _CHUNKS_A_WRITE)):
            with self._troubled():
                changed += await self._rows.write(partial(_write, series, some))
        return changed

    async def last(self, series: Series, count: int, *, before_ms: int | None = None) -> Candles:
        stop_ms = _NEVER if before_ms is None else before_ms
        key = await self._key(series)
        if key is None or count <= 0:
            return empty()
        found: list[Chunk] = []
        most = count // CANDLES + 2
        while True:
            oldest_ms = found[-1].start_ms if found else stop_ms
            values = {"key": key, "before_ms": oldest_ms, "most": most}
            some = await self._chunks(_LAST, values, is_small=most <= _FEW)
            found += some
            if len(some) < most or sum(chunk.count for chunk in found[1:]) >= count:
                break
            most *= 2  # many are missing here
        candles = await self._unpacked(key, found[::-1])
        return between(candles, -_NEVER, stop_ms).rows(-count)

    async def between(self, series: Series, start_ms: int, stop_ms: int) -> Candles:
        key = await self._key(series)
        if key is None or stop_ms <= start_ms:
            return empty()
        span_ms = chunk_ms(series.timeframe)
        values = {"key": key, "first_ms": start_ms - start_ms % span_ms, "last_ms": stop_ms - 1}
        is_small = (stop_ms - start_ms) // span_ms < _FEW
        found = await self._chunks(_BETWEEN, values, is_small=is_small)
        return between(await self._unpacked(key, found), start_ms, stop_ms)

    async def coverage(self) -> Sequence[Coverage]:
        with self._troubled():
            rows = await self._rows.read(_COVERAGE, {})
        return [_coverage(*row) for row in rows]

    async def forget_before(self, series: Series, start_ms: int) -> int:
        with self._troubled():
            return await self._rows.write(partial(_forget, series, start_ms))

    async def size_bytes(self) -> int:
        with self._troubled():
            return await self._rows.size_bytes()

    async def close(self) -> None:
        await self._rows.close()

    async def _key(self, series: Series) -> int | None:
        """The number of a series; `None` when nothing of it was ever stored."""
        key = self._keys.get(series)
        if key is None:
            with self._troubled():
                rows = await self._rows.read(_FIND, _names(series), is_small=True)
            if not rows:
                return None
            key = self._keys[series] = rows[0][0]
        return key

    async def _chunks(self, statement: str, values: Values, *, is_small: bool) -> list[Chunk]:
        with self._troubled():
            rows = await self._rows.read(statement, values, is_small=is_small)
        return [Chunk(*row) for row in rows]

    async def _unpacked(self, key: int, found: Sequence[Chunk]) -> Candles:
        try:
            return unpack(found)
        except Damaged as error:
            with self._troubled():
                await self._rows.write(partial(_drop, key, error.chunk))
            reason = f"{self._place} had damaged candles, which were dropped and have to be fetched again"
            raise Transient(reason, kind="database") from error

    @contextmanager
    def _troubled(self) -> Iterator[None]:
        """Raise `Transient` for all that goes wrong with the database: without candles the desk goes on."""
        try:
            with translated(self._place):
                yield
        except Fatal as error:
            raise Transient(str(error), kind="database") from error


def _write(series: Series, parts: Mapping[int, Candles], statements: Statements) -> int:
    """Lay candles over those of the chunks they belong to; how many are new or different."""
    key = _enter(series, statements)
    stored = _stored(key, min(parts), max(parts), statements)
    changed, rows = 0, []
    for start_ms, part in parts.items():
        merged, different = merge(stored.get(start_ms), part)
        if different:
            changed += different
            rows.append(_row(key, start_ms, merged))
    if rows:
        statements.each(_STORE, rows)
    return changed


def _forget(series: Series, start_ms: int, statements: Statements) -> int:
    """Delete what opens before `start_ms`; how many candles that were."""
    key = _enter(series, statements)
    gone = sum(int(count) for (count,) in statements.rows(_FORGET, {"key": key, "start_ms": start_ms}))
    edge_ms = start_ms - start_ms % chunk_ms(series.timeframe)
    for chunk in _stored(key, edge_ms, edge_ms, statements).values():
        held = salvage(chunk)
        kept = between(held, start_ms, _NEVER)
        gone += len(held) - len(kept)
        if len(kept):
            statements.each(_STORE, [_row(key, edge_ms, kept)])
        else:  # it was damaged
            _drop(key, chunk, statements)
    return gone


def _drop(key: int, chunk: Chunk, statements: Statements) -> None:
    statements.rows(_DROP, {"key": key, "start_ms": chunk.start_ms, "checksum": chunk.checksum})


def _enter(series: Series, statements: Statements) -> int:
    """The number of a series, a new one if need be."""
    ((key,),) = statements.rows(_ENTER, _names(series))
    return int(key)


def _stored(key: int, first_ms: int, last_ms: int, statements: Statements) -> dict[int, Chunk]:
    rows = statements.rows(_BETWEEN, {"key": key, "first_ms": first_ms, "last_ms": last_ms})
    return {row[0]: Chunk(*row) for row in rows}


def _row(key: int, start_ms: int, candles: Candles) -> Values:
    chunk = pack(start_ms, candles)
    return {
        "key": key,
        "start_ms": start_ms,
        "first_ms": int(candles.time_ms[0]),
        "last_ms": int(candles.time_ms[-1]),
        "count": len(candles),
        "checksum": chunk.checksum,
        "bars": chunk.bars,
    }


def _names(series: Series) -> Values:
    return {
        "venue": series.venue,
        "kind": series.kind.value,
        "symbol": series.symbol,
        "timeframe": series.timeframe.value,
    }


def _coverage(
    venue: str, kind: str, symbol: str, timeframe: str, first_ms: int, last_ms: int, count: int
) -> Coverage:
    series = Series(venue=venue, kind=MarketKind(kind), symbol=symbol, timeframe=Timeframe(timeframe))
    return Coverage(series=series, first_ms=first_ms, last_ms=last_ms, count=int(count))
