"""The store of candles."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from statistics import median

import numpy as np

from adapters.sql.candles import SqlCandles
from benchmarks.frame import Measure, cpu_s, measures
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.candles import Series

_KEPT = 100_000
_COUNT = 1000
_RUNS = 31
_STEP_MS = Timeframe.M5.ms
_START_MS = 1_735_689_600_000
_COLUMNS = ("open", "high", "low", "close", "volume")
_ALL = [
    Series(venue="bybit", kind=MarketKind.SPOT, symbol=symbol, timeframe=Timeframe.M5)
    for symbol in ("ADAUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT")
]
_READ = _ALL[2]


@measures("store.upsert_1000_ms")
def upsert() -> Measure:
    """A thousand candles of which all changed, in a store of 400,000."""
    with tempfile.TemporaryDirectory() as folder:
        value = asyncio.run(_upsert(Path(folder)))
        with closing(_plain_rows(Path(folder))) as plain:
            changing = [_rows(candles) for candles in _changing()]
            reference = cpu_s(lambda: _upsert_rows(plain, changing.pop()), runs=_RUNS)
    note = "CPU, synchronous NORMAL; reference: sqlite3 rows"
    return Measure(value * 1000, reference * 1000, note)


@measures("store.read_last_1000_us")
def read_last() -> Measure:
    """The last thousand candles of a series among others, as arrays."""
    with tempfile.TemporaryDirectory() as folder:
        value = asyncio.run(_read_last(Path(folder)))
        with closing(_plain_rows(Path(folder))) as plain:
            reference = cpu_s(lambda: _read_rows(plain), runs=_RUNS)
    return Measure(value * 1e6, reference * 1e6, "CPU; reference: sqlite3 rows into arrays")


async def _upsert(folder: Path) -> float:
    changing = _changing()
    async with _store(folder) as store:
        return await _cpu_s(lambda: store.upsert(_READ, changing.pop()))


async def _read_last(folder: Path) -> float:
    async with _store(folder) as store:
        return await _cpu_s(lambda: store.last(_READ, _COUNT))


async def _cpu_s(work: Callable[[], Awaitable[object]]) -> float:
    """As `frame.cpu_s`, inside one running loop."""
    times = []
    for _ in range(_RUNS + 2):
        start = time.process_time()
        await work()
        times.append(time.process_time() - start)
    return median(times[2:])


@asynccontextmanager
async def _store(folder: Path) -> AsyncIterator[SqlCandles]:
    store = await SqlCandles.open(f"sqlite:///{folder}/market.sqlite3", world="bench", mode="paper")
    for series in _ALL:
        await store.upsert(series, _candles())
    yield store
    await store.close()


def _candles(*, seed: int = 0) -> Candles:
    rng = np.random.default_rng(seed)
    path = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, _KEPT + 1)))
    opens, closes = path[:-1], path[1:]
    return Candles(
        time_ms=_START_MS + np.arange(_KEPT, dtype=np.int64) * _STEP_MS,
        open=opens,
        high=np.maximum(opens, closes),
        low=np.minimum(opens, closes),
        close=closes,
        volume=rng.lognormal(3, 1, _KEPT),
    )


def _changing() -> list[Candles]:
    """The last candles with other values for every run: SQLite does not write what is alike."""
    return [_candles(seed=seed).rows(-_COUNT) for seed in range(1, _RUNS + 3)]


def _plain_rows(folder: Path) -> sqlite3.Connection:
    """The same candles a row each."""
    plain = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
    plain.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE candles (symbol TEXT, timeframe TEXT, time_ms INTEGER, open REAL, high REAL, low REAL,"
        " close REAL, volume REAL, PRIMARY KEY (symbol, timeframe, time_ms)) WITHOUT ROWID"
    )
    rows = _rows(_candles())
    for series in _ALL:
        _upsert_rows(plain, rows, series.symbol)
    return plain


def _rows(candles: Candles) -> list[tuple[float, ...]]:
    columns = (getattr(candles, name).tolist() for name in _COLUMNS)
    return list(zip(candles.time_ms.tolist(), *columns, strict=True))


def _upsert_rows(
    plain: sqlite3.Connection, rows: list[tuple[float, ...]], symbol: str = _READ.symbol
) -> None:
    plain.execute("BEGIN")
    plain.executemany(
        f"INSERT INTO candles VALUES ('{symbol}', '5m', ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " open=excluded.open, high=excluded.high, low=excluded.low, close=excluded.close,"
        " volume=excluded.volume",
        rows,
    )
    plain.execute("COMMIT")


def _read_rows(plain: sqlite3.Connection) -> Candles:
    found = plain.execute(
        "SELECT time_ms, open, high, low, close, volume FROM candles"
        " WHERE symbol = ? AND timeframe = '5m' ORDER BY time_ms DESC LIMIT ?",
        (_READ.symbol, _COUNT),
    ).fetchall()
    times, *columns = zip(*reversed(found), strict=True)
    arrays = dict(zip(_COLUMNS, map(np.array, columns), strict=True))
    return Candles(time_ms=np.array(times), **arrays)
