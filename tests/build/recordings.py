"""Small recordings made for a test, and markets on which nothing runs but the test's own clock."""

import gzip
from pathlib import Path

import numpy as np

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from sandbox.market.market import Market
from sandbox.market.source import Origin

JANUARY_MS = 1_735_689_600_000  # 2025-01-01
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

_HEADER = "timestamp_ms,open,high,low,close,volume"


class HandClock:
    """Market time that moves only by hand."""

    def __init__(self, now_ms: int) -> None:
        self.ms = now_ms

    def __call__(self) -> int:
        return self.ms


def a_market(origin: Origin, now_ms: int | None = None) -> tuple[Market, HandClock]:
    """A market of that origin, standing at `now_ms` or at its start."""
    clock = HandClock(origin.start_ms if now_ms is None else now_ms)
    return Market(origin, now_ms=clock), clock


def some_bars(
    timeframe: Timeframe, count: int, *, start_ms: int = JANUARY_MS, price: float = 100.0, seed: int = 1
) -> Candles:
    """Sound bars of a seeded walk, prices with 2 decimals and volumes with 3."""
    rng = np.random.default_rng(seed)
    path = np.round(price * np.exp(np.cumsum(rng.normal(0, 0.004, count + 1))), 2)
    opens, closes = path[:-1], path[1:]
    wick = np.round(price * 0.003 * rng.random((2, count)), 2)
    return Candles(
        time_ms=start_ms + np.arange(count, dtype=np.int64) * timeframe.ms,
        open=opens,
        high=np.round(np.maximum(opens, closes) + wick[0], 2),
        low=np.round(np.minimum(opens, closes) - wick[1], 2),
        close=closes,
        volume=np.round(rng.random(count) * 50 + 0.001, 3),
    )


def rows_of(bars: Candles, decimals: int = 2) -> list[str]:
    """The lines of a CSV file, without its header."""
    columns = (bars.open, bars.high, bars.low, bars.close)
    return [
        ",".join([str(int(at)), *(f"{column[row]:.{decimals}f}" for column in columns), f"{volume:.3f}"])
        for row, (at, volume) in enumerate(zip(bars.time_ms, bars.volume, strict=True))
    ]


def write_bars(path: Path, bars: Candles) -> Path:
    """Write `bars` as a recording; compressed when the name ends in `.gz`."""
    return write_lines(path, [_HEADER, *rows_of(bars)])


def write_lines(path: Path, lines: list[str]) -> Path:
    """Write a text file of those lines; compressed when the name ends in `.gz`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def a_recording(folder: Path, days: int = 6) -> Path:
    """Six days (or so many) of three coins: BTC at 5 minutes and 1 hour, ETH at 1 hour, SOL in a daily table.

    BTC also has a perpetual with candles and funding, ETH only funding.
    """
    fine = some_bars(Timeframe.M5, days * 288, price=60_000.0, seed=2)
    write_bars(folder / "ohlcv" / "binance_BTCUSDT_5m.csv.gz", fine)
    write_bars(folder / "ohlcv" / "binance_BTCUSDT_1h.csv.gz", resample(fine, HOUR))
    write_bars(
        folder / "ohlcv" / "binance_ETHUSDT_1h.csv",
        some_bars(Timeframe.H1, days * 24, price=3000.0, seed=3),
    )
    daily = rows_of(some_bars(Timeframe.D1, days, price=150.0, seed=4))
    table = [f"symbol,{_HEADER}", *(f"SOLUSDT,{row}" for row in daily), *(f"SOLBTC,{row}" for row in daily)]
    write_lines(folder / "ohlcv" / "binance_universe_1d_2025.csv.gz", table)
    perp = some_bars(Timeframe.H1, days * 24, price=60_010.0, seed=5)
    write_bars(folder / "derivatives" / "binance_BTCUSDT_perp_1h.csv.gz", perp)
    for symbol, rate in (("BTCUSDT", "0.0001"), ("ETHUSDT", "-0.00002345")):
        rates = [f"{JANUARY_MS + number * 8 * HOUR},{rate}" for number in range(days * 3)]
        write_lines(
            folder / "derivatives" / f"binance_{symbol}_perp_funding.csv.gz",
            ["timestamp_ms,funding_rate", *rates],
        )
    write_lines(folder / "notes.csv", ["anything", "at all"])
    return folder
