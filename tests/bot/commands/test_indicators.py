"""`perpetuum indicators`: columns beside the candles of a file."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from adapters.csv_candles import Widened, write_candles, write_widened
from bot.cli import main
from engines.core.candle import Candles
from engines.indicators.catalog import find
from engines.indicators.columns import HOT
from engines.indicators.series import columns
from tests.build.markets import some_candles

NAME = "binance_BTCUSDT_1h.csv"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("TELEGRAM_BOT_TOKEN", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def candles() -> Candles:
    """A file of them lies in the folder."""
    written = some_candles(300)
    write_candles(Path(NAME), [written])
    return written


def rows(path: str) -> list[dict[str, str]]:
    raw = Path(path).read_bytes()
    text = gzip.decompress(raw) if path.endswith(".gz") else raw
    return list(csv.DictReader(text.decode().splitlines()))


def test_the_asked_columns_stand_beside_the_candles_with_every_digit(
    candles: Candles, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["indicators", NAME, "--set", "EMA 20, rsi, bb(50,2.5)", "--out", "wide.csv"]) == 0

    table = rows("wide.csv")
    added = ["ema20", "rsi14", "bb50_2.5_lower", "bb50_2.5_middle", "bb50_2.5_upper"]
    assert list(table[0])[6:] == added
    assert [int(row["timestamp_ms"]) for row in table] == candles.time_ms.tolist()
    average = find("ema20")
    assert average is not None
    expected = columns(average, candles)["ema20"]
    found = np.array([float(row["ema20"] or "nan") for row in table])
    np.testing.assert_array_equal(found, expected)
    assert [row["ema20"] for row in table[:19]] == [""] * 19
    shown = capsys.readouterr().out
    assert "300 candles, 0 gaps, 5 columns added" in shown
    assert "from candle    20" in shown


@pytest.mark.usefixtures("candles")
def test_without_a_set_it_is_the_hot_columns_and_gz_is_packed() -> None:
    assert main(["indicators", NAME, "--out", "wide.csv.gz"]) == 0

    assert tuple(rows("wide.csv.gz")[0])[6:] == HOT


@pytest.mark.usefixtures("candles")
def test_one_output_and_one_of_the_librarys() -> None:
    assert main(["indicators", NAME, "--set", "macd signal,cci", "--out", "wide.csv"]) == 0

    last = rows("wide.csv")[-1]
    assert list(last)[6:] == ["macd_signal", "cci20"]
    assert math.isfinite(float(last["cci20"]))


@pytest.mark.usefixtures("candles")
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("supertrnd", "no indicator 'supertrnd'; did you mean supertrend10_3"),
        ("ema20,qwertzuiop", "no indicator 'qwertzuiop'; for instance ema20"),
        (" , ", "--set names no indicator"),
    ],
)
def test_an_unknown_indicator_is_named_with_the_nearest(
    wanted: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["indicators", NAME, "--set", wanted, "--out", "wide.csv"]) == 1

    assert said in capsys.readouterr().err
    assert not Path("wide.csv").exists()


@pytest.mark.usefixtures("candles")
def test_a_file_that_is_there_is_kept_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wide.csv").write_text("precious")
    asked = ["indicators", NAME, "--set", "ema20", "--out", "wide.csv"]

    assert main(asked) == 1
    assert "--force overwrites it" in capsys.readouterr().err
    assert Path("wide.csv").read_text() == "precious"

    assert main([*asked, "--force"]) == 0
    assert len(rows("wide.csv")) == 300


def test_bad_lines_are_named_and_nothing_is_written(
    candles: Candles, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(NAME)
    lines = path.read_text().splitlines()
    lines[4] = lines[4].replace(",", ",x", 1)
    path.write_text("\n".join(lines))
    asked = ["indicators", NAME, "--set", "ema20", "--out", "wide.csv"]

    assert main(asked) == 1
    told = capsys.readouterr().err
    assert f"{NAME}, line 5: " in told
    assert "nothing is written" in told
    assert not Path("wide.csv").exists()

    assert main([*asked, "--skip-bad"]) == 0
    assert len(rows("wide.csv")) == len(candles) - 1


def test_the_times_tell_the_timeframe_where_the_name_does_not(
    candles: Candles, capsys: pytest.CaptureFixture[str]
) -> None:
    write_candles(Path("mine.csv"), [candles])

    assert main(["indicators", "mine.csv", "--set", "ema20", "--out", "wide.csv"]) == 0
    assert "1h: 300 candles" in capsys.readouterr().out

    write_candles(Path("one.csv"), [candles.rows(0, 1)])
    assert main(["indicators", "one.csv", "--set", "ema20", "--out", "other.csv"]) == 1
    assert "--timeframe 5m" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_what_is_no_file_is_said(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["indicators", name, "--out", "wide.csv"]) == 1
    assert name in capsys.readouterr().err


def test_symbols_are_reckoned_apart() -> None:
    some, others = some_candles(40), some_candles(30)
    parts = [
        Widened(symbol=name, candles=one, columns={}) for name, one in (("AUSDT", some), ("BUSDT", others))
    ]
    write_widened(Path("binance_universe_1h.csv"), parts)

    assert main(["indicators", "binance_universe_1h.csv", "--set", "ema20", "--out", "wide.csv"]) == 0

    table = rows("wide.csv")
    assert [row["symbol"] for row in table] == ["AUSDT"] * 40 + ["BUSDT"] * 30
    assert [bool(row["ema20"]) for row in table] == [False] * 19 + [True] * 21 + [False] * 19 + [True] * 11
