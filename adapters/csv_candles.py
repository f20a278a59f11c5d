"""Candles in CSV files: columns `timestamp_ms,open,high,low,close,volume`, perhaps a `symbol` before them,
plain or gzipped. `timestamp_ms` is when a candle opens, UTC epoch milliseconds.

Numbers are written with the fewest digits that read back as the same number, so that what was exported is
imported bit for bit.
"""

import gzip
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from pathlib import Path

import numpy as np

from adapters.recorded_files import CENTURY_MS, GENESIS_MS, content_of
from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import pick
from engines.market.flaws import Flaw, flaws
from ports.errors import Fatal

COLUMNS = "timestamp_ms,open,high,low,close,volume"
_WITH_SYMBOL = f"symbol,{COLUMNS}"
_WIDTH = 6
_TIME = "timestamp_ms"
_LOOKED_AT = 100

_NAME = re.compile(
    r"(?P<venue>[a-z0-9]+)_(?P<symbol>universe|[A-Z0-9]+)_(?P<perp>perp_)?"
    rf"(?P<timeframe>{'|'.join(Timeframe)})(_\w[\w-]*)?\.csv(\.gz)?"
)
_SYMBOL = re.compile(r"[A-Z0-9]{2,32}")
_NUMBER = re.compile(rb"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)

MENDS = {
    Flaw.UNALIGNED: "mend its time, or name the timeframe that the file has",
    Flaw.REPEATED: "delete one of them",
    Flaw.BACKWARD: "sort the rows by time",
}
"""How a flaw of a file is mended, where deleting the line is not the way."""


@dataclass(frozen=True, slots=True)
class FileName:
    """What a name such as `binance_BTCUSDT_perp_1h.csv.gz` says; `symbol` is `None` for a universe."""

    venue: str
    symbol: str | None
    kind: MarketKind
    timeframe: Timeframe


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that holds no candle: its number in the file, what is wrong and how to mend it."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class CandleFile:
    """The sound candles of a file by symbol (`None` where it has no such column), and the bad lines."""

    candles: Mapping[str | None, Candles]
    bad: Sequence[BadLine]


def read_name(name: str) -> FileName | None:
    """What a file's name says of its candles; `None` for a name of another form."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    symbol = None if found["symbol"] == "universe" else found["symbol"]
    kind = MarketKind.PERP if found["perp"] else MarketKind.SPOT
    return FileName(found["venue"], symbol, kind, Timeframe(found["timeframe"]))


def read_candles(path: Path, timeframe: Timeframe, *, now_ms: int = CENTURY_MS) -> CandleFile:
    """All candles of a file; one that had not closed at `now_ms` is a bad line.

    Raises `Fatal` for a file that cannot be read, or has other columns, or no rows.
    """
    rows = read_rows(path, last_ms=now_ms - timeframe.ms)
    bad = {line.number: line.why for line in rows.bad}
    candles: dict[str | None, Candles] = {}
    for symbol, table in rows.candles.items():
        flawed = flaws(table, timeframe)
        for row, flaw in flawed.items():
            bad[int(rows.lines[symbol][row])] = f"{flaw}; {MENDS.get(flaw, 'mend or delete it')}"
        candles[symbol] = pick(table, np.delete(np.arange(len(table)), list(flawed)))
    return CandleFile(candles, [BadLine(number, why) for number, why in sorted(bad.items())])


@dataclass(frozen=True, slots=True)
class CandleRows:
    """A file as it stands: rows of numbers by symbol in the order of the file with their line numbers,
    whether or not they make candles, and the lines that hold no such row."""

    candles: Mapping[str | None, Candles]
    lines: Mapping[str | None, IntArray]
    bad: Sequence[BadLine]


def read_rows(path: Path, *, last_ms: int = CENTURY_MS) -> CandleRows:
    """All rows of a file; one that opens after `last_ms` is a bad line. Raises as `read_candles`."""
    header, lines = _lines(path)
    if header not in (COLUMNS, _WITH_SYMBOL):
        raise Fatal(f"{path}, line 1: the columns must be {COLUMNS}, with or without symbol before them")
    if not lines:
        raise Fatal(f"{path}: has no rows")
    if header == COLUMNS:
        table, bad = _read(lines, last_ms)
        return _parted(table, [None] * len(lines), bad)
    named = [line.partition(b",") for line in lines]
    symbols = [name.decode("utf-8", "replace").strip() for name, _, _ in named]
    table, bad = _read([rest for _, _, rest in named], last_ms)
    for at, symbol in enumerate(symbols):
        if not _SYMBOL.fullmatch(symbol):
            bad.setdefault(at, f"has {symbol[:40]!r} for a symbol; mend or delete it")
    return _parted(table, symbols, bad)


def spacing_of(path: Path) -> Timeframe | None:
    """The timeframe that a file's first times show; `None` when they show none that we have.

    Raises `Fatal` for a file that cannot be read.
    """
    header, lines = _lines(path)
    place = header.split(",").index(_TIME) if _TIME in header.split(",") else 0
    times = [float(found[0]) for line in lines[:_LOOKED_AT] if (found := _time_of(line, place))]
    steps = [after - before for before, after in pairwise(times) if after > before]
    return next((one for one in Timeframe if steps and one.ms == min(steps)), None)


def _time_of(line: bytes, place: int) -> list[bytes]:
    fields = line.split(b",")[place : place + 1]
    return [field for field in fields if _NUMBER.fullmatch(field)]


def write_candles(path: Path, parts: Iterable[Candles]) -> None:
    """Write candles that follow each other, gzipped when the name ends in `.gz`.

    The file appears whole or not at all. Raises `Fatal` when it cannot be written.
    """
    _write(path, _text(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Widened:
    """Candles with columns beside them, one entry a candle; `symbol` where the file tells symbols apart."""

    symbol: str | None
    candles: Candles
    columns: Mapping[str, FloatArray]


def write_widened(path: Path, parts: Iterable[Widened]) -> None:
    """As `write_candles`, with the columns behind those of the candles; empty where they are undefined. All
    parts have the same columns."""
    _write(path, _wide_text(parts))


def _write(path: Path, text: Iterable[bytes]) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                    packed.writelines(text)
            else:
                file.writelines(text)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise Fatal(f"{path} cannot be written: {error.strerror or error}") from error


def _lines(path: Path) -> tuple[str, list[bytes]]:
    """The first line, and those after it."""
    first, *lines = content_of(path).replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    return first.decode("utf-8", "replace").strip(), lines


def _read(lines: Sequence[bytes], last_ms: int) -> tuple[FloatArray, dict[int, str]]:
    """As `_table`; times that cannot be are bad, and those later than `last_ms`."""
    table, bad = _table(lines)
    _refuse_odd_times(table[:, 0], last_ms, bad)
    return table, bad


def _table(lines: Sequence[bytes]) -> tuple[FloatArray, dict[int, str]]:
    """Six numbers a line, and why some lines are not that, by position."""
    if all(line.strip() for line in lines):
        try:
            table = np.loadtxt(io.BytesIO(b"\n".join(lines)), delimiter=",", ndmin=2, comments=None)
        except ValueError:
            return _line_by_line(lines)
        if table.shape[1] == _WIDTH:
            return table, {}
    return _line_by_line(lines)


def _line_by_line(lines: Sequence[bytes]) -> tuple[FloatArray, dict[int, str]]:
    """The same slowly, for a file in which something is wrong."""
    rows, bad = np.full((len(lines), _WIDTH), np.nan), {}
    for at, line in enumerate(lines):
        fields = line.split(b",")
        odd = next((field for field in fields if not _NUMBER.fullmatch(field)), None)
        if not line.strip():
            bad[at] = "is empty; delete it"
        elif len(fields) != _WIDTH:
            bad[at] = f"has {len(fields)} numbers instead of {_WIDTH}; mend or delete it"
        elif odd is not None:
            bad[at] = f"has {odd[:40].decode('utf-8', 'replace')!r} for a number; mend or delete it"
        else:
            rows[at] = [float(field) for field in fields]
    return rows, bad


def _parted(table: FloatArray, symbols: Sequence[str | None], bad: Mapping[int, str]) -> CandleRows:
    """The rows by symbol, without the bad ones."""
    places: dict[str | None, list[int]] = {}
    for at, symbol in enumerate(symbols):
        if at not in bad:
            places.setdefault(symbol, []).append(at)
    return CandleRows(
        {symbol: _candles(table[found]) for symbol, found in places.items()},
        {symbol: np.array(found, dtype=np.int64) + 2 for symbol, found in places.items()},
        [BadLine(at + 2, why) for at, why in sorted(bad.items())],
    )


def _refuse_odd_times(times: FloatArray, last_ms: int, bad: dict[int, str]) -> None:
    is_sane = (times >= GENESIS_MS) & (times < CENTURY_MS) & (times == np.floor(times))
    for at in np.flatnonzero(~is_sane).tolist():
        bad.setdefault(
            at,
            f"has the time {times[at]:.15g}, which is not in milliseconds since 1970 (UTC);"
            " convert it (seconds times 1000)",
        )
    for at in np.flatnonzero(times > last_ms).tolist():
        bad.setdefault(at, "has not closed yet; delete it")


def _candles(table: FloatArray) -> Candles:
    times, opens, highs, lows, closes, volumes = table.T.copy()
    return Candles(
        time_ms=times.astype(np.int64), open=opens, high=highs, low=lows, close=closes, volume=volumes
    )


def _text(parts: Iterable[Candles]) -> Iterator[bytes]:
    yield f"{COLUMNS}\n".encode()
    for part in parts:
        yield _rows(_written(part))


def _wide_text(parts: Iterable[Widened]) -> Iterator[bytes]:
    is_headed = False
    for part in parts:
        has_symbol = part.symbol is not None
        if not is_headed:
            yield f"{','.join([_WITH_SYMBOL if has_symbol else COLUMNS, *part.columns])}\n".encode()
            is_headed = True
        named = [repeat(part.symbol or "", len(part.candles))] if has_symbol else []
        beside = [map(_digits, column.tolist()) for column in part.columns.values()]
        yield _rows([*named, *_written(part.candles), *beside])


def _written(candles: Candles) -> list[Iterable[str]]:
    prices = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return [map(str, candles.time_ms.tolist()), *(map(_digits, column.tolist()) for column in prices)]


def _rows(columns: Sequence[Iterable[str]]) -> bytes:
    return "".join(f"{','.join(row)}\n" for row in zip(*columns, strict=True)).encode()


def _digits(value: float) -> str:
    return "" if math.isnan(value) else repr(value).removesuffix(".0")
