"""`perpetuum import` and `perpetuum export`, from the command line to the file and back."""

import gzip
from pathlib import Path

import pytest

from adapters.csv_candles import COLUMNS
from bot.cli import main
from tests.build.candles import JANUARY_MS
from tests.build.needs import missing

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "ohlcv"
FIVE = [f"{JANUARY_MS + step * 300_000},{10 + step},{12.5 + step},9.25,{11 + step},0.1" for step in range(5)]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("TELEGRAM_BOT_TOKEN", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def put(name: str, *lines: str, header: str = COLUMNS) -> None:
    Path(name).write_text("\n".join((header, *lines)) + "\n")


EXPORT = ["export", "--symbol", "BTCUSDT", "--timeframe", "5m", "--venue", "binance"]


def exported(*more: str) -> list[str]:
    assert main([*EXPORT, *more, "--out", "out.csv"]) == 0
    return Path("out.csv").read_text().splitlines()[1:]


def test_what_is_imported_is_exported(capsys: pytest.CaptureFixture[str]) -> None:
    put("binance_BTCUSDT_5m.csv", *FIVE)
    assert main(["import", "binance_BTCUSDT_5m.csv"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "BTCUSDT 5m (binance spot): 5 candles read, 5 of them new or different\n"
    assert shown.err == ""  # no bar where nobody looks
    assert main([*EXPORT, "--out", "out.csv.gz"]) == 0
    assert capsys.readouterr().out == "BTCUSDT 5m (binance spot): 5 candles written to out.csv.gz\n"
    assert gzip.decompress(Path("out.csv.gz").read_bytes()).decode().splitlines() == [COLUMNS, *FIVE]


def test_importing_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    put("binance_BTCUSDT_5m.csv", *FIVE)
    main(["import", "binance_BTCUSDT_5m.csv"])
    capsys.readouterr()
    assert main(["import", "binance_BTCUSDT_5m.csv"]) == 0
    assert "5 candles read, 0 of them new" in capsys.readouterr().out


def test_a_part_is_exported() -> None:
    put("binance_BTCUSDT_5m.csv", *FIVE)
    main(["import", "binance_BTCUSDT_5m.csv"])
    assert exported("--from", "2025-01-01T00:05", "--to", "2025-01-01T00:15") == FIVE[1:3]
    assert exported("--to", "2025-01-01T03:15+03:00") == FIVE[:3]


def test_options_win_over_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    put("binance_BTCUSDT_1h.csv", *FIVE)
    options = ["--symbol", "ethusdt", "--timeframe", "5M", "--kind", "perp", "--venue", "okx"]
    assert main(["import", "binance_BTCUSDT_1h.csv", *options]) == 0
    assert "ETHUSDT 5m (okx perp): 5 candles read" in capsys.readouterr().out


def test_a_universe_is_imported_whole_or_one_symbol_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{symbol},{line}" for symbol in ("BTCUSDT", "ETHUSDT") for line in FIVE]
    put("binance_universe_5m_2025.csv", *lines, header=f"symbol,{COLUMNS}")
    assert main(["import", "binance_universe_5m_2025.csv", "--symbol", "ETHUSDT"]) == 0
    assert capsys.readouterr().out.count("candles read") == 1
    assert main(["import", "binance_universe_5m_2025.csv"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(",")[-1] for line in shown] == [
        " 5 of them new or different",
        " 0 of them new or different",
    ]
    assert main(["import", "binance_universe_5m_2025.csv", "--symbol", "XRPUSDT"]) == 1
    assert "has no candles of XRPUSDT" in capsys.readouterr().err


def test_a_file_with_bad_lines_is_left_out_and_the_others_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    put("binance_BTCUSDT_5m.csv", *FIVE[:2], "1735690200000,10,12,9,eleven,5", *FIVE[3:])
    put("binance_ETHUSDT_5m.csv", *FIVE)
    files = ["binance_BTCUSDT_5m.csv", "binance_ETHUSDT_5m.csv"]
    assert main(["import", *files]) == 1
    shown = capsys.readouterr()
    assert "binance_BTCUSDT_5m.csv, line 4: has 'eleven' for a number; mend or delete it\n" in shown.err
    assert "nothing is imported from this file; --skip-bad leaves them out" in shown.err
    assert shown.out.startswith("ETHUSDT")
    assert main([*EXPORT, "--out", "out.csv"]) == 1
    assert "no candles of BTCUSDT 5m (binance spot) are stored" in capsys.readouterr().err
    assert main(["import", *files, "--skip-bad"]) == 0
    assert "line 4" in capsys.readouterr().err
    assert exported() == [*FIVE[:2], *FIVE[3:]]


def test_many_bad_lines_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    put("binance_BTCUSDT_5m.csv", *["x"] * 50)
    assert main(["import", "binance_BTCUSDT_5m.csv"]) == 1
    shown = capsys.readouterr().err
    assert shown.count("line ") == 20
    assert "30 more bad lines" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "nowhere.csv"], "nowhere.csv: no such file"),
        (
            ["import", "candles.csv"],
            "candles.csv: its name tells no timeframe; name it, such as --timeframe 5m",
        ),
        (
            ["import", "candles.csv", "--timeframe", "5m"],
            "its name tells no symbol; name it, such as --symbol",
        ),
        (
            ["import", "candles.csv", "--timeframe", "7m"],
            "--timeframe 7m: not one of 1m, 5m, 15m, 1h, 4h, 1d",
        ),
        ([*EXPORT, "--out", "out.csv"], "no candles of BTCUSDT 5m (binance spot) are stored for that time"),
        ([*EXPORT, "--out", "out.csv", "--from", "monday"], "--from monday: not a date"),
    ],
)
def test_what_cannot_be_done_ends_with_1_and_the_mend(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put("candles.csv", *FIVE)
    assert main(arguments) == 1
    assert says in capsys.readouterr().err
    assert not Path("out.csv").exists()


def test_a_recorded_file_comes_back_byte_for_byte() -> None:
    recorded = RECORDED / "binance_BTCUSDT_1d.csv.gz"
    if not recorded.exists():
        missing("recorded market data")
    assert main(["import", str(recorded)]) == 0
    arguments = ["export", "--symbol", "BTCUSDT", "--timeframe", "1d", "--venue", "binance"]
    assert main([*arguments, "--out", "out.csv"]) == 0
    assert Path("out.csv").read_bytes() == gzip.decompress(recorded.read_bytes())


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--symbol", ""], "--symbol '': only letters and digits, such as BTCUSDT\n"),
        (["--symbol", "BTC/USDT"], "--symbol 'BTC/USDT': only letters and digits, such as BTCUSDT\n"),
        (["--venue", "../x"], "--venue '../x': only letters and digits, such as bybit\n"),
        (["--from", "0001-01-01T00:00+14:00"], "--from 0001-01-01T00:00+14:00: not a date"),
    ],
)
def test_odd_words_are_refused(more: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*EXPORT, *more, "--out", "out.csv"]) == 1
    assert capsys.readouterr().err.startswith(f"perpetuum: {complaint}")


def test_a_candle_that_has_not_closed_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    put("binance_BTCUSDT_5m.csv", "4070908800000,1,2,1,2,3", *FIVE)
    assert main(["import", "binance_BTCUSDT_5m.csv", "--skip-bad"]) == 0
    assert "line 2: has not closed yet; delete it" in capsys.readouterr().err
    assert exported() == FIVE


def test_a_folder_is_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("binance_BTCUSDT_5m.csv").mkdir()
    assert main(["import", "binance_BTCUSDT_5m.csv"]) == 1
    assert "is a folder; name its files" in capsys.readouterr().err
