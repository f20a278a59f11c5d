"""CSV files of candles: what was written reads back bit for bit, and every bad line is named."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.csv_candles import COLUMNS, BadLine, FileName, read_candles, read_name, write_candles
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain, pick
from ports.errors import Fatal
from tests.build.candles import JANUARY_MS, rows_of, some_candles

M5 = Timeframe.M5
SPOT, PERP = MarketKind.SPOT, MarketKind.PERP
GOOD = f"{JANUARY_MS},10,12,9,11,5"


def line(step: int, rest: str = "10,12,9,11,5") -> str:
    return f"{JANUARY_MS + step * M5.ms},{rest}"


def written(folder: Path, *lines: str, header: str = COLUMNS) -> Path:
    path = folder / "candles.csv"
    path.write_text("\n".join((header, *lines)) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("binance_BTCUSDT_5m.csv.gz", FileName("binance", "BTCUSDT", SPOT, M5)),
        ("bybit_1000PEPEUSDT_perp_1h.csv", FileName("bybit", "1000PEPEUSDT", PERP, Timeframe.H1)),
        ("bitfinex_BTCUSD_1m_2017.csv.gz", FileName("bitfinex", "BTCUSD", SPOT, Timeframe.M1)),
        ("binance_universe_1d_from_2024_10.csv.gz", FileName("binance", None, SPOT, Timeframe.D1)),
        ("binance_BTCUSDT_perp_mark_1h.csv.gz", None),
        ("binance_BTCUSDT_perp_funding.csv.gz", None),
        ("binance_BTCUSDT_7m.csv", None),
        ("candles.csv", None),
    ],
)
def test_names_say_what_is_inside(name: str, says: FileName | None) -> None:
    assert read_name(name) == says


@pytest.mark.parametrize("name", ["candles.csv", "candles.csv.gz"])
def test_what_is_written_reads_back_bit_for_bit(tmp_path: Path, name: str) -> None:
    candles = some_candles(2000)
    write_candles(tmp_path / name, [candles.rows(0, 700), candles.rows(700)])
    found = read_candles(tmp_path / name, M5)
    assert list(found.candles) == [None]
    assert rows_of(found.candles[None]) == rows_of(candles)
    assert found.bad == []
    assert [path.name for path in tmp_path.iterdir()] == [name]


_price = st.floats(min_value=1e-300, max_value=1e300, allow_subnormal=False)


@given(prices=st.lists(_price, min_size=1, max_size=20), volume=st.floats(0, 1e300))
def test_any_number_survives(
    prices: list[float], volume: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    flat, count = np.array(prices), len(prices)
    candles = Candles(
        time_ms=JANUARY_MS + np.arange(count) * M5.ms,
        open=flat,
        high=flat,
        low=flat,
        close=flat,
        volume=np.full(count, volume),
    )
    path = tmp_path_factory.mktemp("any") / "candles.csv"
    write_candles(path, [candles])
    assert rows_of(read_candles(path, M5).candles[None]) == rows_of(candles)


def test_whole_numbers_are_written_without_a_point(tmp_path: Path) -> None:
    path = written(tmp_path, "1735689600000,42488,42488.5,0.00000001,1,100000")
    again = tmp_path / "again.csv"
    write_candles(again, read_candles(path, M5).candles.values())
    assert again.read_text().splitlines()[1] == "1735689600000,42488,42488.5,1e-08,1,100000"


def test_equal_candles_make_equal_files(tmp_path: Path) -> None:
    """A gzip file that held the time of its writing would differ each time."""
    for name in ("a.csv.gz", "b.csv.gz"):
        write_candles(tmp_path / name, [some_candles(50)])
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_files_of_other_systems_are_read(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_bytes(f"\ufeff{COLUMNS}\r\n{line(0)}\r\n{line(1)}\r\n\r\n".encode())
    assert len(read_candles(path, M5).candles[None]) == 2
    packed = tmp_path / "packed.csv"  # gzip is known by its first bytes, not by its name
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert len(read_candles(packed, M5).candles[None]) == 2


def test_a_universe_is_read_by_symbol(tmp_path: Path) -> None:
    header = f"symbol,{COLUMNS}"
    lines = [f"{symbol},{line(step)}" for symbol in ("BTCUSDT", "ETHUSDT") for step in range(3)]
    found = read_candles(written(tmp_path, *lines, f"b/d,{line(0)}", header=header), M5)
    assert {symbol: len(candles) for symbol, candles in found.candles.items()} == {"BTCUSDT": 3, "ETHUSDT": 3}
    assert found.bad == [BadLine(8, "has 'b/d' for a symbol; mend or delete it")]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "is empty; delete it"),
        (line(1, "10,12,9,11"), "has 5 numbers instead of 6; mend or delete it"),
        (line(1, "10,12,9,11,5,6"), "has 7 numbers instead of 6; mend or delete it"),
        (line(1, "10,12,nine,11,5"), "has 'nine' for a number; mend or delete it"),
        (line(1, "10,1_2,9,11,5"), "has '1_2' for a number; mend or delete it"),
        (line(1, "10,12,,11,5"), "has '' for a number; mend or delete it"),
        (line(1, "10,12,9,nan,5"), "has a value that is not a number; mend or delete it"),
        (line(1, "10,12,9,11,inf"), "has a value that is not a number; mend or delete it"),
        (line(1, "10,8,9,9,5"), "has its high below its low; mend or delete it"),
        (line(1, "10,12,11,11,5"), "opens or closes below its low; mend or delete it"),
        (line(1, "10,12,-1,11,5"), "has a price that is not above 0; mend or delete it"),
        (line(1, "10,12,9,11,-5"), "has a volume below 0; mend or delete it"),
        (line(0), "has the same time as a candle before it; delete one of them"),
        (line(-1), "is older than a candle before it; sort the rows by time"),
        (
            f"{JANUARY_MS + 1},10,12,9,11,5",
            "opens at no multiple of its timeframe; mend its time, or name the timeframe that the file has",
        ),
        (
            "1735689600,10,12,9,11,5",
            "has the time 1735689600, which is not in milliseconds since 1970 (UTC); convert it"
            " (seconds times 1000)",
        ),
        (
            "inf,10,12,9,11,5",
            "has the time inf, which is not in milliseconds since 1970 (UTC); convert it"
            " (seconds times 1000)",
        ),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path, bad: str, why: str) -> None:
    found = read_candles(written(tmp_path, line(0), bad, line(2)), M5)
    assert found.bad == [BadLine(3, why)]
    assert found.candles[None].time_ms.tolist() == [JANUARY_MS, JANUARY_MS + 2 * M5.ms]


def test_all_bad_lines_are_named(tmp_path: Path) -> None:
    found = read_candles(written(tmp_path, "x", line(0), line(0), "y,1", line(1, "1,1,2,1,1")), M5)
    assert [one.number for one in found.bad] == [2, 4, 5, 6]
    assert len(found.candles[None]) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1: the columns must be timestamp_ms,open"),
        (b"time,open,high,low,close,volume\n", "line 1: the columns must be timestamp_ms,open"),
        (f"{COLUMNS}\n".encode(), "has no rows"),
        (b"\x1f\x8bnot gzip at all", "cannot be read"),
        (gzip.compress(COLUMNS.encode(), mtime=0)[:-6], "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "candles.csv"
    path.write_bytes(content)
    with pytest.raises(Fatal, match=f"candles.csv.*{says}"):
        read_candles(path, M5)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    def parts() -> Iterator[Candles]:
        yield some_candles(3)
        raise OSError(28, "No space left on device")

    path = tmp_path / "candles.csv"
    path.write_text("old")
    with pytest.raises(Fatal, match=r"candles\.csv cannot be written: No space left on device"):
        write_candles(path, parts())
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["candles.csv"]


def test_a_long_file_is_read_whole(tmp_path: Path) -> None:
    candles = some_candles(50_000)
    candles = chain([candles, pick(candles, np.array([49_999]))])
    write_candles(tmp_path / "long.csv", [candles])
    found = read_candles(tmp_path / "long.csv", M5)
    assert len(found.candles[None]) == 50_000
    assert [one.number for one in found.bad] == [50_002]
