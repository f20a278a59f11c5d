"""Recordings are read as they are, and a bad one is named by file and line."""

from pathlib import Path

import numpy as np
import pytest

from engines.core.timeframe import Timeframe
from sandbox.recording import (
    BadRecording,
    decimals_of,
    list_recordings,
    read_bars,
    read_funding,
    read_universe,
)
from tests.build.recordings import a_recording, some_bars, write_bars, write_lines

HEADER = "timestamp_ms,open,high,low,close,volume"
GOOD = "1000,1.5,2.0,1.0,1.6,10"


def test_a_folder_is_read_by_names_at_any_depth(tmp_path: Path) -> None:
    catalogue = list_recordings(a_recording(tmp_path))
    assert [(file.symbol, file.timeframe, file.is_perp) for file in catalogue.bars] == [
        ("BTCUSDT", Timeframe.H1, True),
        ("BTCUSDT", Timeframe.H1, False),
        ("BTCUSDT", Timeframe.M5, False),
        ("ETHUSDT", Timeframe.H1, False),
    ]
    assert [symbol for symbol, _ in catalogue.funding] == ["BTCUSDT", "ETHUSDT"]
    assert [timeframe for timeframe, _ in catalogue.universes] == [Timeframe.D1]


@pytest.mark.parametrize(
    "name",
    ["bitfinex_BTCUSD_1m_2017.csv.gz", "coingecko_BTC_daily.csv", "tradingview_BTCUSDT_1d_ema.csv.gz"],
)
def test_other_files_are_left_alone(tmp_path: Path, name: str) -> None:
    write_lines(tmp_path / name, ["nothing to see"])
    with pytest.raises(BadRecording, match="no recorded candles"):
        list_recordings(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="no such folder"):
        list_recordings(tmp_path / "absent")


@pytest.mark.parametrize("name", ["a_BTCUSDT_1h.csv", "a_BTCUSDT_1h.csv.gz"])
def test_bars_come_back_as_they_were_written(tmp_path: Path, name: str) -> None:
    written = some_bars(Timeframe.H1, 50)
    read = read_bars(write_bars(tmp_path / name, written))
    for column in ("time_ms", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(read, column), getattr(written, column))


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([HEADER, GOOD, "900,1.5,2.0,1.0,1.6,10"], "line 3: is older than the row before"),
        ([HEADER, GOOD, GOOD], "line 3: has the same time as the row before"),
        ([HEADER, GOOD, "2000,nan,2.0,1.0,1.6,10"], "line 3: has a value that is not a number"),
        ([HEADER, GOOD, "2000,1.5,1.0,2.0,1.6,10"], "line 3: has its high below its low"),
        ([HEADER, "1000,0.5,2.0,1.0,1.6,10"], "line 2: opens or closes below its low"),
        ([HEADER, "1000,1.5,2.0,1.0,2.6,10"], "line 2: opens or closes above its high"),
        ([HEADER, "1000,0,2.0,0,1.6,10"], "line 2: has a price that is not above 0"),
        ([HEADER, "1000,1.5,2.0,1.0,1.6,-1"], "line 2: has a volume below 0"),
        ([HEADER, GOOD, "2000,1.5,2.0,1.0,1.6"], "line 3: is not 6 numbers"),
        ([HEADER, GOOD, "2000,1.5,two,1.0,1.6,10"], "line 3: is not 6 numbers: 2000,1.5,two"),
        ([HEADER, GOOD, "", GOOD], "line 3: is not 6 numbers"),
        (["time,open", GOOD], "line 1: the columns must be timestamp_ms"),
        ([HEADER], "has no rows"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, lines: list[str], complaint: str) -> None:
    path = write_lines(tmp_path / "mine_BTCUSDT_1h.csv", lines)
    with pytest.raises(BadRecording, match=rf"mine_BTCUSDT_1h\.csv.*{complaint}"):
        read_bars(path)


def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine_BTCUSDT_1h.csv.gz"
    path.write_bytes(b"not gzip")
    with pytest.raises(BadRecording, match=r"mine_BTCUSDT_1h\.csv\.gz: cannot be read"):
        read_bars(path)


def test_a_table_of_many_coins_names_the_line_of_a_bad_row(tmp_path: Path) -> None:
    lines = [f"symbol,{HEADER}", f"AUSDT,{GOOD}", f"BUSDT,{GOOD}", f"AUSDT,{GOOD}"]
    path = write_lines(tmp_path / "x_universe_1d.csv", lines)
    with pytest.raises(BadRecording, match="line 4: has the same time"):
        read_universe(path)


def test_a_table_of_many_coins_leaves_out_other_quotes(tmp_path: Path) -> None:
    lines = [f"symbol,{HEADER}", f"AUSDT,{GOOD}", f"ABTC,{GOOD}"]
    assert list(read_universe(write_lines(tmp_path / "x_universe_1d.csv", lines))) == ["AUSDT"]


def test_funding_out_of_order_is_named(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a_BTCUSDT_perp_funding.csv", ["timestamp_ms,funding_rate", "2000,0.1", "1000,0.1"]
    )
    with pytest.raises(BadRecording, match="line 3: is not in order"):
        read_funding(path)


@pytest.mark.parametrize(
    ("values", "decimals"), [([1.0, 20.0], 0), ([0.1, 2.0], 1), ([0.00001084], 8), ([1 / 3], 12)]
)
def test_decimals_are_those_that_print_every_value(values: list[float], decimals: int) -> None:
    assert decimals_of(np.array(values)) == decimals
