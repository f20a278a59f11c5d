"""Reading recorded candles and funding from a folder of CSV files.

Files are named `{venue}_{SYMBOL}_{timeframe}.csv`, `{venue}_{SYMBOL}_perp_{timeframe}.csv`,
`{venue}_{SYMBOL}_perp_funding.csv` or `{venue}_universe_{timeframe}[_anything].csv`, each also as `.csv.gz`,
anywhere below the folder. Only markets against USDT are read; other files are left alone.
"""

import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.timeframe import Timeframe

_TIMEFRAMES = "|".join(Timeframe)
_ENDING = r"(_\d[\w-]*|_from[\w-]*|_to[\w-]*)?\.csv(\.gz)?"
_BARS = re.compile(rf"[a-z0-9]+_(?P<symbol>[A-Z0-9]+USDT)_(?P<perp>perp_)?(?P<frame>{_TIMEFRAMES}){_ENDING}")
_FUNDING = re.compile(rf"[a-z0-9]+_(?P<symbol>[A-Z0-9]+USDT)_perp_funding{_ENDING}")
_UNIVERSE = re.compile(rf"[a-z0-9]+_universe_(?P<frame>{_TIMEFRAMES}){_ENDING}")

_BAR_COLUMNS = "timestamp_ms,open,high,low,close,volume"
_FUNDING_COLUMNS = "timestamp_ms,funding_rate"


class BadRecording(ValueError):
    """A file that cannot be played; the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarFile:
    """Where bars of one market and timeframe stand."""

    path: Path
    symbol: str
    is_perp: bool
    timeframe: Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a folder holds, by file name."""

    bars: tuple[BarFile, ...]
    funding: tuple[tuple[str, Path], ...]
    universes: tuple[tuple[Timeframe, Path], ...]


def list_recordings(folder: Path) -> Catalogue:
    """Every recording below `folder`. Raises `BadRecording` when there is none."""
    if not folder.is_dir():
        raise BadRecording(f"{folder}: no such folder")
    bars, funding, universes = [], [], []
    for path in sorted(folder.rglob("*.csv*")):
        if found := _BARS.fullmatch(path.name):
            bars.append(
                BarFile(
                    path=path,
                    symbol=found["symbol"],
                    is_perp=found["perp"] is not None,
                    timeframe=Timeframe(found["frame"]),
                )
            )
        elif found := _FUNDING.fullmatch(path.name):
            funding.append((found["symbol"], path))
        elif found := _UNIVERSE.fullmatch(path.name):
            universes.append((Timeframe(found["frame"]), path))
    if not bars and not universes:
        raise BadRecording(f"{folder}: no recorded candles here, such as binance_BTCUSDT_1h.csv.gz")
    return Catalogue(bars=tuple(bars), funding=tuple(funding), universes=tuple(universes))


def read_bars(path: Path) -> Candles:
    """The candles of one file. Raises `BadRecording` at the first row that cannot be one."""
    body = _body(path, _BAR_COLUMNS)
    return _candles(path, _table(path, body, 6), np.arange(body.count(b"\n") + 2) + 2)


def read_universe(path: Path) -> dict[str, Candles]:
    """The candles of many markets in one file, by symbol; those not against USDT are left out."""
    body = _body(path, f"symbol,{_BAR_COLUMNS}")
    lines = body.splitlines()
    names = np.array([line.split(b",", 1)[0] for line in lines])
    table = _table(path, b"\n".join(line.partition(b",")[2] for line in lines), 6)
    found = {}
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        if name.endswith(b"USDT"):
            found[name.decode()] = _candles(path, table[rows], rows + 2)
    return found


def read_funding(path: Path) -> tuple[IntArray, FloatArray]:
    """Settlement times and rates of one file."""
    table = _table(path, _body(path, _FUNDING_COLUMNS), 2)
    times = table[:, 0].astype(np.int64)
    _reject(path, np.arange(len(times)) + 2, np.diff(times, prepend=times[:1] - 1) <= 0, "is not in order")
    _reject(path, np.arange(len(times)) + 2, ~np.isfinite(table[:, 1]), "has no number")
    return times, table[:, 1].copy()


def decimals_of(values: FloatArray, most: int = 12) -> int:
    """The fewest decimals that print every one of `values` exactly; at most `most`."""
    for decimals in range(most):
        if np.array_equal(np.round(values, decimals), values):
            return decimals
    return most


def _body(path: Path, columns: str) -> bytes:
    """The rows of a file below its header line."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise BadRecording(f"{path}: cannot be read: {error}") from error
    header, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n")
    if header.decode("utf-8", "replace").strip() != columns:
        raise BadRecording(f"{path}, line 1: the columns must be {columns}")
    if not body.strip():
        raise BadRecording(f"{path}: has no rows")
    return body.rstrip(b"\n")


def _table(path: Path, body: bytes, columns: int) -> FloatArray:
    try:
        table = np.loadtxt(io.BytesIO(body), delimiter=",", ndmin=2, comments=None)
    except ValueError:
        table = np.empty((0, 0))
    if table.shape[1] != columns or len(table) != body.count(b"\n") + 1:
        raise BadRecording(_first_unreadable(path, body, columns))
    return np.asarray(table, dtype=np.float64)


def _first_unreadable(path: Path, body: bytes, columns: int) -> str:
    for number, line in enumerate(body.split(b"\n"), start=2):
        fields = line.split(b",")
        try:
            numbers = [float(field) for field in fields]
        except ValueError:
            numbers = []
        if len(numbers) != columns:
            return f"{path}, line {number}: is not {columns} numbers: {line[:80].decode('utf-8', 'replace')}"
    return f"{path}: cannot be read as {columns} columns of numbers"


def _candles(path: Path, table: FloatArray, lines: IntArray) -> Candles:
    times, opens, highs, lows, closes, volumes = table.T
    _reject(path, lines, ~np.isfinite(table.sum(axis=1)), "has a value that is not a number")
    steps = np.diff(times)
    _reject(path, lines[1:], steps == 0, "has the same time as the row before")
    _reject(path, lines[1:], steps < 0, "is older than the row before")
    _reject(path, lines, highs < lows, "has its high below its low")
    _reject(path, lines, np.minimum(opens, closes) < lows, "opens or closes below its low")
    _reject(path, lines, np.maximum(opens, closes) > highs, "opens or closes above its high")
    _reject(path, lines, lows <= 0, "has a price that is not above 0")
    _reject(path, lines, volumes < 0, "has a volume below 0")
    return Candles(
        time_ms=times.astype(np.int64),
        open=opens.copy(),
        high=highs.copy(),
        low=lows.copy(),
        close=closes.copy(),
        volume=volumes.copy(),
    )


def _reject(path: Path, lines: IntArray, is_bad: npt.NDArray[np.bool_], why: str) -> None:
    bad = np.flatnonzero(is_bad)
    if len(bad):
        raise BadRecording(f"{path}, line {lines[bad[0]]}: {why}")
