"""A folder of recorded markets is read as it is, and what is wrong with it is named by file and line."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from adapters.histories.folder import read_folder
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import pick, resample
from engines.market.repair import parsed
from engines.simulate.recording import Recorded, Wanted
from ports.errors import Fatal
from tests.build.candles import rows_of as values_of
from tests.build.recordings import (
    DAY,
    HOUR,
    JANUARY_MS,
    MINUTE,
    a_recording,
    rows_of,
    some_bars,
    write_bars,
    write_lines,
)

H1, M5, M1 = Timeframe.H1, Timeframe.M5, Timeframe.M1
NOW_MS = JANUARY_MS + 1000 * DAY
HEADER = "timestamp_ms,open,high,low,close,volume"
NAME = "binance_BTCUSDT_1h.csv.gz"
Lines = list[str]


def hours(count: int = 100, *, start_ms: int = JANUARY_MS, seed: int = 2) -> Candles:
    return some_bars(H1, count, start_ms=start_ms, price=60_000.0, seed=seed)


def good_lines() -> Lines:
    return [HEADER, *rows_of(hours())]


def read(
    folder: Path,
    *symbols: str,
    repair: str = "",
    kind: MarketKind | None = None,
    venue: str | None = None,
    reads: tuple[Timeframe, ...] = (H1,),
    now_ms: int = NOW_MS,
) -> Recorded:
    wanted = Wanted(reads=reads, symbols=symbols, kind=kind, venue=venue, repair=parsed(repair))
    return read_folder(folder, wanted, now_ms=now_ms)


def refused(folder: Path, *symbols: str, repair: str = "", now_ms: int = NOW_MS) -> str:
    with pytest.raises(Fatal) as error:
        read(folder, *symbols, repair=repair, now_ms=now_ms)
    return str(error.value)


def test_the_shared_layout_is_read_from_its_root_or_its_room(tmp_path: Path) -> None:
    a_recording(tmp_path)
    spot = read(tmp_path, "BTCUSDT").history.markets[0]
    assert (spot.instrument.kind, spot.finest, sorted(spot.series)) == (MarketKind.SPOT, M5, [H1, M5])
    room = read(tmp_path / "ohlcv", "BTCUSDT").history.markets[0]
    assert values_of(room.series[M5]) == values_of(spot.series[M5])


def test_a_perpetual_has_its_fundings(tmp_path: Path) -> None:
    a_recording(tmp_path)
    market = read(tmp_path, "btc", kind=MarketKind.PERP).history.markets[0]
    assert (market.instrument.kind, market.finest) == (MarketKind.PERP, H1)
    assert market.fundings is not None
    assert (len(market.fundings.time_ms), float(market.fundings.rate[0])) == (18, 0.0001)
    assert market.marks is None


def test_marks_are_read_where_they_are(tmp_path: Path) -> None:
    a_recording(tmp_path)
    marks = some_bars(H1, 144, price=60_010.0, seed=9)
    write_bars(tmp_path / "derivatives" / "binance_BTCUSDT_perp_mark_1h.csv.gz", marks)
    market = read(tmp_path, "BTCUSDT", kind=MarketKind.PERP).history.markets[0]
    assert market.marks is not None
    assert values_of(market.marks) == values_of(marks)


def test_spot_candles_do_for_a_perpetual_and_that_is_told(tmp_path: Path) -> None:
    a_recording(tmp_path)
    recorded = read(tmp_path, "ETHUSDT", kind=MarketKind.PERP)
    market = recorded.history.markets[0]
    assert market.instrument.kind is MarketKind.PERP
    assert market.fundings is not None
    assert "ETHUSDT: only spot candles are there: played as a perpetual at spot prices" in recorded.notes


def test_a_market_of_a_table_is_found_by_its_symbol(tmp_path: Path) -> None:
    a_recording(tmp_path)
    market = read(tmp_path, "sol/usdt", reads=(Timeframe.D1,)).history.markets[0]
    assert (market.instrument.symbol, len(market.series[Timeframe.D1])) == ("SOLUSDT", 6)


def test_files_of_several_years_are_one_series(tmp_path: Path) -> None:
    whole = some_bars(M1, 600)
    for part, rows in (("2017", slice(0, 300)), ("2018", slice(300, 600))):
        write_bars(tmp_path / f"bitfinex_BTCUSD_1m_{part}.csv.gz", whole.rows(rows.start, rows.stop))
    market = read(tmp_path, "BTCUSD").history.markets[0]
    assert values_of(market.series[M1]) == values_of(whole)


def test_files_that_overlap_and_agree_are_one_series(tmp_path: Path) -> None:
    whole = hours()
    write_bars(tmp_path / "binance_BTCUSDT_1h_a.csv", whole.rows(0, 60))
    write_bars(tmp_path / "binance_BTCUSDT_1h_b.csv", whole.rows(40))
    recorded = read(tmp_path, "BTCUSDT")
    assert values_of(recorded.history.markets[0].series[H1]) == values_of(whole)
    assert recorded.notes == ()


def test_files_that_disagree_are_refused_or_one_of_them_counts(tmp_path: Path) -> None:
    first, last = hours().rows(0, 60), hours(seed=3).rows(59)
    write_bars(tmp_path / "binance_BTCUSDT_1h_a.csv", first)
    write_bars(tmp_path / "binance_BTCUSDT_1h_b.csv", last)
    assert refused(tmp_path, "BTCUSDT") == (
        f"{tmp_path}/binance_BTCUSDT_1h_a.csv, line 61 and {tmp_path}/binance_BTCUSDT_1h_b.csv, line 2"
        " tell the same candle otherwise; 1 such candles\n"
        "nothing is played; --repair duplicates=first or duplicates=last says which file counts"
    )
    for keep, close in (("first", first.close[59]), ("last", last.close[0])):
        recorded = read(tmp_path, "BTCUSDT", repair=f"duplicates={keep}")
        assert recorded.history.markets[0].series[H1].close[59] == close
        assert f"BTCUSDT: 1 candles told otherwise by two files: the {keep} was taken" in recorded.notes


def test_one_market_of_two_venues_has_to_be_chosen(tmp_path: Path) -> None:
    for venue, seed in (("binance", 2), ("bybit", 3)):
        write_bars(tmp_path / f"{venue}_BTCUSDT_1h.csv", hours(seed=seed))
    assert refused(tmp_path, "BTCUSDT") == (
        "BTCUSDT is there from binance, bybit: name one, such as --venue binance"
    )
    market = read(tmp_path, "BTCUSDT", venue="bybit").history.markets[0]
    assert values_of(market.series[H1]) == values_of(hours(seed=3))


def test_every_market_of_a_small_folder_is_played(tmp_path: Path) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        write_bars(tmp_path / f"binance_{symbol}_1h.csv", hours())
    assert [one.instrument.symbol for one in read(tmp_path).history.markets] == ["BTCUSDT", "ETHUSDT"]
    for number in range(4):
        write_bars(tmp_path / f"binance_COIN{number}USDT_1h.csv", hours())
    assert "has 6 markets; name those to trade, such as --symbols BTCUSDT,ETHUSDT" in refused(tmp_path)


def test_an_unknown_market_is_refused_with_the_nearest(tmp_path: Path) -> None:
    a_recording(tmp_path)
    assert refused(tmp_path, "BTSUSDT") == (
        f"--symbols BTSUSDT: no candles of it in {tmp_path}. Did you mean BTCUSDT?"
    )


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.mkdir(), "has no file of candles such as binance_BTCUSDT_1h.csv.gz"),
        (lambda folder: write_lines(folder / "btc.csv", good_lines()), "has no file of candles such as"),
    ],
)
def test_a_folder_without_candles_is_refused(
    tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    make(tmp_path / "data")
    assert told in refused(tmp_path / "data", "BTCUSDT")


def changed(row: int, values: str) -> Lines:
    """The good lines, in which the values of a row are others."""
    lines = good_lines()
    lines[row] = f"{lines[row].split(',')[0]},{values}"
    return lines


def swapped(left: int, right: int) -> Lines:
    lines = good_lines()
    lines[left], lines[right] = lines[right], lines[left]
    return lines


def doubled(row: int) -> Lines:
    lines = good_lines()
    return [*lines[: row + 1], lines[row], *lines[row + 1 :]]


BROKEN = {
    "unsorted": (swapped(10, 11), "line 12: is older than a candle before it; sort the rows", "sort"),
    "duplicate": (doubled(7), "line 9: has the same time as a candle before it", "duplicates=first"),
    "nan": (changed(5, "1,nan,1,1,1"), "line 6: has a value that is not a number", "bad=drop"),
    "words": (changed(5, "1,high,1,1,1"), "line 6: has 'high' for a number", "bad=drop"),
    "high_below_low": (changed(5, "5,4,6,5,1"), "line 6: has its high below its low", "bad=drop"),
    "zero": (changed(5, "0,0,0,0,1"), "line 6: has a price that is not above 0", "bad=drop"),
    "torn_line": (changed(5, "5,4"), "line 6: has 3 numbers instead of 6", "bad=drop"),
    "seconds": (
        [HEADER, *(row[:10] + row[13:] for row in rows_of(hours()))],
        "line 2: has the time 1735689600, which is not in milliseconds since 1970",
        "bad=drop",
    ),
    "gap": ([*good_lines()[:20], *good_lines()[25:]], "line 20: after it candles of 1h are missing", "gaps="),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_bad_lines_are_named_and_nothing_is_played(tmp_path: Path, kind: str) -> None:
    lines, told, repair = BROKEN[kind]
    path = write_lines(tmp_path / NAME, lines)
    message = refused(tmp_path, "BTCUSDT")
    assert message.startswith(f"{path}, {told}")
    assert f"nothing is played; --repair {repair}" in message


@pytest.mark.parametrize(
    ("kind", "repair", "count", "note"),
    [
        ("unsorted", "sort", 100, f"{NAME}: 1 lines put in order of time"),
        ("duplicate", "duplicates=last", 100, f"{NAME}: 1 lines with a time that is there twice: the last"),
        ("nan", "bad=drop,gaps=leave", 99, f"{NAME}: 1 bad lines left out"),
        ("torn_line", "bad=drop,gaps=fill", 100, f"{NAME}: 1 bad lines left out"),
        ("gap", "gaps=leave", 95, "gaps in 1h candles: 1, candles missing: 5, nothing is traded there"),
        ("gap", "gaps=fill", 100, "gaps in 1h candles: 1, candles missing: 5, filled with the close before"),
    ],
)
def test_what_is_repaired_is_counted_and_told(
    tmp_path: Path, kind: str, repair: str, count: int, note: str
) -> None:
    write_lines(tmp_path / NAME, BROKEN[kind][0])
    recorded = read(tmp_path, "BTCUSDT", repair=repair)
    assert len(recorded.history.markets[0].series[H1]) == count
    assert f"BTCUSDT: {note}" in "\n".join(recorded.notes)


def test_many_bad_lines_are_counted_and_the_first_named(tmp_path: Path) -> None:
    lines = [HEADER, *(f"{row.split(',')[0]},1,nan,1,1,1" for row in rows_of(hours()))]
    write_lines(tmp_path / NAME, lines)
    message = refused(tmp_path, "BTCUSDT")
    assert message.count(", line ") == 5
    assert "100 such lines in all" in message


def test_a_candle_of_the_future_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / NAME, good_lines())
    now_ms = JANUARY_MS + 99 * HOUR + 30 * MINUTE
    assert refused(tmp_path, "BTCUSDT", now_ms=now_ms).startswith(f"{path}, line 101: has not closed yet")


@pytest.mark.parametrize(
    ("name", "bars", "told"),
    [
        (
            "binance_BTCUSDT_5m.csv",
            hours(),
            "line 2: from here on its candles are 1h apart, and its name says 5m",
        ),
        (
            "binance_BTCUSDT_1h.csv",
            some_bars(M5, 600),
            "line 2: from here on its candles are 5m apart, and its name says 1h",
        ),
        (
            "binance_BTCUSDT_1h_mixed.csv",
            Candles(
                **{
                    name: np.concatenate(
                        (
                            getattr(hours(50), name),
                            getattr(some_bars(M5, 60, start_ms=JANUARY_MS + 50 * HOUR), name),
                        )
                    )
                    for name in ("time_ms", "open", "high", "low", "close", "volume")
                }
            ),
            "line 52: from here on its candles are 5m apart, and its name says 1h",
        ),
    ],
)
def test_candles_of_another_timeframe_than_the_name_are_refused(
    tmp_path: Path, name: str, bars: Candles, told: str
) -> None:
    path = write_bars(tmp_path / name, bars)
    message = refused(tmp_path, "BTCUSDT", repair="sort,duplicates=last,gaps=leave,bad=drop")
    assert message.startswith(f"{path}, {told}")


def test_coarse_candles_that_contradict_the_finer_ones_are_named(tmp_path: Path) -> None:
    fine = some_bars(M5, 1200)
    write_bars(tmp_path / "binance_BTCUSDT_5m.csv", fine)
    coarse = resample(fine, HOUR)
    path = write_bars(tmp_path / "binance_BTCUSDT_1h.csv", pick(coarse, np.array([0, 1, 2, 3, 4, 5])))
    assert read(tmp_path, "BTCUSDT").history.markets[0].finest is M5
    lines = [HEADER, *rows_of(coarse)]
    lines[8] = lines[9].replace(lines[9].split(",")[0], lines[8].split(",")[0])
    write_lines(path, lines)
    assert refused(tmp_path, "BTCUSDT").startswith(f"{path}, line 9: this 1h candle (2025-01-01 07:00) says")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1: the columns must be"),
        (f"{HEADER}\n".encode(), "has no rows"),
        (b"date,open,high,low,close\n2020,1,1,1,1\n", "line 1: the columns must be"),
        (gzip.compress("\n".join(good_lines()).encode())[:-20], "cannot be read"),
    ],
)
def test_files_that_are_no_candles_are_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    message = refused(tmp_path, "BTCUSDT", repair="sort,duplicates=last,gaps=leave,bad=drop")
    assert message.startswith(str(path))
    assert told in message


def test_a_column_of_symbols_belongs_in_tables_only(tmp_path: Path) -> None:
    path = write_lines(tmp_path / NAME, [f"symbol,{HEADER}", *(f"BTCUSDT,{row}" for row in rows_of(hours()))])
    assert refused(tmp_path, "BTCUSDT") == (
        f"{path}, line 1: has a column symbol, which only a universe may have"
    )


def test_a_file_in_which_nothing_is_sound_is_refused(tmp_path: Path) -> None:
    lines = [HEADER, *(f"{row.split(',')[0]},1,nan,1,1,1" for row in rows_of(hours()))]
    path = write_lines(tmp_path / NAME, lines)
    assert refused(tmp_path, "BTCUSDT", repair="bad=drop") == f"{path}: no sound candles"


def test_candles_coarser_than_those_read_are_refused(tmp_path: Path) -> None:
    write_bars(tmp_path / "binance_BTCUSDT_1d.csv", some_bars(Timeframe.D1, 30))
    assert refused(tmp_path, "BTCUSDT") == (
        "BTCUSDT: the strategy reads 1h and there is only 1d: choose another --timeframe"
    )


def test_a_venue_that_is_not_there_is_told(tmp_path: Path) -> None:
    write_bars(tmp_path / NAME, hours())
    with pytest.raises(Fatal, match="has no candles such as are asked for"):
        read(tmp_path, venue="kraken")


def test_the_recorded_markets_are_sound(shared_data: Path) -> None:
    recorded = read(shared_data, "BTCUSDT", "ETHUSDT", repair="gaps=leave")
    assert [len(one.series[H1]) for one in recorded.history.markets] == [68_868, 68_868]
    assert [str(one.instrument.tick) for one in recorded.history.markets] == ["0.01", "0.01"]
    assert "BTCUSDT: gaps in 1h candles: 28, candles missing: 128" in "\n".join(recorded.notes)
    assert refused(shared_data, "BTCUSDT").startswith(
        f"{shared_data}/ohlcv/{NAME}, line 494: after it candles of 1h are missing; gaps: 28"
    )
