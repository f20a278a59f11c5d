"""`perpetuum backtest`, from recorded candles to the folder of the report."""

import csv
import re
from pathlib import Path

import pytest

from bot.cli import main
from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from tests.build.recordings import DAY, HOUR, JANUARY_MS, some_bars, write_bars, write_lines

ARTEFACTS = ("summary.csv", "trades.csv", "blocked_trades_log.csv", "equity.html", "report.md")
QUICK = "fast=3,slow=12,adx_least=0"


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with settings that nothing could start with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "nonsense")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty days: BTC with five minutes, ETH with hours alone."""
    folder = tmp_path_factory.mktemp("ohlcv")
    fine = some_bars(Timeframe.M5, 20 * 288, price=60_000.0, seed=2)
    write_bars(folder / "binance_BTCUSDT_5m.csv.gz", fine)
    write_bars(folder / "binance_BTCUSDT_1h.csv.gz", resample(fine, HOUR))
    write_bars(folder / "binance_ETHUSDT_1h.csv", some_bars(Timeframe.H1, 20 * 24, price=3_000.0, seed=3))
    return folder


def ran(*arguments: object) -> int:
    return main(["backtest", *(str(each) for each in arguments)])


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert ran(*arguments) == 1
    return capsys.readouterr().err.strip()


def figures_of(folder: Path) -> dict[str, str]:
    """Each figure of `summary.csv` by name."""
    with (folder / "summary.csv").open(newline="") as file:
        return {row["metric"]: row["value"] for row in csv.DictReader(file)}


def test_a_run_writes_every_artefact_and_says_five_figures(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path("first")
    arguments = ("sma_cross", "--data", data, "--symbols", "btc,eth", "--market", "perp", "--params", QUICK)
    assert ran(*arguments, "--capital", "50_000", "--out", out) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = [line for line in shown.out.splitlines() if not line.startswith("note: ")]
    assert [line.split()[0] for line in lines] == [
        "return",
        "Sharpe",
        "drawdown",
        "trades",
        "holding",
        "first",
    ]
    for name in ARTEFACTS:
        assert (out / name).stat().st_size > 0
    figures = figures_of(out)
    assert float(figures["opening"]) == 50_000
    assert int(figures["trades"]) > 5
    text = (out / "report.md").read_text(encoding="utf-8")
    assert f"--data {data} --symbols btc,eth --market perp --params {QUICK} --capital 50_000" in text
    assert "BTCUSDT: only spot candles are there" in text
    assert "Limits of a new desk" in text


def test_the_same_run_has_the_same_digest_and_another_has_not(data: Path) -> None:
    base = ("sma_cross", "--data", data, "--symbols", "ETHUSDT", "--limits", "open")
    changes: dict[str, tuple[str, ...]] = {
        "first": ("--params", QUICK),
        "again": ("--params", QUICK),
        "costly": ("--params", QUICK, "--fees", "spot=1%", "--slippage", "0.1%"),
        "shorter": ("--params", QUICK, "--to", "2025-01-15"),
    }
    for name, more in changes.items():
        assert ran(*base, *more, "--out", name) == 0
    digests = {name: figures_of(Path(name))["digest"] for name in changes}
    assert digests["first"] == digests["again"]
    assert len(set(digests.values())) == 3
    assert float(figures_of(Path("costly"))["fees"]) > float(figures_of(Path("first"))["fees"])


def test_what_is_there_is_not_overwritten_unasked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("sma_cross", "--data", data, "--symbols", "ETHUSDT", "--params", QUICK, "--out", "there")
    write_lines(Path("there") / "notes.txt", ["mine"])
    assert refused(capsys, *arguments) == (
        "perpetuum: --out there: is there already; --force overwrites its files, or name another folder"
    )
    assert ran(*arguments, "--force") == 0
    assert Path("there/notes.txt").read_text() == "mine\n"
    capsys.readouterr()
    assert "--out there/notes.txt: is a file" in refused(capsys, *arguments[:-1], "there/notes.txt")


def test_signals_of_a_file_gate_entries(data: Path) -> None:
    write_lines(Path("signals.csv"), ["timestamp,symbol,signal", "2025-01-01,ETHUSDT,SELL"])
    arguments = ("sma_cross", "--data", data, "--symbols", "ETHUSDT", "--params", QUICK)
    assert ran(*arguments, "--signals", "signals.csv", "--out", "gated") == 0
    with Path("gated/blocked_trades_log.csv").open(newline="") as file:
        blocked = list(csv.DictReader(file))
    assert blocked
    assert {row["gate"] for row in blocked} == {"signal"}
    assert figures_of(Path("gated"))["trades"] == "0"


def test_repairs_are_told_and_written_down(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (data / "binance_ETHUSDT_1h.csv").read_text().splitlines()
    write_lines(Path("holed/binance_ETHUSDT_1h.csv"), [*lines[:50], *lines[53:]])
    arguments = ("sma_cross", "--data", "holed", "--params", QUICK, "--out", "out")
    message = refused(capsys, *arguments)
    assert "holed/binance_ETHUSDT_1h.csv, line 50: after it candles of 1h are missing; gaps: 1" in message
    assert not Path("out").exists()
    assert ran(*arguments, "--repair", "gaps=leave") == 0
    told = "ETHUSDT: gaps in 1h candles: 1, candles missing: 3, nothing is traded there"
    assert told in capsys.readouterr().out
    assert told in Path("out/report.md").read_text(encoding="utf-8")


def test_the_list_tells_every_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("--list") == 0
    shown = capsys.readouterr().out
    assert "sma_cross (trades under the limits of the engine trend)" in shown
    assert re.search(r"fast +50 +1 to 5,000 +bars of the fast average", shown)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "which strategy? There are sma_cross"),
        (("sma_cros",), "sma_cros: no such strategy. Did you mean sma_cross?"),
        (("sma_cross", "--params", "fats=5"), "--params fats: no such parameter. Did you mean fast?"),
        (
            ("sma_cross", "--params", "fast"),
            "--params fast: write name=value, such as --params fast=50,slow=200",
        ),
        (("sma_cross", "--params", "fast=5,fast=6"), "--params: fast is there twice"),
        (("sma_cross", "--params", "fast=0"), "--params fast=0: from 1 to 5000"),
        (("sma_cross", "--params", "fast=300"), "--params fast=300 has to be below slow=200"),
        (("sma_cross", "--timeframe", "7m"), "--timeframe 7m: not one of 1m, 5m, 15m, 1h, 4h, 1d"),
        (("technical", "--timeframe", "5m"), "--timeframe 5m: technical reads candles of its own choice"),
        (("sma_cross", "--timeframe", "5m", "--params", "timeframe=1h"), "--params say 1h: which of both?"),
        (("sma_cross", "--capital", "much"), "--capital much: a number above 0"),
        (("sma_cross", "--capital", "-5"), "--capital -5: a number above 0"),
        (("sma_cross", "--fees", "take=0.1%"), "--fees take=0.1%: did you mean taker=…?"),
        (("sma_cross", "--fees", "taker=50%"), "--fees taker 50%: a fraction such as 0.0002"),
        (("sma_cross", "--fees", "taker=low"), "--fees taker low: a fraction such as 0.0002"),
        (("sma_cross", "--slippage", "-0.001"), "--slippage -0.001: fills are never better than the price"),
        (("sma_cross", "--from", "soon"), "--from soon: not a date"),
        (("sma_cross", "--from", "2025-01-10", "--to", "2025-01-01"), "--from 2025-01-10 is not before"),
        (("sma_cross", "--repair", "gap=leave"), "--repair gap=leave: did you mean gaps=leave?"),
        (("sma_cross", "--symbols", "BTSUSDT"), "--symbols BTSUSDT: no candles of it in"),
        (("sma_cross", "--tick", "0"), "--tick 0: a number above 0"),
        (("sma_cross", "--signals", "absent.csv"), "absent.csv: cannot be read: No such file"),
    ],
)
def test_sloppy_words_get_an_error_that_names_the_mend(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert told in refused(capsys, *arguments, "--data", data, "--out", "out")
    assert not Path("out").exists()


def test_without_data_the_store_is_played(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/desk.db")
    arguments = ("sma_cross", "--symbols", "ETHUSDT", "--params", QUICK)
    assert "no candles are stored: `perpetuum backfill`" in refused(capsys, *arguments, "--out", "none")
    assert main(["import", str(data / "binance_ETHUSDT_1h.csv")]) == 0
    assert ran(*arguments, "--out", "stored") == 0
    assert ran(*arguments, "--data", data, "--out", "files") == 0
    assert figures_of(Path("stored"))["digest"] == figures_of(Path("files"))["digest"]


def test_a_history_too_short_to_trade_has_a_report_still(capsys: pytest.CaptureFixture[str]) -> None:
    write_lines(Path("flat/binance_BTCUSDT_1h.csv"), _flat_lines())
    assert ran("sma_cross", "--data", "flat", "--out", "out") == 0
    assert figures_of(Path("out"))["trades"] == "0"
    assert capsys.readouterr().err == ""


def test_markets_of_two_currencies_are_not_played_together(capsys: pytest.CaptureFixture[str]) -> None:
    for symbol in ("BTCUSDT", "ETHBTC"):
        write_lines(Path(f"mixed/binance_{symbol}_1h.csv"), _flat_lines())
    message = refused(capsys, "sma_cross", "--data", "mixed", "--out", "out")
    assert message.startswith("perpetuum: sma_cross cannot be played on this: ")
    assert not Path("out").exists()


def test_a_place_that_cannot_be_written_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("mine")
    arguments = ("sma_cross", "--data", data, "--symbols", "ETHUSDT", "--params", QUICK)
    assert "--out file/report: cannot be written: " in refused(capsys, *arguments, "--out", "file/report")


def _flat_lines() -> list[str]:
    rows = [f"{JANUARY_MS + number * HOUR},100,100,100,100,1" for number in range(3 * DAY // HOUR)]
    return ["timestamp_ms,open,high,low,close,volume", *rows]
